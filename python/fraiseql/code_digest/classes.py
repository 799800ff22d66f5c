"""Classes: bases, methods and attributes; enums by their members; hints."""

import typing
from enum import Enum
from types import FunctionType
from typing import Any, Final

from fraiseql.code_digest.functions import DECLARATION
from fraiseql.code_digest.walk import Walk

_METHODS: Final = (FunctionType, classmethod, staticmethod, property, type(None))
_DATA: Final = frozenset({"__annotations__", "__slots__", "__match_args__"})


def describe_class(walk: Walk, cls: type) -> None:
    """Write an own class; of another package's, its version."""
    if not walk.ownership.is_own(cls.__module__):
        walk.foreign(cls, cls.__module__)
        return
    walk.word(cls.__qualname__)
    walk.put(type(cls))
    walk.all(cls.__bases__)
    if issubclass(cls, Enum):
        for name, member in cls.__members__.items():
            walk.word(name)
            walk.put(member.value)
    for name, value in list(vars(cls).items()):
        if _counts(cls, name, value):
            walk.word(name)
            walk.put(value)


def _counts(cls: type, name: str, value: Any) -> bool:
    """Whether an attribute is written in the class, not added by a library."""
    if name in (DECLARATION, "_abc_impl", "__doc__"):
        return False
    if name.startswith("__") and name.endswith("__"):
        return name in _DATA or isinstance(value, _METHODS)
    if issubclass(cls, Enum):
        return not name.startswith("_") and name not in cls.__members__
    return True


def describe_member(walk: Walk, member: Enum) -> None:
    """Write a member of an enum."""
    walk.word(member.name)
    walk.put(type(member))


def is_hint(value: Any) -> bool:
    """Whether a value is a hint but not a class."""
    return typing.get_origin(value) is not None or isinstance(
        value, typing.TypeVar | typing.NewType | typing.ForwardRef
    )


def describe_hint(walk: Walk, hint: Any) -> None:
    """Write a hint with the classes in it."""
    if isinstance(hint, typing.NewType):
        walk.word(hint.__name__)
        walk.put(hint.__supertype__)
    elif isinstance(hint, typing.TypeVar):
        walk.word(hint.__name__)
        walk.all([hint.__bound__, *hint.__constraints__])
    elif isinstance(hint, typing.ForwardRef):
        walk.word(hint.__forward_arg__)
    else:
        walk.put(typing.get_origin(hint))
        walk.all(typing.get_args(hint))
