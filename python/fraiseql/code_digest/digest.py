"""Digest of functions and values with their references."""

from collections.abc import Callable, Iterable
from enum import Enum
from functools import cached_property, partial
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    GetSetDescriptorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, Final

from fraiseql.code_digest.classes import describe_class, describe_hint, describe_member, is_hint
from fraiseql.code_digest.functions import describe_function, describe_module
from fraiseql.code_digest.instances import describe_instance
from fraiseql.code_digest.ownership import Ownership
from fraiseql.code_digest.walk import CodeDigest, Walk


def digest_of(values: Iterable[Any], ownership: Ownership) -> CodeDigest:
    """Return the digest of values: of functions with their code and all that it refers to."""
    walk = Walk(ownership, _describe)
    walk.put(list(values))
    return walk.finish()


def _describe(walk: Walk, value: Any) -> None:
    """Write the parts of an object."""
    describe = _BY_KIND.get(type(value))
    if describe is not None:
        describe(walk, value)
    elif isinstance(value, Enum):
        describe_member(walk, value)
    elif isinstance(value, type):
        describe_class(walk, value)
    elif is_hint(value):
        describe_hint(walk, value)
    else:
        describe_instance(walk, value)


def _method(walk: Walk, method: MethodType) -> None:
    walk.all([method.__func__, method.__self__])


def _builtin(walk: Walk, function: Any) -> None:
    owner = getattr(function, "__self__", None)
    walk.foreign(function, getattr(function, "__module__", None) or "builtins")
    if not isinstance(owner, ModuleType):
        walk.put(owner)


def _descriptor(walk: Walk, value: Any) -> None:
    walk.word(value.__name__)


def _partial(walk: Walk, value: Any) -> None:
    walk.all([value.func, value.args, value.keywords])


def _property(walk: Walk, value: property) -> None:
    walk.all([value.fget, value.fset, value.fdel])


def _wrapping(walk: Walk, value: Any) -> None:
    walk.put(value.__func__)


_BY_KIND: Final[dict[type, Callable[[Walk, Any], None]]] = {
    list: Walk.all,
    dict: Walk.pairs,
    MappingProxyType: Walk.pairs,
    set: Walk.unordered,
    FunctionType: describe_function,
    ModuleType: describe_module,
    MethodType: _method,
    BuiltinFunctionType: _builtin,
    MethodWrapperType: _builtin,
    partial: _partial,
    property: _property,
    cached_property: lambda walk, value: walk.put(value.func),
    classmethod: _wrapping,
    staticmethod: _wrapping,
    WrapperDescriptorType: _descriptor,
    MethodDescriptorType: _descriptor,
    ClassMethodDescriptorType: _descriptor,
    MemberDescriptorType: _descriptor,
    GetSetDescriptorType: _descriptor,
}
