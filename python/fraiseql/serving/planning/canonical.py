"""Canonical text of a root field and its selection.

Fragments, ``@skip`` and ``@include`` are resolved; the field's own response key is omitted.
"""

from collections.abc import Iterator

from graphql import OperationDefinitionNode, is_abstract_type, print_ast

from fraiseql.serving.document.nodes import variable_names
from fraiseql.serving.planning.selection import SelectedField, Selection


def canonical_text(
    selected: SelectedField, operation: OperationDefinitionNode
) -> tuple[str, tuple[str, ...]]:
    """Return the text of a root field, and the names of the variables that it uses.

    The text contains the variables' types and defaults: together with the values of a request it
    determines the answer.
    """
    names = _variables(selected)
    definitions = [
        print_ast(definition)
        for definition in operation.variable_definitions or ()
        if definition.variable.name.value in names
    ]
    text = f"query({','.join(sorted(definitions))}){{{selected.name}{_rest(selected)}}}"
    return text, tuple(sorted(names))


def _rest(selected: SelectedField) -> str:
    below = "" if selected.selection is None else _selection(selected.selection)
    return f"{_arguments(selected)}{below}"


def _arguments(selected: SelectedField) -> str:
    arguments = selected.nodes[0].arguments or ()
    if not arguments:
        return ""
    return f"({','.join(sorted(print_ast(argument) for argument in arguments))})"


def _selection(selection: Selection) -> str:
    if not is_abstract_type(selection.type):
        return _fields(selection.objects[selection.type.name])
    parts = [f"...on {name}{_fields(fields)}" for name, fields in selection.objects.items()]
    return f"{{{' '.join(parts)}}}"


def _fields(fields: tuple[SelectedField, ...]) -> str:
    return f"{{{' '.join(f'{field.key}:{field.name}{_rest(field)}' for field in fields)}}}"


def _variables(selected: SelectedField) -> set[str]:
    names: set[str] = set()
    for field in _below(selected):
        for argument in field.nodes[0].arguments or ():
            names |= variable_names(argument)
    return names


def _below(selected: SelectedField) -> Iterator[SelectedField]:
    yield selected
    if selected.selection is not None:
        for fields in selected.selection.objects.values():
            for field in fields:
                yield from _below(field)
