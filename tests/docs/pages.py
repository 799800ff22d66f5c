"""Pages of the documentation as lists of blocks, which a reader runs.

The info string of a block gives its kind: `sql setup`, `python runnable` (with `file=name`, it is
written into that file), `console runnable`, whose lines with `$` run, `graphql runnable` (with
request headers as `name=value`), and `json` after a graphql block for the expected answer.
"""

import asyncio
import json
import re
import runpy
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import asyncpg

from fraiseql.cli.main import main
from fraiseql.testing import Answer, Client
from tests.architecture.source_tree import ROOT

_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, the words after it, its text and its first line's number."""

    language: str
    words: tuple[str, ...]
    text: str
    line: int

    @property
    def runs(self) -> bool:
        return "runnable" in self.words

    @property
    def file(self) -> str:
        """Name of the file that it is written into; empty for none."""
        names = [word.removeprefix("file=") for word in self.words if word.startswith("file=")]
        return "".join(names)


@dataclass(slots=True)
class Reader:
    """Does what a reader of one page does: makes tables, runs Python, sends operations."""

    path: Path
    url: str
    module: ModuleType = field(init=False)
    answer: Answer | None = None
    files: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Declarations look their type hints up in their module, so the page has to be one.
        self.module = ModuleType("page_" + re.sub(r"\W", "_", self.path.stem))
        sys.modules[self.module.__name__] = self.module

    async def follow(self, block: Block) -> None:
        if block.language == "sql" and "setup" in block.words:
            await self._make_tables(block.text)
        elif block.language == "python" and block.runs and block.file:
            await asyncio.to_thread(self._write, block)
        elif block.language == "console" and block.runs:
            for line in block.text.splitlines():
                if line.startswith("$ "):
                    await asyncio.to_thread(self._run, shlex.split(line.removeprefix("$ ")))
        elif block.language == "python" and block.runs:
            code = compile("\n" * block.line + block.text, str(self.path), "exec")
            # In a thread: pages may run loops of their own.
            await asyncio.to_thread(exec, code, vars(self.module))
        elif block.language == "graphql" and block.runs:
            self.answer = await self._send(block)
        elif block.language == "json" and self.answer is not None:
            expected = json.loads(block.text)
            got = {"data": self.answer.data} if self.answer.data is not None else {}
            errors = [{"message": error["message"]} for error in self.answer.errors]
            assert {**got, **({"errors": errors} if errors else {})} == expected
            assert list(_keys(got.get("data"))) == list(_keys(expected.get("data")))
            self.answer = None

    def _write(self, block: Block) -> None:
        self.files.append(block.file)
        Path(block.file).write_text(block.text)

    def _run(self, words: list[str]) -> None:
        """Run a command as in a process of its own: files are imported again."""
        for file in self.files:
            sys.modules.pop(Path(file).stem, None)
        program, *rest = words
        if program == "python":
            with patched_path(Path.cwd()):
                runpy.run_path(rest[0], run_name="__main__")
            return
        assert program == "fraiseql", program
        # Exit code 1 is a finding, 2 and above are errors.
        assert main(rest) in {0, 1}, shlex.join(words)

    async def _make_tables(self, sql: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    async def _send(self, block: Block) -> Answer:
        headers = dict(word.split("=", 1) for word in block.words if "=" in word)
        async with Client(self.module.app) as client:
            return await client.execute(block.text, headers=headers)

    def leave(self) -> None:
        del sys.modules[self.module.__name__]
        for file in self.files:
            sys.modules.pop(Path(file).stem, None)


@contextmanager
def patched_path(folder: Path) -> Iterator[None]:
    """Have Python import modules of a folder."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _keys(value: Any) -> Iterator[str]:
    """Every key in the order of the text: answers keep the order of the query."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _keys(part)
    elif isinstance(value, list):
        for part in value:
            yield from _keys(part)


def blocks_of(path: Path) -> list[Block]:
    """Every fenced block of a page."""
    text = path.read_text()
    return [
        Block(match[1], tuple(match[2].split()), match[3], text.count("\n", 0, match.start()) + 1)
        for match in _FENCE.finditer(text)
    ]


def pages() -> list[Path]:
    """Every page of the documentation."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
