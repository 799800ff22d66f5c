"""Changes of declarations in Python source."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from fraiseql.operating.advise.candidate import Candidate

FINDERS = frozenset({"find", "find_one", "find_pages"})


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
        The new text; None if the module does not declare its target, or declares the option in a
        form that a program cannot change.
    """
    tree = ast.parse(source)
    call = _declaring_call(tree, candidate)
    if call is None:
        return None
    offsets = _Offsets(source)
    decorated = isinstance(call, ast.Call)
    function = call.func if isinstance(call, ast.Call) else call
    prefix = _prefix(function)
    value = prefix + candidate.declaration.removeprefix("fraiseql.")
    edits = [_option_edit(offsets, call, candidate.option, value)] if decorated else []
    if not decorated:
        option = f"indexes=[{value}]" if candidate.option == "indexes" else None
        text = f"({option or f'{candidate.option}={value}'})"
        edits = [SourceEdit(offsets.end(call), offsets.end(call), text)]
    if None in edits:
        return None
    name = value.partition("(")[0]
    if not prefix and not _imports(tree, name):
        edits.append(_import_edit(tree, offsets, name))
    return _apply(source, [each for each in edits if each is not None])


def _apply(source: str, edits: Sequence[SourceEdit]) -> str:
    for edit in sorted(edits, key=lambda each: -each.start):
        source = source[: edit.start] + edit.text + source[edit.end :]
    ast.parse(source)
    return source


class _Offsets:
    """Offsets of nodes in a text."""

    def __init__(self, source: str) -> None:
        self._lines = source.splitlines(keepends=True)
        self.source = source

    def _of(self, line: int, column: int) -> int:
        text = self._lines[line - 1].encode()[:column].decode()
        return sum(map(len, self._lines[: line - 1])) + len(text)

    def start(self, node: ast.expr | ast.stmt) -> int:
        """Return the offset of a node's first character."""
        return self._of(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt) -> int:
        """Return the offset after a node's last character."""
        return self._of(node.end_lineno or node.lineno, node.end_col_offset or 0)


def _option_edit(offsets: _Offsets, call: ast.expr, option: str, value: str) -> SourceEdit | None:
    """Return the edit of a call's option; None if its present value is no literal list."""
    assert isinstance(call, ast.Call)  # noqa: S101 - the caller checked
    present = next((each.value for each in call.keywords if each.arg == option), None)
    if present is not None and option != "indexes":
        return SourceEdit(offsets.start(present), offsets.end(present), value)
    if present is not None:
        if not isinstance(present, ast.List | ast.Tuple):
            return None
        if present.elts:
            place = offsets.end(present.elts[-1])
            return SourceEdit(place, place, f", {value}")
        return SourceEdit(offsets.start(present), offsets.end(present), f"[{value}]")
    text = f"{option}=[{value}]" if option == "indexes" else f"{option}={value}"
    arguments: list[ast.expr] = [*call.args, *(each.value for each in call.keywords)]
    if arguments:
        place = max(offsets.end(each) for each in arguments)
        return SourceEdit(place, place, f", {text}")
    place = offsets.end(call) - 1
    return SourceEdit(place, place, text)


def _declaring_call(tree: ast.Module, candidate: Candidate) -> ast.expr | None:
    """Return the decorator of a type or query, or the call that makes the query."""
    if candidate.option == "cache":
        return _decorator(tree, ast.AsyncFunctionDef | ast.FunctionDef, "query", candidate) or (
            _finder(tree, candidate.target)
        )
    return _decorator(tree, ast.ClassDef, "type", candidate)


def _decorator(
    tree: ast.Module, kind: type | object, word: str, candidate: Candidate
) -> ast.expr | None:
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef | ast.AsyncFunctionDef | ast.FunctionDef):
            continue
        if not isinstance(node, kind):  # type: ignore[arg-type]
            continue
        for decorator in node.decorator_list:
            function = decorator.func if isinstance(decorator, ast.Call) else decorator
            if _last_name(function) == word and candidate.target in _names(node.name, decorator):
                return decorator
    return None


def _names(own: str, decorator: ast.expr) -> set[str]:
    """Return the name of a declaration: the one in its decorator, else that of the code."""
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
    declared = [
        each.value.value
        for each in keywords
        if each.arg == "name" and isinstance(each.value, ast.Constant)
    ]
    return {str(each) for each in declared} or {own}


def _finder(tree: ast.Module, name: str) -> ast.expr | None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _last_name(node.func) in FINDERS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and first.value == name:
                return node
    return None


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _prefix(function: ast.expr) -> str:
    """Return ``fraiseql.``, or the module's name for it; empty for imported names."""
    return f"{ast.unparse(function.value)}." if isinstance(function, ast.Attribute) else ""


def _imports(tree: ast.Module, name: str) -> bool:
    return any(
        alias.name == name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    )


def _import_edit(tree: ast.Module, offsets: _Offsets, name: str) -> SourceEdit:
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    place = offsets.end(imports[-1]) if imports else 0
    return SourceEdit(place, place, f"\nfrom fraiseql import {name}")
