"""Files of the repository and their syntax trees."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from scripts.prose import tree

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python" / "fraiseql"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def committed() -> tuple[Path, ...]:
    """Every file that git tracks or would add, as a path below the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    names = (Path(line) for line in listed.stdout.splitlines())
    return tuple(name for name in names if (ROOT / name).is_file())


@cache
def python_files(top: Path = PACKAGE) -> tuple[Path, ...]:
    """Every Python file below ``top``, in a stable order."""
    return tuple(sorted(top.rglob("*.py")))


def functions(path: Path) -> Iterator[Function]:
    """Every function and method of one file, nested ones too."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def body_lines(function: Function) -> int:
    """Lines of a function without its docstring and decorators."""
    last = function.end_lineno or function.lineno
    lines = last - function.lineno + 1
    if ast.get_docstring(function, clean=False) is not None:
        text = function.body[0]
        lines -= (text.end_lineno or text.lineno) - text.lineno + 1
    return lines


def place(path: Path, line: int) -> str:
    """Path and line, in the form that editors and terminals open."""
    return f"{path.relative_to(ROOT)}:{line}"
