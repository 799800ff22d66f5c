"""Python reference: public names with signatures and docstrings."""

import inspect
import re
import typing
from collections.abc import Callable, Iterator
from typing import Any

import fraiseql
from fraiseql.database import Database, Identity, Transaction, WriteTransaction, open_pool
from fraiseql.http import Application, HttpRequest
from fraiseql.repositories import Repository
from fraiseql.settings import Settings
from fraiseql.testing import Answer, Client

OTHER_MODULES: dict[str, list[Any]] = {
    "fraiseql.repositories": [Repository],
    "fraiseql.database": [Database, Transaction, WriteTransaction, Identity, open_pool],
    "fraiseql.http": [Application, HttpRequest],
    "fraiseql.settings": [Settings],
    "fraiseql.testing": [Client, Answer],
}
"""Public names of other modules."""

_SECTIONS = ("Args", "Attributes", "Returns", "Raises", "Yields", "Example")
_SECTION = re.compile(rf"^({'|'.join(_SECTIONS)}):$", re.MULTILINE)
_ENTRY = re.compile(r"^ {4}(\*{0,2}\w+(?:, \w+)*): (.*(?:\n {8,}.*)*)", re.MULTILINE)
_WIDE = 88


def sections() -> Iterator[str]:
    """Yield the text of every public name."""
    for name in fraiseql.__all__:
        yield _described(f"fraiseql.{name}", getattr(fraiseql, name))
    for module, values in OTHER_MODULES.items():
        yield f"## `{module}`"
        for value in values:
            yield _described(f"{module}.{value.__name__}", value)


def _described(name: str, value: Any) -> str:
    own = inspect.isclass(value) or inspect.isroutine(value)
    text = inspect.getdoc(value) if own else None
    short = name.rpartition(".")[2]
    parts = [f"### `{name}`"]
    if own:
        parts.append("```text\n" + "\n".join(_signatures(short, value)) + "\n```")
    parts.append(_prose(text or _assigned(name)))
    if inspect.isclass(value) and not issubclass(value, Exception):
        parts += [_described(f"{short}.{member}", entry) for member, entry in members(value)]
    return "\n\n".join(part for part in parts if part)


def _assigned(name: str) -> str:
    """Return the text of an assigned name: scalars that are only hints."""
    from_leaves = {
        "fraiseql.UNSET": "The default of an argument that distinguishes absent from null.",
        "fraiseql.ID": "An identifier: GraphQL's ``ID``, a string in the response.",
        "fraiseql.BigInt": "An integer beyond 32 bits, with all its digits in the response.",
    }
    return from_leaves.get(name, "")


def members(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield the public methods and properties of a class itself, in their order."""
    for name, member in vars(cls).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property | classmethod | staticmethod) or inspect.isfunction(member):
            value = member if isinstance(member, property) else getattr(cls, name)
            if inspect.getdoc(value):
                yield name, value.fget if isinstance(value, property) else value


def _signatures(name: str, value: Any) -> list[str]:
    function: Callable[..., Any] = value
    overloads = typing.get_overloads(value) if inspect.isfunction(value) else []
    signatures = [_signature(name, each) for each in overloads or [function]]
    return [line for line in signatures if line]


def _signature(name: str, function: Callable[..., Any]) -> str:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return name
    parameters = [
        each for each in signature.parameters.values() if each.name not in ("self", "cls")
    ]
    kind = "async " if inspect.iscoroutinefunction(function) else ""
    text = _text_of(signature.replace(parameters=parameters))
    whole = f"{kind}{name}{text}"
    if len(whole) <= _WIDE:
        return whole
    inner = [f"    {_text_of_parameter(each)}," for each in _marked(parameters)]
    end = text.rpartition(") -> ")[2]
    arrow = f" -> {end}" if ") -> " in text else ""
    return "\n".join([f"{kind}{name}(", *inner, f"){arrow}"])


def _marked(parameters: list[inspect.Parameter]) -> Iterator[inspect.Parameter | str]:
    """Yield parameters with the marks ``/`` and ``*`` between them."""
    kinds = [each.kind for each in parameters]
    for place, each in enumerate(parameters):
        before = kinds[:place]
        first = each.KEYWORD_ONLY not in before and each.VAR_POSITIONAL not in before
        if each.kind is each.KEYWORD_ONLY and first:
            yield "*"
        yield each
        last = place + 1 == len(parameters) or kinds[place + 1] is not each.POSITIONAL_ONLY
        if each.kind is each.POSITIONAL_ONLY and last:
            yield "/"


def _text_of_parameter(parameter: inspect.Parameter | str) -> str:
    return parameter if isinstance(parameter, str) else _plain(str(parameter))


def _text_of(signature: inspect.Signature) -> str:
    return _plain(str(signature))


def _plain(text: str) -> str:
    text = re.sub(r"<class '([^']+)'>", r"\1", text)
    text = re.sub(r"<function (\w+) at 0x[0-9a-f]+>", r"\1", text)
    text = re.sub(r"\b(?:typing|collections\.abc|builtins|types)\.", "", text)
    text = re.sub(r"\bfraiseql(?:\.\w+)*\.(?=[A-Z])", "", text)
    text = re.sub(r"= <(\w+) object at 0x[0-9a-f]+>", r"= \1(…)", text)
    text = text.replace("Ellipsis", "...").replace("~", "")
    return text.replace("'", '"')


def _prose(text: str) -> str:
    """Return a docstring as Markdown."""
    text = text.replace("``", "`")
    pieces = _SECTION.split(text)
    parts = [pieces[0].strip()]
    for title, body in zip(pieces[1::2], pieces[2::2], strict=True):
        parts.append(_section(title, body.rstrip()))
    return "\n\n".join(part for part in parts if part)


def _section(title: str, body: str) -> str:
    if title == "Example":
        prose, session, code = inspect.cleandoc(body).partition(">>>")
        fenced = f"```pycon\n>>>{code}\n```" if session else ""
        return "\n\n".join(part for part in (prose.strip(), fenced) if part)
    entries = _ENTRY.findall(body.strip("\n"))
    lines = [f"- `{name}`: {' '.join(said.split())}" for name, said in entries]
    text = "\n".join(lines) if lines else " ".join(body.split())
    return f"**{title}**\n\n{text}" if lines else f"**{title}**: {text}"
