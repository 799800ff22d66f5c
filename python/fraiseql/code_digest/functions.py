"""Digests of functions: code, defaults, closures and used globals."""

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import Any, Final

from fraiseql.code_digest.references import ALL_GLOBALS, GlobalUse, ImportUse, references
from fraiseql.code_digest.walk import Walk

DECLARATION: Final = "__fraiseql__"
"""Attribute of declarations, whose content is in the plan of an operation."""


def describe_function(walk: Walk, function: FunctionType) -> None:
    """Write a function; for another package's, its version and the application's arguments."""
    module = function.__globals__.get("__name__")
    own = walk.ownership.is_own(module)
    if own:
        walk.word(function.__name__, function.__qualname__)
        walk.put(function.__code__)
        walk.pairs(function.__annotations__)
        _put_globals(walk, function)
    else:
        walk.foreign(function, module)
    if own or function.__closure__ or hasattr(function, "__wrapped__"):
        walk.all([function.__defaults__, function.__kwdefaults__])
        walk.all(map(_content, function.__closure__ or ()))
        attributes = vars(function).items()
        walk.pairs({name: value for name, value in attributes if name != DECLARATION})


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return ...


def _put_globals(walk: Walk, function: FunctionType) -> None:
    names, used = function.__globals__, references(function.__code__)
    for use in used.globals:
        walk.word(use.name, *use.path)
        if use.name in names:
            _put_used(walk, names[use.name], use)
        elif use.name in ALL_GLOBALS:
            _put_names(walk, names)
    for imported in used.imports:
        _put_imported(walk, imported, names)


def _put_used(walk: Walk, value: Any, use: GlobalUse) -> None:
    """Write the value of a name, or of an attribute of an own module."""
    path = list(use.path)
    while path and isinstance(value, ModuleType) and walk.ownership.is_own(value.__name__):
        value = getattr(value, path.pop(0), ...)
    walk.put(value)


def _put_imported(walk: Walk, use: ImportUse, names: Mapping[str, Any]) -> None:
    """Write the imports inside of a function."""
    package = names.get("__package__") or ""
    name = importlib.util.resolve_name("." * use.level + use.module, package)
    walk.word("import", name, *use.names)
    module = _imported(walk, name)
    if module is None or not walk.ownership.is_own(name) or not use.names:
        walk.put(module)
        return
    for attribute in use.names:
        if not hasattr(module, attribute):
            _imported(walk, f"{name}.{attribute}")
        walk.put(getattr(module, attribute, ...))


def _imported(walk: Walk, name: str) -> ModuleType | None:
    module = sys.modules.get(name)
    if module is None and walk.ownership.is_own(name):
        try:
            module = importlib.import_module(name)
        except Exception:  # noqa: BLE001 - the application's own module may raise anything
            walk.unseen[f"module {name}, which cannot be imported"] = None
    if module is None:
        walk.word("package", walk.ownership.version(name))
    return module


def describe_module(walk: Walk, module: ModuleType) -> None:
    """Write the contents of an own module; for another package's, its version."""
    if walk.ownership.is_own(module.__name__):
        _put_names(walk, vars(module))
    else:
        walk.foreign(module, module.__name__)


def _put_names(walk: Walk, names: Mapping[str, Any]) -> None:
    own = {name: value for name, value in names.items() if not name.startswith("__")}
    walk.pairs(dict(sorted(own.items())))
