"""Canonical: one text for everything that a root field asks for, however it was written.

Fragments, ``@skip`` and ``@include`` are resolved, the field's own response key is left out.
"""

from collections.abc import Iterator

from graphql import OperationDefinitionNode, is_abstract_type, print_ast

from fraiseql.serving.document.nodes import variable_names
from fraiseql.serving.planning.selection import SelectedField, Selection


def canonical_text(
    selected: SelectedField, operation: OperationDefinitionNode
) -> tuple[str, tuple[str, ...]]:
    """Return the text of a root field, and the names of the variables that it uses.

    The variables' types and defaults are in the text: with the values that a request sends, it
    says all that is asked.
    """
    names = _variables(selected)
    definitions = [
        print_ast(one)
        for one in operation.variable_definitions or ()
        if one.variable.name.value in names
    ]
    text = f"query({','.join(sorted(definitions))}){{{selected.name}{_rest(selected)}}}"
    return text, tuple(sorted(names))


def _rest(selected: SelectedField) -> str:
    below = "" if selected.selection is None else _selection(selected.selection)
    return f"{_arguments(selected)}{below}"


def _arguments(selected: SelectedField) -> str:
    given = selected.nodes[0].arguments or ()
    if not given:
        return ""
    return f"({','.join(sorted(print_ast(argument) for argument in given))})"


def _selection(selection: Selection) -> str:
    if not is_abstract_type(selection.type):
        return _fields(selection.objects[selection.type.name])
    parts = [f"...on {name}{_fields(fields)}" for name, fields in selection.objects.items()]
    return f"{{{' '.join(parts)}}}"


def _fields(fields: tuple[SelectedField, ...]) -> str:
    return f"{{{' '.join(f'{one.key}:{one.name}{_rest(one)}' for one in fields)}}}"


def _variables(selected: SelectedField) -> set[str]:
    found: set[str] = set()
    for one in _below(selected):
        for argument in one.nodes[0].arguments or ():
            found |= variable_names(argument)
    return found


def _below(selected: SelectedField) -> Iterator[SelectedField]:
    yield selected
    if selected.selection is not None:
        for fields in selected.selection.objects.values():
            for one in fields:
                yield from _below(one)
