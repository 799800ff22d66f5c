"""Root fields with global ids: their statements, and the ids of requests."""

import re
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson

from fraiseql.errors import FraiseQLError, InputError
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.execution.encode import Item
from fraiseql.serving.execution.run import CompiledRoot, Run, compiled_root, gather
from fraiseql.serving.execution.stored_statement import LiveFallback
from fraiseql.serving.planning.nodes import KEY
from fraiseql.serving.planning.plan import NodeRoot, SqlRoot

_TEXT: Final = re.compile(r"[A-Za-z0-9_+/-]+=*")


class CompiledNodeRoot:
    """A root field with global ids; the statement of each type is compiled at its first use."""

    __slots__ = ("_compiled", "_fallback", "root", "stream")

    def __init__(self, root: NodeRoot, fallback: LiveFallback) -> None:
        self.root, self.stream = root, root.stream
        self._fallback = fallback
        self._compiled: dict[str, CompiledRoot] = {}

    def compiled(self) -> tuple[CompiledRoot, ...]:
        """Return the statements that are compiled."""
        return tuple(self._compiled.values())

    async def run(self, run: Run) -> Item:
        """Return the stream item: a document, None, or the number of a failure."""
        try:
            work = [self._read(run, *place) for place in _places(self.root, run.values)]
            return _joined(await gather(work), many=self.root.many)
        except FraiseQLError as error:
            return run.fail(error)

    async def _read(self, run: Run, type_name: str, key: Mapping[int, Any]) -> Item:
        root = self.root.roots.get(type_name)
        if not isinstance(root, SqlRoot):
            return None if root is None else run.fail(root.error)
        if type_name not in self._compiled:
            self._compiled[type_name] = compiled_root(root, self._fallback)
        own = replace(run, values={**run.values, KEY: key}, noted=None)
        item = await self._compiled[type_name].run(own)
        for report in own.noted or ():
            run.note(report)
        return _tagged(item, type_name) if isinstance(item, bytes) else item


def _places(root: NodeRoot, values: Mapping[str, Any]) -> list[tuple[str, Mapping[int, Any]]]:
    """Return the types and keys in the global ids of a request.

    Raises:
        InputError: A text is no global id, or there are too many.
    """
    ids = _resolved(root.ids, values)
    texts = [_resolved(each, values) for each in ids] if root.many else [ids]
    if len(texts) > root.max_ids:
        raise InputError(f"The field takes at most {root.max_ids} ids.")
    return [_place(root, text) for text in texts]


def _resolved(source: Any, values: Mapping[str, Any]) -> Any:
    return source.value(values) if isinstance(source, ValueRef) else source


def _joined(items: Sequence[Any], *, many: bool) -> Any:
    """Return the stream item of a field: its only item, or a list; a failure if any item is one."""
    failed = [item for item in items if isinstance(item, int)]
    if failed or not many:
        return (failed or items)[0]
    return b"[" + b",".join(item or b"null" for item in items) + b"]"


def _tagged(document: bytes, type_name: str) -> bytes:
    """Return a row's document with the name of its type."""
    rest = document[1:] if document == b"{}" else b"," + document[1:]
    return b'{"__typename":' + orjson.dumps(type_name) + rest


def _place(root: NodeRoot, text: Any) -> tuple[str, Mapping[int, Any]]:
    try:
        if not isinstance(text, str) or not _TEXT.fullmatch(text):
            raise ValueError
        plain = text.rstrip("=").replace("+", "-").replace("/", "_")
        parts = orjson.loads(urlsafe_b64decode(plain + "=" * (-len(plain) % 4)))
        if not isinstance(parts, list) or not parts or not isinstance(parts[0], str):
            raise ValueError
        if any(isinstance(part, list | dict | None) for part in parts):
            raise ValueError
        if len(parts) != root.sizes.get(parts[0], len(parts) - 1) + 1:
            raise ValueError
    except (Error, ValueError):
        raise InputError("The text is no global id.", hint="Send ids unchanged.") from None
    return parts[0], dict(enumerate(parts[1:]))
