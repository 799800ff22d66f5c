"""Type hints: evaluated, and read as a GraphQL type reference."""

import dataclasses
import enum
import sys
import types
import typing
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Union

from fraiseql.errors import DeclarationError
from fraiseql.naming import nearest
from fraiseql.schema.by_key import ByKey, GroupBy, GroupOrder, Having
from fraiseql.schema.collect import own_definition
from fraiseql.schema.definitions import ScalarDefinition, UnionDefinition
from fraiseql.schema.leaves import LEAVES
from fraiseql.schema.queries import OrderBy, Where
from fraiseql.schema.requirements import Requires

_KNOWN: Final = (
    "Write int, float, str, bool, Decimal, UUID, datetime, date, time, dict, list[…], … | None, "
    "or a class declared with fraiseql."
)
_BARE_LIST: Final = "Write the type of its items: list[str], list[User], or list[Any] for JSON."


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated input of a declared type: its filter, its order, or its keys."""

    kind: type
    of: Any


@dataclass(frozen=True, slots=True)
class TypeReference:
    """A reference to a type: a list of ``item``, or one ``target``.

    Attributes:
        nullable: Whether null is allowed in this place.
        item: Type of a list's items; None for anything else.
        target: A Python leaf type, a declared class, a union's or scalar's definition, or a
            generated input.
    """

    nullable: bool
    item: "TypeReference | None" = None
    target: Any = None

    @property
    def innermost(self) -> Any:
        """The target inside of all lists."""
        return self.item.innermost if self.item else self.target


def show(hint: Any) -> str:
    """Write a hint as the developer would."""
    if hint is Any or hint is None or hint is types.NoneType:
        return "Any" if hint is Any else "None"
    parts = (hint, *typing.get_args(hint))
    definition = next((part for part in parts if is_named(part)), None)
    if definition is not None:
        return str(definition.name)
    if isinstance(hint, type):
        return hint.__name__
    return str(hint).replace("typing.", "")


def is_named(value: object) -> bool:
    """Return whether ``value`` is a union's or scalar's definition in an ``Annotated`` hint."""
    return isinstance(value, UnionDefinition | ScalarDefinition)


def evaluate(hint: Any, module: str | None, names: Mapping[str, Any], namespace: Any = None) -> Any:
    """Evaluate the strings in a hint.

    Args:
        hint: As written: a type, a string, or a type with strings in it.
        module: Name of the module in which it was written.
        names: Declared classes by name, for names that the module does not define.
        namespace: Globals to use instead of the module's.

    Raises:
        NameError: A name is not known yet.
        DeclarationError: It is not a valid expression.
    """
    if namespace is None:
        namespace = vars(sys.modules[module]) if module in sys.modules else {}
    # Not a new dict of all names for each hint: applications have thousands.
    local: Any = ChainMap(namespace, names)  # type: ignore[arg-type]
    holder = types.SimpleNamespace(__annotations__={"hint": hint})
    return typing.get_type_hints(holder, namespace, local, include_extras=True)["hint"]


def description_of(hint: Any) -> str | None:
    """Return the text of ``Annotated[T, "text"]``, also inside of ``… | None``."""
    if typing.get_origin(hint) is Annotated:
        texts = [part for part in hint.__metadata__ if isinstance(part, str)]
        return texts[0] if texts else None
    members = _members(hint)
    descriptions = [description_of(member) for member in members]
    return next((text for text in descriptions if text), None)


def requirement_of(hint: Any) -> Requires | None:
    """Return the requirement of ``Annotated[T, Requires(…)]``, also inside of ``… | None``."""
    if typing.get_origin(hint) is Annotated:
        required = [part for part in hint.__metadata__ if isinstance(part, Requires)]
        return required[0] if required else None
    return next(filter(None, [requirement_of(member) for member in _members(hint)]), None)


def _members(hint: Any) -> tuple[Any, ...]:
    is_union = typing.get_origin(hint) in (Union, types.UnionType)
    return typing.get_args(hint) if is_union else ()


def read_hint(hint: Any, label: str) -> TypeReference:
    """Read an evaluated hint.

    Args:
        hint: The evaluated hint.
        label: How errors name the place: ``User.posts``.

    Raises:
        DeclarationError: It is not a type that GraphQL can have.
    """
    if known := _common(hint):
        return known
    if members := _members(hint):
        return _read_union(members, label)
    if typing.get_origin(hint) is Annotated:
        return _read_annotated(hint, label)
    if typing.get_origin(hint) is list:
        return TypeReference(nullable=False, item=read_hint(typing.get_args(hint)[0], label))
    return TypeReference(nullable=False, target=_target(hint, label))


def _common(hint: Any) -> TypeReference | None:
    """Return the reference of a hint such as ``int | None``, whose reading takes ten times this."""
    try:
        return _COMMON.get(hint)
    except TypeError:
        # Annotated[…] with metadata that cannot be hashed.
        return None


_COMMON: Final[Mapping[Any, TypeReference]] = {
    hint: TypeReference(nullable=hint is not leaf, target=leaf)
    for leaf in LEAVES
    for hint in (leaf, leaf | None)
}
"""Of the hints that most fields have: a type of the library, and the same with None."""


def _read_union(members: Iterable[Any], label: str) -> TypeReference:
    present = [member for member in members if member is not types.NoneType]
    if len(present) == 1:
        return dataclasses.replace(read_hint(present[0], label), nullable=True)
    shown = [show(member) for member in present]
    name = "Or".join(shown)
    raise DeclarationError(
        f"{label}: {' | '.join(shown)} is a union without a name.",
        hint=f"Write {name} = fraiseql.union({name!r}, [{', '.join(shown)}]) and hint {name}.",
    )


def _read_annotated(hint: Any, label: str) -> TypeReference:
    for part in hint.__metadata__:
        if is_named(part):
            return TypeReference(nullable=False, target=part)
    return read_hint(hint.__origin__, label)


def union_members(hint: Any, definition: UnionDefinition) -> tuple[Any, ...]:
    """Return the members of a union, listed in it or in the annotated hint."""
    if definition.members:
        return definition.members
    return _members(hint.__origin__) or (hint.__origin__,)


def _target(hint: Any, label: str) -> Any:
    while isinstance(hint, typing.NewType) and hint not in LEAVES:
        hint = hint.__supertype__
    origin = typing.get_origin(hint)
    definition = own_definition(hint)
    if isinstance(definition, ScalarDefinition):
        return definition
    if definition is not None or (isinstance(hint, typing.Hashable) and hint in LEAVES):
        return hint
    if origin in (Where, OrderBy, ByKey, GroupBy, Having, GroupOrder):
        return Generated(origin, typing.get_args(hint)[0])
    if origin is dict:
        return dict
    raise DeclarationError(
        f"{label}: {show(hint)} is not a type that GraphQL can have.", hint=_instead(hint)
    )


def _instead(hint: Any) -> str:
    """Return the hint of the error for a type that cannot be served."""
    origin = typing.get_origin(hint)
    if hint is list or hint is types.NoneType:
        return _BARE_LIST if hint is list else "Write the type of the value: str | None."
    if hint in (Where, OrderBy):
        return f"Say of which type: fraiseql.{hint.__name__}[User]."
    if is_named(hint):
        return f"Give its Python type: Annotated[…, {hint.name}]."
    if origin is typing.Literal:
        return "Write an enum.Enum class decorated with @fraiseql.enum."
    container = origin or hint
    if isinstance(container, type) and container.__module__ in ("builtins", "collections.abc"):
        return _instead_of_container(hint, container)
    return _instead_of_class(hint)


def _instead_of_container(hint: Any, container: type) -> str:
    arguments = typing.get_args(hint)
    if issubclass(container, Mapping):
        return "Write dict."
    if issubclass(container, Iterable) and not issubclass(container, bytes):
        return f"Write list[{show(arguments[0]) if arguments else 'str'}]."
    return _KNOWN


def _instead_of_class(hint: Any) -> str:
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return f"Decorate class {hint.__name__} with @fraiseql.enum."
    if isinstance(hint, type):
        return (
            f"Decorate class {hint.__name__} with @fraiseql.type (or input, interface), "
            "or declare a scalar with fraiseql.scalar."
        )
    return _KNOWN


def walk(hint: Any) -> Iterator[Any]:
    """Yield a hint and every hint inside of it."""
    yield hint
    for part in typing.get_args(hint):
        yield from walk(part)


def unresolved(name: str, label: str, hint: Any, names: Iterable[str]) -> DeclarationError:
    """Return the error for a forward reference that names nothing."""
    near = nearest(name, names)
    shown = hint if isinstance(hint, str) else show(hint)
    return DeclarationError(
        f"{label}: {shown!r} names {name!r}, which is not declared."
        + (f" Did you mean {near!r}?" if near else ""),
        hint=f"Import {name}, or give the class in create_app(types=[…]).",
    )
