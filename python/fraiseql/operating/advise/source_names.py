"""Names of the framework in a Python module."""

import ast

_PACKAGE = "fraiseql"


class SourceNames:
    """Names that the imports of a module give the framework and its parts.

    Other packages have a ``type`` and an ``Index`` too, and texts have a ``find``.

    Args:
        tree: The module.
    """

    def __init__(self, tree: ast.Module) -> None:
        self._body = tree.body
        self._modules: set[str] = set()
        self._parts: dict[str, str] = {}
        self._bound = {name for node in ast.walk(tree) for name in _bound(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                own = (each for each in node.names if each.name == _PACKAGE)
                self._modules |= {each.asname or each.name for each in own}
            elif isinstance(node, ast.ImportFrom) and _is_ours(node):
                self._parts |= {each.asname or each.name: each.name for each in node.names}

    def word(self, function: ast.expr) -> str:
        """Return the framework's name of a function; empty if it is not of the framework."""
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            return function.attr if function.value.id in self._modules else ""
        return self._parts.get(function.id, "") if isinstance(function, ast.Name) else ""

    def written(self, function: ast.expr, word: str) -> str | None:
        """Return the name that the module gives a part of the framework.

        Args:
            function: A name of the framework beside which it is written.
            word: The part.

        Returns:
            The name; empty if it has to be imported, None if that name means something else.
        """
        if isinstance(function, ast.Attribute):
            return f"{ast.unparse(function.value)}.{word}"
        bound = next((own for own, part in self._parts.items() if part == word), "")
        return bound or (None if word in self._bound else "")

    def import_before(self, node: ast.expr) -> ast.stmt | None:
        """Return the last import at the top of the module before a node; None without."""
        imports = [
            each
            for each in self._body
            if isinstance(each, ast.Import | ast.ImportFrom) and each.lineno < node.lineno
        ]
        return imports[-1] if imports else None


def _is_ours(node: ast.ImportFrom) -> bool:
    return not node.level and (node.module or "").partition(".")[0] == _PACKAGE


def _bound(node: ast.AST) -> list[str]:
    """Return the names that a node of a tree binds."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.name]
    if isinstance(node, ast.alias):
        return [(node.asname or node.name).partition(".")[0]]
    return [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else []
