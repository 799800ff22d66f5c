"""Ownership of modules, and versions of other packages."""

import os
import re
import sys
import sysconfig
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions, version
from pathlib import Path
from types import ModuleType
from typing import Any, Final

_PACKAGE: Final = "fraiseql"
_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

RELEASE: Final = version(_PACKAGE)
"""Version of this framework."""


class Ownership:
    """Separates the application's own modules from those of its packages.

    Own are the packages that declare something, and every module that is neither the standard
    library's nor in a directory of installed packages.

    Args:
        declaring: Names of modules that declare types and queries.
    """

    def __init__(self, declaring: Iterable[str] = ()) -> None:
        roots = {name.partition(".")[0] for name in declaring}
        self._own: dict[str, bool] = dict.fromkeys(roots, True)
        self._own |= dict.fromkeys((_PACKAGE, "builtins"), False)
        self._own |= dict.fromkeys(sys.stdlib_module_names, False)
        self._own["__main__"] = True
        places = {_directory(sys.modules.get(root)) for root in roots}
        self._directories = sorted(places - {""}, key=len, reverse=True)

    def is_own(self, module: Any) -> bool:
        """Return whether the module of this name is the application's own."""
        if not isinstance(module, str):
            return True
        root = module.partition(".")[0]
        own = self._own.get(root)
        if own is None:
            own = self._own[root] = not _is_installed(sys.modules.get(root))
        return own

    def version(self, module: Any) -> str:
        """Return the versions of the packages of a module, and of all that they require.

        An own module that is compiled has the digest of its file.
        """
        if not isinstance(module, str):
            return ""
        if self.is_own(module):
            return _file_digest(module)
        return _versions(module.partition(".")[0])

    def relative(self, text: str) -> str:
        """Return a path without the directory in which the application is checked out."""
        for directory in self._directories:
            if text.startswith(directory):
                return text[len(directory) - 1 :]
        return text


def _is_installed(module: ModuleType | None) -> bool:
    place = _place(module)
    if place is None:
        return module is not None and module.__name__ in sys.builtin_module_names
    directories = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")]
    return bool(_INSTALLED & set(place.parts)) or any(
        place.is_relative_to(directory) for directory in directories
    )


def _place(module: ModuleType | None) -> Path | None:
    file = getattr(module, "__file__", None)
    paths = [file] if file else list(getattr(module, "__path__", ()))
    return Path(paths[0]).absolute() if paths else None


def _directory(module: ModuleType | None) -> str:
    """Return the directory that holds a module or package, with a slash; empty for none."""
    place = _place(module)
    if place is None:
        return ""
    directory = place.parent.parent if place.name.startswith("__init__.") else place.parent
    return f"{directory}{os.sep}" if len(directory.parts) > 1 else ""


@cache
def _file_digest(module: str) -> str:
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file or not file.endswith(tuple(EXTENSION_SUFFIXES)):
        return ""
    return sha256(Path(file).read_bytes()).hexdigest()


@cache
def _versions(root: str) -> str:
    if root in sys.stdlib_module_names or root == "builtins":
        return ""
    versions: dict[str, str] = {}
    waiting = [root] if root == _PACKAGE else list(_distributions().get(root, ()))
    while waiting:
        name = waiting.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in versions:
            continue
        try:
            package = distribution(name)
        except PackageNotFoundError:
            versions[key] = ""
            continue
        versions[key] = package.version
        # Markers do not matter: a package that is not installed has no version.
        matches = [_NAME.match(line) for line in package.requires or ()]
        waiting += [match.group() for match in matches if match]
    return ",".join(f"{name}={version}" for name, version in sorted(versions.items()))


@cache
def _distributions() -> dict[str, list[str]]:
    return {name: list(of) for name, of in packages_distributions().items()}
