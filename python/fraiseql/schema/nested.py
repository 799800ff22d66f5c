"""Arguments of embedded lists."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final, Optional

from fraiseql.naming import to_camel
from fraiseql.schema.definitions import (
    ArgumentDefinition,
    EmbedDefinition,
    FieldDefinition,
    InterfaceDefinition,
)
from fraiseql.schema.filters import COMBINING, comparable, embedded, filtered
from fraiseql.schema.hints import read_hint
from fraiseql.schema.model import Composite, Model
from fraiseql.schema.queries import OrderBy, Where

_ORDER: Final = "Order; ties are broken by the key."


def complete_embeds(model: Model) -> None:
    """Give every embedded list its arguments."""
    for target in list(model.definitions):
        owner = model.composite(target)
        if owner is not None:
            fields = {
                name: replace(field, generated=_arguments(owner, field, model))
                for name, field in owner.fields.items()
            }
            model.definitions[target] = replace(owner, fields=fields)


def _arguments(
    owner: Composite, field: FieldDefinition, model: Model
) -> tuple[ArgumentDefinition, ...]:
    embed = field.embed
    if embed is None or not embed.on or not _everywhere(owner, field, model):
        return ()
    item = model.composite(read_hint(field.annotation, field.name).innermost)
    if item is None:
        return ()
    arguments = list(_comparing(item, model))
    if embed.connection:
        return (*arguments, *page_arguments("Most rows"))
    arguments.append(_argument("limit", int, _limit_text(embed)))
    arguments.append(_argument("offset", int, "Rows to skip."))
    return tuple(arguments)


def _everywhere(owner: Composite, field: FieldDefinition, model: Model) -> bool:
    """Whether all types that implement an interface embed the same list in its field."""
    if not isinstance(owner, InterfaceDefinition):
        return True
    item = read_hint(field.annotation, field.name).innermost
    for composite in model.composites():
        if owner.python_class in composite.interfaces:
            own = composite.fields.get(field.name)
            if own is None or own.embed is None or not own.embed.on:
                return False
            if field.embed is None or own.embed.connection != field.embed.connection:
                return False
            if read_hint(own.annotation, own.name).innermost != item:
                return False
    return True


def _comparing(item: Composite, model: Model) -> Iterator[ArgumentDefinition]:
    cls: Any = item.python_class
    if not comparable(item, model):
        return
    if not any(_combines(each, model) for each in filtered(item, model)):
        yield _argument("where", Where[cls], f"Which of {item.name} are wanted.")
    yield _argument("order_by", OrderBy[cls], _ORDER)


def _combines(definition: Composite, model: Model) -> bool:
    """Whether a field has the name of a combinator, so that no filter can name it."""
    names = (*comparable(definition, model), *embedded(definition, model))
    return any(definition.fields[name].graphql_name in COMBINING for name in names)


def _argument(name: str, hint: Any, description: str) -> ArgumentDefinition:
    hint = Optional[hint]  # noqa: UP045 - the hint is a value here
    return ArgumentDefinition(name, to_camel(name), hint, None, description)


def page_arguments(most: str) -> list[ArgumentDefinition]:
    """Return the arguments of a connection that choose its page.

    Args:
        most: Text for the number of rows.
    """
    return [
        _argument("first", int, f"{most}, from the start of the order."),
        _argument("after", str, "Cursor of the row before the page."),
        _argument("last", int, f"{most}, from the end of the order."),
        _argument("before", str, "Cursor of the row behind the page."),
    ]


def _limit_text(embed: EmbedDefinition) -> str:
    most = embed.limit or embed.max_items
    return "Most rows." if most is None else f"Most rows; at most {most}."
