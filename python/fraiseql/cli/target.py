"""The application of ``APP``: ``module:attribute`` or ``file.py:attribute``."""

import importlib
import pkgutil
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from fraiseql.errors import ConfigurationError
from fraiseql.http.endpoint import Application
from fraiseql.naming import suggestion
from fraiseql.serving import Service

HELP: Final = "the application: module:attribute or path/to/file.py:attribute"


@dataclass(frozen=True, slots=True)
class Target:
    """An application, and its name for other processes.

    Attributes:
        app: The ASGI callable.
        module: Name to import.
        attribute: Name in the module, dotted for an attribute of an attribute.
        folder: Directory that the module is imported from.
    """

    app: Any
    module: str
    attribute: str
    folder: Path

    @property
    def text(self) -> str:
        """``module:attribute``."""
        return f"{self.module}:{self.attribute}"

    def service(self) -> Service:
        """Return the serving pipeline of the application that ``create_app`` made.

        Raises:
            ConfigurationError: It is something else.
        """
        if isinstance(self.app, Application) and isinstance(self.app.service, Service):
            return self.app.service
        raise ConfigurationError(
            f"{self.text} is {_described(self.app)}, not what fraiseql.create_app returns.",
            hint=_hint(_applications(importlib.import_module(self.module)), self.module),
        )


def add_target(parser: ArgumentParser) -> None:
    """Give a command the argument ``APP``."""
    parser.add_argument("app", metavar="APP", help=HELP)


def find_target(text: str) -> Target:
    """Import the application that ``text`` names.

    Raises:
        ConfigurationError: There is no such file, module or attribute, or it is not callable.
    """
    place, colon, attribute = text.rpartition(":")
    if not (colon and place and attribute):
        raise ConfigurationError(
            f"APP is {text!r}, without a module or without an attribute.",
            hint="Write module:attribute, such as api:app, or path/to/api.py:app.",
        )
    if place.endswith(".py") or "/" in place or "\\" in place:
        module, folder = _of_file(Path(place))
        imported = _own(_imported(module, folder), Path(place))
    else:
        module, folder = place, Path.cwd()
        imported = _imported(module, folder)
    app = _attribute(imported, attribute)
    if not callable(app):
        raise ConfigurationError(
            f"{module}:{attribute} is {_described(app)}, which cannot be served.",
            hint=_hint(_applications(sys.modules[module]), module),
        )
    return Target(app, module, attribute, folder)


def _of_file(path: Path) -> tuple[str, Path]:
    """Return the module name of a file and the directory to import it from."""
    if not path.is_file():
        siblings = [file.name for file in path.parent.glob("*.py")] if path.parent.is_dir() else []
        raise ConfigurationError(
            f"There is no file {path}.{suggestion(path.name, siblings)}",
            hint="Paths are taken from the current directory.",
        )
    path = path.resolve()
    names, folder = [path.stem], path.parent
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    return ".".join(names), folder


def _own(module: ModuleType, path: Path) -> ModuleType:
    """Return the module if it is the file's, not another of the same name."""
    origin = getattr(module, "__file__", None)
    if origin is not None and Path(origin).resolve() == path.resolve():
        return module
    raise ConfigurationError(
        f"{path} cannot be imported: another module is called {module.__name__!r}.",
        hint="Give the file another name.",
    )


def _imported(name: str, folder: Path) -> ModuleType:
    if not all(name.split(".")):
        raise ConfigurationError(
            f"{name!r} is not the name of a module.", hint="Write it in full: package.module."
        )
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # For a module that the application imports, the traceback is more useful.
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        near = suggestion(error.name, _modules(error.name, folder))
        raise ConfigurationError(
            f"There is no module {error.name!r}.{near}",
            hint=f"Modules are looked for in {folder} and among the installed packages.",
        ) from None


def _modules(name: str, folder: Path) -> Iterable[str]:
    """Return the modules next to the missing one."""
    parent = name.rpartition(".")[0]
    places = getattr(sys.modules.get(parent), "__path__", [str(folder)])
    prefix = f"{parent}." if parent else ""
    return [module.name for module in pkgutil.iter_modules(places, prefix)]


def _attribute(module: ModuleType, dotted: str) -> Any:
    value: Any = module
    for name in dotted.split("."):
        if not hasattr(value, name):
            shown = module.__name__ if value is module else _described(value)
            names = [attribute for attribute in dir(value) if not attribute.startswith("_")]
            raise ConfigurationError(
                f"{shown} has no attribute {name!r}.{suggestion(name, names)}",
                hint=_hint(_applications(module), module.__name__),
            )
        value = getattr(value, name)
    return value


def _applications(module: ModuleType) -> list[str]:
    return [name for name, value in vars(module).items() if isinstance(value, Application)]


def _hint(names: list[str], module: str) -> str:
    if names:
        return f"Applications there: {', '.join(f'{module}:{name}' for name in names)}."
    return f"Write app = fraiseql.create_app(…) in {module}, and {module}:app here."


def _described(value: Any) -> str:
    kind = type(value).__name__
    return f"{'an' if kind[0] in 'AEIOUaeiou' else 'a'} {kind}"
