"""Digests of instances that are the same in every process."""

import copyreg
import os
import random
import weakref
from collections.abc import Iterator
from pathlib import PurePath
from types import (
    BuiltinFunctionType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any, Final

from fraiseql.code_digest.walk import Walk

_OF_THE_PROCESS: Final = (
    type(os.environ),
    random.Random,
    weakref.ref,
    weakref.WeakKeyDictionary,
    weakref.WeakValueDictionary,
    weakref.WeakSet,
)
"""Objects that differ in each process, and are not read."""

_CODE: Final = (FunctionType, MethodType, BuiltinFunctionType, type)
_BUILTIN: Final[tuple[Any, ...]] = (
    dict,
    list,
    tuple,
    set,
    frozenset,
    str,
    bytes,
    bytearray,
    int,
    float,
    complex,
)


def describe_instance(walk: Walk, value: Any) -> None:
    """Write an instance of a class."""
    kind = type(value)
    if isinstance(value, PurePath):
        walk.word("path", kind.__name__)
        walk.put(str(value))
    elif kind.__module__.partition(".")[0] == "fraiseql" or isinstance(value, _OF_THE_PROCESS):
        walk.foreign(kind, kind.__module__)
    elif walk.ownership.is_own(kind.__module__):
        walk.put(kind)
        _put_content(walk, value)
        walk.pairs(dict(_state(value)))
    else:
        _put_foreign(walk, value)


def _put_content(walk: Walk, value: Any) -> None:
    """Write the builtin value of an own subclass."""
    for base in _BUILTIN:
        if isinstance(value, base):
            walk.word("content")
            walk.put(base(value))
            return


def _state(value: Any) -> Iterator[tuple[str, Any]]:
    yield from getattr(value, "__dict__", {}).items()
    for cls in type(value).__mro__:
        for name, member in vars(cls).items():
            if isinstance(member, MemberDescriptorType) and hasattr(value, name):
                yield name, getattr(value, name)


def _put_foreign(walk: Walk, value: Any) -> None:
    """Write an instance of another package's class: as copied, or the code in it."""
    kind = type(value)
    walk.foreign(kind, kind.__module__)
    if hasattr(value, "__wrapped__"):
        walk.put(value.__wrapped__)
    copy = _copied(value)
    if copy is not None and walk.copied:
        walk.put(copy)
        return
    if copy is not None:
        content = walk.apart(copy, copied=True)
        if not content.unseen:
            walk.word(content.digest)
            return
    walk.unseen[f"a value of {kind.__module__}.{kind.__qualname__}"] = None
    attributes = getattr(value, "__dict__", {}).items()
    walk.pairs({name: each for name, each in attributes if isinstance(each, _CODE)})


def _copied(value: Any) -> Any:
    """Return the parts that a copy is made of; None if it cannot be copied."""
    if type(value).__module__ == "itertools" or isinstance(value, Iterator | ModuleType):
        return None
    try:
        registered = copyreg.dispatch_table.get(type(value))
        reduced = value.__reduce_ex__(4) if registered is None else registered(value)
    except Exception:  # noqa: BLE001 - another package's code may raise anything
        return None
    if isinstance(reduced, str):
        return reduced
    return tuple(list(part) if isinstance(part, Iterator) else part for part in reduced)
