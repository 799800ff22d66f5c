"""Checks of options that several declarations share."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final, TypeVar

from fraiseql.errors import DeclarationError
from fraiseql.values import plain

T = TypeVar("T")

_TEXTS: Final = frozenset(
    {
        "column",
        "deprecation",
        "description",
        "discriminator",
        "jsonb_column",
        "name",
        "relation",
        "specified_by_url",
        "sql_source",
        "tag",
    }
)
_NAMES: Final = _TEXTS - {"deprecation", "description"}
_SWITCHES: Final = frozenset({"batch", "private"})
_FUNCTIONS: Final = frozenset({"default_factory", "parse", "serialize"})


def names_of(option: str, value: str | Iterable[str] | None) -> tuple[str, ...]:
    """Read an option that takes one name or several.

    Args:
        option: Its name, for the error.
        value: A name, names, or None for none.

    Raises:
        DeclarationError: The value is something else.
    """
    if isinstance(value, str) or not isinstance(value, Iterable):
        names: tuple[Any, ...] = () if value is None else (value,)
    else:
        names = tuple(value)
    for name in names:
        if not isinstance(name, str) or not name.strip("-"):
            raise DeclarationError(
                f"{option} holds {name!r}, which is not a name.",
                hint=f'Write {option}="name" or {option}=["first", "second"].',
            )
    return names


def check_options(label: str, options: Mapping[str, object]) -> None:
    """Check the types of options that every declaration writes in the same way.

    Args:
        label: The declaration, for the error.
        options: By name; those with their own rules are not checked here.

    Raises:
        DeclarationError: A text is not a string or is empty, a switch is not a bool, or a
            function is not callable.
    """
    for name, value in options.items():
        if name in _SWITCHES and not isinstance(value, bool):
            _refuse(label, name, value, "True or False")
        if value is None:
            continue
        if name in _TEXTS and not isinstance(value, str):
            _refuse(label, name, value, "a text")
        if name in _NAMES and not value:
            _refuse(label, name, value, "a name, or leave it out")
        if name in _FUNCTIONS and not callable(value):
            _refuse(label, name, value, "a function")


def _refuse(label: str, name: str, value: object, expected: str) -> None:
    raise DeclarationError(f"{label} has {name}={value!r}.", hint=f"Write {expected}.")


def check_form(
    declaration: Any,
    *,
    texts: Iterable[str] = (),
    switches: Iterable[str] = (),
    numbers: Iterable[str] = (),
    times: Iterable[str] = (),
    lists: Iterable[str] = (),
    mappings: Iterable[str] = (),
) -> None:
    """Check the types of the options of one declaration; lists become tuples.

    None is allowed where it is the default.

    Args:
        declaration: The object with the options as attributes.
        texts: Options that are strings.
        switches: True or False.
        numbers: Whole numbers.
        times: Texts such as ``"5m"``, or seconds.
        lists: Names in a tuple or list, or one text where that is allowed.
        mappings: Mappings or texts.

    Raises:
        DeclarationError: An option is of another type.
    """
    forms: dict[str, tuple[Iterable[str], Any]] = {
        "a text": (texts, str),
        "True or False": (switches, bool),
        "a whole number": (numbers, int),
        'a text such as "5m", or seconds': (times, (str, int, float)),
        'names in parentheses: ("first", "second")': (lists, (str, tuple, list)),
        "a mapping of fields, or SQL": (mappings, (str, Mapping)),
    }
    label = type(declaration).__name__
    may_be_none = {field.name for field in fields(declaration) if field.default is None}
    for expected, (names, kinds) in forms.items():
        for name in names:
            value = getattr(declaration, name)
            wrong = not isinstance(value, kinds) or (kinds is not bool and isinstance(value, bool))
            items = value if isinstance(value, tuple | list) else ()
            if value is None and name in may_be_none:
                continue
            if wrong or not all(isinstance(i, str) and i for i in items):
                _refuse(label, name, value, expected)
            if isinstance(value, list):
                # Declarations are compared and hashed, as the names in a tuple are.
                object.__setattr__(declaration, name, tuple(value))


def fixed_filter(label: str, where: object) -> Mapping[str, Any] | None:
    """Read a ``where`` of constants; members of an enum become their stored values.

    Raises:
        DeclarationError: It is not a mapping with names of fields, or is empty.
    """
    if where is None:
        return None
    if not isinstance(where, Mapping) or not where or not all(isinstance(k, str) for k in where):
        raise DeclarationError(
            f"{label} has where={where!r}, which is no mapping of fields.",
            hint='Write where={"active": True}, where={"age": {"gte": 18}} or leave it out.',
        )
    return {name: _constants(value) for name, value in where.items()}


def _constants(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _constants(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
        return [_constants(item) for item in items]
    return plain(value)


def listed(option: str, values: Iterable[T]) -> tuple[T, ...]:
    """Read an option that takes a list.

    Raises:
        DeclarationError: The value is a string, or a single item.
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise DeclarationError(
            f"{option}={values!r} is no list.", hint=f"Write {option}=[…], with one or several."
        )
    return tuple(values)
