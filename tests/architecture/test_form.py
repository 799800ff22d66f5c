"""Sizes, imports, handlers and names of the package's code."""

import ast
import re
from pathlib import Path

from tests.architecture.source_tree import (
    PACKAGE,
    ROOT,
    Function,
    body_lines,
    functions,
    place,
    python_files,
    tree,
)

MOST_LINES_OF_FILE = 400
MOST_LINES_OF_FUNCTION = 40
EMPTY_NAMES = re.compile(
    r"(?i)(^|_)(engine|manager|helpers?|utils?|turbo|unified|enhanced|smart)(_|$)"
)
OUTER = {"cli", "demo", "testing"}
OWN_PYTHON = (*python_files(), *python_files(ROOT / "scripts"))


def sources(suffix: str, top: str) -> list[Path]:
    return [path for path in (ROOT / top).rglob(f"*{suffix}") if "target" not in path.parts]


def test_files_are_short_enough_to_read_at_once() -> None:
    paths = [*OWN_PYTHON, *sources(".rs", "crates"), *sources(".py", "tests")]
    sizes = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in paths}
    assert {path: size for path, size in sizes.items() if size > MOST_LINES_OF_FILE} == {}


def test_functions_are_short_enough_to_read_at_once() -> None:
    long = [
        f"{place(path, function.lineno)} {function.name}: {body_lines(function)} lines"
        for path in OWN_PYTHON
        for function in functions(path)
        if body_lines(function) > MOST_LINES_OF_FUNCTION
    ]
    assert long == []


def test_no_function_imports_from_its_own_package() -> None:
    hidden = [
        place(path, node.lineno)
        for path in python_files()
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and _is_own(node)
    ]
    assert hidden == [], "an own import inside a function hides a circle of layers"


def test_no_module_but_the_outer_ones_imports_the_public_names() -> None:
    # `import fraiseql` below the app pulls in every layer above the importing one.
    inner = [path for path in python_files() if path.relative_to(PACKAGE).parts[0] not in OUTER]
    importing = [
        place(path, node.lineno)
        for path in inner
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Import) and any(name.name == "fraiseql" for name in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "fraiseql")
    ]
    assert importing == []


def _is_own(node: ast.Import | ast.ImportFrom) -> bool:
    if isinstance(node, ast.ImportFrom):
        names = [node.module or ""] if not node.level else ["fraiseql"]
    else:
        names = [name.name for name in node.names]
    return any(name.partition(".")[0] in {"fraiseql", "fraiseql_rs"} for name in names)


def _is_broad(handler: ast.ExceptHandler) -> bool:
    caught = ast.unparse(handler.type) if handler.type else "BaseException"
    return bool(re.search(r"\b(Base)?Exception\b", caught))


def _reraises(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise)


def test_every_broad_handler_gives_its_reason() -> None:
    silent = []
    for path in OWN_PYTHON:
        lines = path.read_text().splitlines()
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node) and not _reraises(node):
                comment = lines[node.lineno - 1].partition("#")[2]
                if not re.search(r"reason: \w+|BLE001 - \w+", comment):
                    silent.append(place(path, node.lineno))
    assert silent == [], (
        "write `# reason: why every exception is caught here` on the line of the handler"
    )


def test_modules_open_with_their_purpose() -> None:
    opening = {path: (ast.get_docstring(tree(path)) or "").split() for path in OWN_PYTHON}
    filled = {path for path in OWN_PYTHON if tree(path).body}
    assert [str(path) for path in sorted(filled) if len(opening[path]) < 4] == []


def test_names_come_from_the_field() -> None:
    named = [
        (path, name)
        for path in python_files()
        for name in [
            path.stem,
            *(
                node.name
                for node in ast.walk(tree(path))
                if isinstance(node, Function | ast.ClassDef)
            ),
        ]
    ]
    snake = {(path, name): re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name) for path, name in named}
    assert [key for key, text in snake.items() if EMPTY_NAMES.search(text)] == []
