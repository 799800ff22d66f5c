"""``fraiseql init``: a new project that runs, with a test."""

import shlex
from argparse import Namespace
from importlib import resources
from pathlib import Path
from typing import Any, Final

from fraiseql.cli.output import say
from fraiseql.cli.registry import add_command
from fraiseql.errors import ConfigurationError

_FILES: Final = {
    "api.py": "api.py.txt",
    "tables.sql": "tables.sql.txt",
    "create_tables.py": "create_tables.py.txt",
    "conftest.py": "conftest.py.txt",
    "test_api.py": "test_api.py.txt",
    "README.md": "README.md.txt",
    "requirements.txt": "requirements.txt.txt",
    ".gitignore": "gitignore.txt",
}
"""Files of a project, and their templates."""


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(commands, "init")
    parser.add_argument("directory", metavar="DIR", help="a new or empty directory")
    parser.set_defaults(run=_run)


def _run(arguments: Namespace) -> int:
    directory = Path(arguments.directory)
    make_project(directory)
    steps = ["pip install -r requirements.txt", "python create_tables.py", "fraiseql dev api:app"]
    shown = " && ".join([f"cd {shlex.quote(str(directory))}", *steps])
    say(f"Made {len(_FILES)} files in {directory}. Continue with:\n\n  {shown}\n")
    return 0


def make_project(directory: Path) -> None:
    """Write the files of a project.

    Args:
        directory: A directory that is empty or does not exist.

    Raises:
        ConfigurationError: It has files, or cannot be written.
    """
    templates = resources.files("fraiseql.cli").joinpath("project")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise ConfigurationError(
                f"{directory} is not empty.", hint="Name a new directory: fraiseql init my_api."
            )
        for name, template in _FILES.items():
            text = templates.joinpath(template).read_text(encoding="utf-8")
            (directory / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{directory} cannot be written: {error.strerror}.",
            hint="Name a directory that you may write.",
        ) from error
