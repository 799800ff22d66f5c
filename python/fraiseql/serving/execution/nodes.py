"""Root fields with global ids: their statements, and the ids of requests."""

import re
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from fraiseql.errors import InputError, sqlstate_of
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.execution.encode import Item
from fraiseql.serving.execution.run import CompiledRoot, Run, compiled_root, gather
from fraiseql.serving.execution.stored_statement import LiveFallback
from fraiseql.serving.planning.plan import NodeRoot, SqlRoot
from fraiseql.serving.planning.reads import KEY, NO_ROW

_TEXT: Final = re.compile(r"[A-Za-z0-9_+/-]+=*")

_OF_VALUE: Final = "22"
"""Class of the SQLSTATEs of values that a type does not have."""

Key = Mapping[int, Any]
"""Values of a key by their place."""


@dataclass(frozen=True, slots=True)
class _GlobalId:
    """The parts of a global id."""

    type_name: str
    key: Key


class CompiledNodeRoot:
    """A root field with global ids; the statement of each type is compiled at its first use."""

    __slots__ = ("_compiled", "_fallback", "root", "stream")

    def __init__(self, root: NodeRoot, fallback: LiveFallback) -> None:
        self.root, self.stream = root, root.stream
        self._fallback = fallback
        self._compiled: dict[SqlRoot, CompiledRoot] = {}

    def compiled(self) -> tuple[CompiledRoot, ...]:
        """Return the statements that are compiled."""
        return tuple(self._compiled.values())

    async def run(self, run: Run) -> Item:
        """Return the stream item: a document, None, the number of a failure, or a list of these."""
        try:
            ids = _ids(self.root, run.values)
        except InputError as error:
            return run.fail(error)
        items = await self._items(run, [_place(self.root, text) for text in ids])
        broken = [item for item in items if isinstance(item, Exception)]
        if broken:
            # Not of one id: the statement failed.
            return run.fail(broken[0])
        return items if self.root.many else items[0]

    async def _items(self, run: Run, places: Sequence[_GlobalId | InputError]) -> list[Item]:
        items: list[Item] = [None] * len(places)
        types: dict[str, dict[int, Key]] = {}
        for number, place in enumerate(places):
            if isinstance(place, InputError):
                items[number] = run.fail(place)
            else:
                types.setdefault(place.type_name, {})[number] = place.key
        work = [self._of_type(run, name, keys) for name, keys in types.items()]
        for found in await gather(work):
            for number, item in found.items():
                items[number] = item
        return items

    async def _of_type(self, run: Run, name: str, keys: Mapping[int, Key]) -> Mapping[int, Item]:
        """Return the items of one type by their place in the list: of one statement."""
        root = self.root.roots[name]
        if not isinstance(root, SqlRoot):
            return dict.fromkeys(keys, run.fail(root.error))
        listed = self.root.listed.get(name)
        if listed is not None and len(keys) > 1:
            rows = await self._rows(run, listed, list(keys.values()))
            if rows is not None:
                return dict(zip(keys, [_tagged(row, name) for row in rows], strict=True))
        items = await gather([self._row(run, root, key) for key in keys.values()])
        return dict(zip(keys, [_tagged(item, name) for item in items], strict=True))

    async def _rows(self, run: Run, root: SqlRoot, keys: Sequence[Key]) -> list[Item] | None:
        """Return the rows of several keys; None if one of them is no value of the field."""
        lists = {place: [key[place] for key in keys] for place in keys[0]}
        own = self._run(run, lists)
        rows = await self._statement(root).run(own)
        if not isinstance(rows, int):
            _note(run, own)
            return [None if row[0] == NO_ROW else row[0] for row in rows]
        error = own.failures[rows]
        return None if _is_of_value(error) else [error] * len(keys)

    async def _row(self, run: Run, root: SqlRoot, key: Key) -> Item:
        own = self._run(run, key)
        item = await self._statement(root).run(own)
        _note(run, own)
        if not isinstance(item, int):
            return item
        error = own.failures[item]
        return run.fail(error) if _is_of_value(error) else error

    def _statement(self, root: SqlRoot) -> CompiledRoot:
        if root not in self._compiled:
            self._compiled[root] = compiled_root(root, self._fallback)
        return self._compiled[root]

    def _run(self, run: Run, key: Mapping[int, Any]) -> Run:
        return replace(run, values={**run.values, KEY: key}, noted=None, failures=[])


def _is_of_value(error: Exception) -> bool:
    """Return whether an error is about the value of a key, not about the statement."""
    return isinstance(error, InputError) or sqlstate_of(error).startswith(_OF_VALUE)


def _note(run: Run, own: Run) -> None:
    for report in own.noted or ():
        run.note(report)


def _ids(root: NodeRoot, values: Mapping[str, Any]) -> list[Any]:
    """Return the global ids of a request.

    Raises:
        InputError: There are too many.
    """
    ids = _resolved(root.ids, values)
    texts = [_resolved(each, values) for each in ids] if root.many else [ids]
    if len(texts) > root.max_ids:
        raise InputError(f"The field takes at most {root.max_ids} ids.")
    return texts


def _resolved(source: Any, values: Mapping[str, Any]) -> Any:
    return source.value(values) if isinstance(source, ValueRef) else source


def _tagged(item: Item, type_name: str) -> Item:
    """Return a row's document with the name of its type; other items as they are."""
    if not isinstance(item, bytes):
        return item
    rest = item[1:] if item == b"{}" else b"," + item[1:]
    return b'{"__typename":' + orjson.dumps(type_name) + rest


def _place(root: NodeRoot, text: Any) -> _GlobalId | InputError:
    """Return the place that a global id names, or the error of the id."""
    try:
        parts = _parts(text)
    except (Error, ValueError):
        return InputError("The text is no global id.", hint="Send ids unchanged.")
    if parts[0] not in root.sizes:
        return InputError(
            "The id is of no type that this field answers.", hint="Send ids unchanged."
        )
    if len(parts) != root.sizes[parts[0]] + 1:
        return InputError("The text is no global id.", hint="Send ids unchanged.")
    return _GlobalId(parts[0], dict(enumerate(parts[1:])))


def _parts(text: Any) -> list[Any]:
    """Return the name of the type in a global id, and the values of the key.

    Raises:
        ValueError: The text has another form.
    """
    if not isinstance(text, str) or not _TEXT.fullmatch(text):
        raise ValueError
    plain = text.rstrip("=").replace("+", "-").replace("/", "_")
    parts = orjson.loads(urlsafe_b64decode(plain + "=" * (-len(plain) % 4)))
    if not isinstance(parts, list) or not parts or not isinstance(parts[0], str):
        raise ValueError
    if any(isinstance(part, list | dict | None) for part in parts):
        raise ValueError
    return parts
