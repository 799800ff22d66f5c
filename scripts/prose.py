"""Linter for words in docstrings, comments, messages and documentation, and for names.

`python scripts/prose.py` prints the uses of each word per 1,000 words and the figures of names, and
exits 1 when one is over its limit in `prose_words.py`. With paths, it lists every use below them
with its replacement; `--figures` prints the figures only.
"""

import argparse
import ast
import gc
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Run as a program or imported by a test, it finds its table by one name.
sys.path[:0] = [str(ROOT)] if str(ROOT) not in sys.path else []

from scripts.prose_words import (  # noqa: E402 - needs the path
    AREAS,
    LIMITS,
    MOST_LONG_FIRST_LINES,
    MOST_REPEATED_CLASSES,
    MOST_VAGUE_PERCENT,
    MOST_WORDS_OF_FIRST_LINE,
    VAGUE_NAMES,
    WORDS,
    Word,
)

PACKAGE = ROOT / "python" / "fraiseql"
CODE = (PACKAGE, ROOT / "tests", ROOT / "benchmarks", ROOT / "scripts")
# History is not rewritten, and generated reference repeats docstrings.
_NOT_DOCS = {"CHANGELOG.md", "docs/reference"}
_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_SQL_WORD = re.compile(
    r"\b(?:SELECT|FROM|WHERE|CREATE|UPDATE|INSERT|DELETE|ALTER|DROP|GRANT|REVOKE|BEGIN|RETURNS?|AND"
    r"|EXECUTE|LANGUAGE|OR|NOT|NULL|AS|ON|JOIN|VALUES|WITH|CASE|WHEN)\b"
)
_WORDS_OF_SENTENCE = 4
_WORDS_OF_SQL = 3
_CODE_IN_MARKDOWN = re.compile(r"^```.*?^```|`[^`\n]*`|\]\([^)]*\)", re.MULTILINE | re.DOTALL)
_RUST_COMMENT = re.compile(r"^\s*//[/!]? ?(.*)$")
_SQL_COMMENT = re.compile(r"^\s*-- ?(.*)$")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of prose: its file, its first line and its text."""

    path: Path
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a word to avoid."""

    word: Word
    path: Path
    line: int
    text: str


@cache
def passages(area: str) -> tuple[Passage, ...]:
    """Return all prose of one of AREAS."""
    return tuple({"package": _package, "messages": _messages, "docs": _docs, "core": _core}[area]())


@cache
def uses(area: str) -> tuple[Use, ...]:
    """Return every use of a word to avoid in one area."""
    return tuple(
        use for passage in passages(area) for word in WORDS for use in _uses(passage, word)
    )


def per_thousand(area: str) -> dict[str, float]:
    """Return the uses of each word per 1,000 words of an area."""
    total = sum(len(passage.text.split()) for passage in passages(area))
    counts = Counter(use.word.name for use in uses(area))
    return {word.name: 1000 * counts[word.name] / max(total, 1) for word in WORDS}


def over_limit(area: str) -> list[str]:
    """Return a line for each word that is over its limit, with the files that use it most."""
    figures = per_thousand(area)
    return [
        f"{area}: {word.name!r} {figures[word.name]:.2f} per 1,000 words, limit"
        f" {LIMITS[area]}; write: {word.instead}; worst: {_worst(area, word)}"
        for word in WORDS
        if figures[word.name] > LIMITS[area]
    ]


def vague_names(top: Path) -> tuple[Counter[str], int]:
    """Return how often each file below a folder binds a vague name, and all its bindings."""
    vague: Counter[str] = Counter()
    total = 0
    for path in _python_files(top):
        names = [name for node in _nodes(path) if (name := _bound_name(node)) is not None]
        total += len(names)
        vague[str(path.relative_to(ROOT))] = sum(name in VAGUE_NAMES for name in names)
    return vague, total


def too_vague(top: Path) -> list[str]:
    """Return a line if too many names below a folder are vague, with the files that bind most."""
    vague, total = vague_names(top)
    percent = 100 * vague.total() / total
    worst = ", ".join(f"{path} ({count})" for path, count in vague.most_common(5))
    line = f"{top.relative_to(ROOT)}: {percent:.2f} % of names are vague; worst: {worst}"
    return [line] if percent > MOST_VAGUE_PERCENT else []


def long_first_lines() -> list[str]:
    """Return the modules of the package whose first line is too long, if they are too many."""
    docs = ((path, ast.get_docstring(tree(path)) or "") for path in _python_files(PACKAGE))
    long = [
        f"{path.relative_to(ROOT)}: {line}"
        for path, line in ((path, text.partition("\n")[0]) for path, text in docs)
        if len(line.split()) > MOST_WORDS_OF_FIRST_LINE
    ]
    return long if len(long) > MOST_LONG_FIRST_LINES else []


def repeated_classes() -> list[str]:
    """Return the class names that several modules of the package define, if they are too many."""
    homes: dict[str, list[str]] = {}
    for path in _python_files(PACKAGE):
        for node in _nodes(path):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(str(path.relative_to(PACKAGE)))
    repeated = {name: paths for name, paths in sorted(homes.items()) if len(paths) > 1}
    lines = [f"class {name}: {', '.join(paths)}" for name, paths in repeated.items()]
    return lines if len(lines) > MOST_REPEATED_CLASSES else []


