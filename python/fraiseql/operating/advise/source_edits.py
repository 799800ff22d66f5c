"""Changes of declarations in Python source."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from fraiseql.operating.advise.candidate import Candidate
from fraiseql.operating.advise.source_names import SourceNames

FINDERS = frozenset({"aggregate", "connection", "find", "find_one", "page"})


@dataclass(frozen=True, slots=True)
class SourceEdit:
    """A text to insert in place of a part of a source.

    Attributes:
        start: Offset of the first character that is replaced.
        end: Offset after the last one.
        text: The new text.
    """

    start: int
    end: int
    text: str


def edited(source: str, candidate: Candidate) -> str | None:
    """Return a module's source with the declaration of a candidate.

    Args:
        source: The text of the module.
        candidate: One with a declaration.

    Returns:
        The new text; None if the module does not declare its target, or declares it in a form that
        a program cannot change.
    """
    try:
        tree = ast.parse(source)
        names = SourceNames(tree)
        call = _declaring_call(tree, names, candidate)
        edits = None if call is None else _edits(source, names, call, candidate)
        return None if edits is None else _apply(source, edits)
    except SyntaxError:
        return None


def _edits(
    source: str, names: SourceNames, call: ast.expr, candidate: Candidate
) -> list[SourceEdit] | None:
    """Return the edits of a decorator or call, and that of the imports if a name is missing."""
    offsets = _Offsets(source)
    function = call.func if isinstance(call, ast.Call) else call
    word, bracket, rest = candidate.declaration.removeprefix("fraiseql.").partition("(")
    known = names.written(function, word)
    if known is None:
        return None
    value = f"{known or word}{bracket}{rest}"
    if isinstance(call, ast.Call):
        edit = _option_edit(offsets, call, candidate.option, value)
        if edit is None:
            return None
    else:
        option = f"indexes=[{value}]" if candidate.option == "indexes" else None
        place = offsets.end(call)
        edit = SourceEdit(place, place, f"({option or f'{candidate.option}={value}'})")
    if known:
        return [edit]
    before = names.import_before(call)
    if before is None:
        return None
    place = offsets.end(before)
    return [edit, SourceEdit(place, place, f"\nfrom fraiseql import {word}")]


def _apply(source: str, edits: Sequence[SourceEdit]) -> str:
    for edit in sorted(edits, key=lambda each: -each.start):
        source = source[: edit.start] + edit.text + source[edit.end :]
    ast.parse(source)
    return source


class _Offsets:
    """Offsets of nodes in a text."""

    def __init__(self, source: str) -> None:
        # As Python counts lines: a form feed ends none.
        self._lines = [f"{line}\n" for line in source.split("\n")]
        self._source = source

    def _of(self, line: int, column: int) -> int:
        text = self._lines[line - 1].encode()[:column].decode()
        return sum(map(len, self._lines[: line - 1])) + len(text)

    def start(self, node: ast.expr | ast.stmt) -> int:
        """Return the offset of a node's first character."""
        return self._of(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt) -> int:
        """Return the offset after a node's last character."""
        return self._of(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def after(self, node: ast.expr, outer: ast.expr) -> int:
        """Return the offset after a node and the parentheses around it, within an outer node."""
        place = start = self.end(node)
        # The outer node ends with a bracket of its own.
        for line in self._source[start : self.end(outer) - 1].split("\n"):
            closing = line.partition("#")[0].rfind(")")
            place = start + closing + 1 if closing >= 0 else place
            start += len(line) + 1
        return place


def _option_edit(offsets: _Offsets, call: ast.Call, option: str, value: str) -> SourceEdit | None:
    """Return the edit of a call's option; None if its present value is no literal list."""
    present = next((each.value for each in call.keywords if each.arg == option), None)
    if present is not None and option != "indexes":
        return SourceEdit(offsets.start(present), offsets.end(present), value)
    if present is not None:
        if not isinstance(present, ast.List | ast.Tuple):
            return None
        if present.elts:
            place = offsets.after(present.elts[-1], present)
            return SourceEdit(place, place, f", {value}")
        return SourceEdit(offsets.start(present), offsets.end(present), f"[{value}]")
    text = f"{option}=[{value}]" if option == "indexes" else f"{option}={value}"
    arguments: list[ast.expr] = [*call.args, *(each.value for each in call.keywords)]
    if arguments:
        place = offsets.after(max(arguments, key=offsets.end), call)
        return SourceEdit(place, place, f", {text}")
    place = offsets.end(call) - 1
    return SourceEdit(place, place, text)


def _declaring_call(tree: ast.Module, names: SourceNames, candidate: Candidate) -> ast.expr | None:
    """Return the decorator of a type or query, or the call that makes the query."""
    if candidate.option == "cache":
        kinds = (ast.AsyncFunctionDef, ast.FunctionDef)
        found = _decorator(tree, names, kinds, "query", candidate)
        return found or _finder(tree, names, candidate.target)
    return _decorator(tree, names, (ast.ClassDef,), "type", candidate)


def _decorator(
    tree: ast.Module,
    names: SourceNames,
    kinds: tuple[type[ast.ClassDef | ast.AsyncFunctionDef | ast.FunctionDef], ...],
    word: str,
    candidate: Candidate,
) -> ast.expr | None:
    for node in ast.walk(tree):
        if not isinstance(node, kinds):
            continue
        for decorator in node.decorator_list:
            function = decorator.func if isinstance(decorator, ast.Call) else decorator
            own = names.word(function) == word
            if own and candidate.target in _declared_names(node.name, decorator):
                return decorator
    return None


def _declared_names(own: str, decorator: ast.expr) -> set[str]:
    """Return the name of a declaration: the one in its decorator, else that of the code."""
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
    declared = [
        each.value.value
        for each in keywords
        if each.arg == "name" and isinstance(each.value, ast.Constant)
    ]
    return {str(each) for each in declared} or {own}


def _finder(tree: ast.Module, names: SourceNames, name: str) -> ast.expr | None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and names.word(node.func) in FINDERS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and first.value == name:
                return node
    return None