def _uses(passage: Passage, word: Word) -> Iterator[Use]:
    for match in word.regex.finditer(passage.text):
        before = passage.text.count("\n", 0, match.start())
        line = passage.text.splitlines()[before]
        yield Use(word, passage.path, passage.line + before, line.strip())


def _worst(area: str, word: Word, most: int = 5) -> str:
    counts = Counter(str(use.path.relative_to(ROOT)) for use in uses(area) if use.word is word)
    return ", ".join(f"{path} ({count})" for path, count in counts.most_common(most))


def _bound_name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return node.id
    return node.arg if isinstance(node, ast.arg) else None


def _package() -> Iterator[Passage]:
    for path in _python_files():
        for node in _nodes(path):
            if isinstance(node, _DOCUMENTED) and ast.get_docstring(node):
                text = node.body[0]
                yield Passage(path, text.lineno, ast.get_docstring(node, clean=False) or "")
        source = io.StringIO(path.read_text())
        for token in tokenize.generate_tokens(source.readline):
            if token.type == tokenize.COMMENT:
                yield Passage(path, token.start[0], token.string.lstrip("# "))
    for path in sorted(PACKAGE.rglob("*.sql")):
        yield from _comments(path, _SQL_COMMENT)


def _messages() -> Iterator[Passage]:
    """Return string constants that read as sentences: messages, hints and help."""
    for path in _python_files():
        parts = _parts_and_docstrings(_nodes(path))
        for node in _nodes(path):
            text = _constant_text(node) if id(node) not in parts else ""
            if len(text.split()) >= _WORDS_OF_SENTENCE and not _is_sql(text):
                yield Passage(path, getattr(node, "lineno", 1), text)


def _parts_and_docstrings(nodes: Sequence[ast.AST]) -> set[int]:
    parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    docs = {
        id(node.body[0].value)
        for node in nodes
        if isinstance(node, _DOCUMENTED) and node.body and isinstance(node.body[0], ast.Expr)
    }
    return parts | docs


def _constant_text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_constant_text(part) or "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is_sql(text: str) -> bool:
    return (
        len(_SQL_WORD.findall(text)) >= _WORDS_OF_SQL or _SQL_WORD.match(text.lstrip()) is not None
    )


def _docs() -> Iterator[Passage]:
    for path in [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]:
        name = str(path.relative_to(ROOT))
        if not any(name.startswith(other) for other in _NOT_DOCS):
            yield Passage(path, 1, _CODE_IN_MARKDOWN.sub(_blank, path.read_text()))


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n") or "_"


def _core() -> Iterator[Passage]:
    for path in sorted((ROOT / "crates").rglob("*.rs")):
        if "target" not in path.parts:
            yield from _comments(path, _RUST_COMMENT)


def _comments(path: Path, comment: re.Pattern[str]) -> Iterator[Passage]:
    """Return each run of comment lines as one passage."""
    start, lines = 0, list[str]()
    for number, line in enumerate([*path.read_text().splitlines(), ""], 1):
        match = comment.match(line)
        if match:
            start = start or number
            lines.append(match[1])
        elif lines:
            yield Passage(path, start, "\n".join(lines))
            start, lines = 0, []


@cache
def _python_files(top: Path = PACKAGE) -> tuple[Path, ...]:
    return tuple(path for path in sorted(top.rglob("*.py")) if "node_modules" not in path.parts)


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    # A collection walks every tree. One may also warn, which formats a traceback, which parses:
    # CPython then fails.
    gc.disable()
    try:
        return ast.parse(path.read_text(), filename=str(path))
    finally:
        gc.enable()


@cache
def _nodes(path: Path) -> tuple[ast.AST, ...]:
    gc.disable()
    try:
        return tuple(ast.walk(tree(path)))
    finally:
        gc.enable()


def _print_uses(tops: list[Path]) -> None:
    for use in (use for area in AREAS for use in uses(area)):
        if any(use.path.is_relative_to(top) for top in tops):
            print(f"{use.path.relative_to(ROOT)}:{use.line}: {use.word.name} → {use.word.instead}")
            print(f"    {use.text}")


def _print_figures() -> None:
    figures = {area: per_thousand(area) for area in AREAS}
    print(f"{'':<10}" + "".join(f"{area:>10}" for area in AREAS))
    for word in WORDS:
        print(f"{word.name:<10}" + "".join(f"{figures[area][word.name]:10.2f}" for area in AREAS))
    for top in CODE:
        vague, total = vague_names(top)
        print(f"vague names in {top.relative_to(ROOT)}: {100 * vague.total() / total:.2f} %")


def _failures() -> list[str]:
    words = [line for area in AREAS for line in over_limit(area)]
    names = [line for top in CODE for line in too_vague(top)]
    return [*words, *names, *long_first_lines(), *repeated_classes()]


def main() -> int:
    """Print uses or figures; return 1 when a word or a name is over its limit."""
    parser = argparse.ArgumentParser(description="Check the words of the project's prose.")
    parser.add_argument("paths", nargs="*", type=Path, help="list every use below these paths")
    parser.add_argument("--figures", action="store_true", help="print the figures and stop")
    arguments = parser.parse_args()
    if arguments.paths:
        _print_uses([path.resolve() for path in arguments.paths])
        return 0
    _print_figures()
    failures = [] if arguments.figures else _failures()
    print(*failures, sep="\n")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
