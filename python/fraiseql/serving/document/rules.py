"""Validation rules that a document can break."""

from collections.abc import Callable
from typing import Any, ClassVar, Final

from graphql import (
    BREAK,
    SKIP,
    ASTValidationRule,
    FragmentsOnCompositeTypesRule,
    GraphQLError,
    KnownDirectivesRule,
    KnownFragmentNamesRule,
    Node,
    NoFragmentCyclesRule,
    NoUndefinedVariablesRule,
    NoUnusedFragmentsRule,
    NoUnusedVariablesRule,
    ObjectFieldNode,
    OperationDefinitionNode,
    PossibleFragmentSpreadsRule,
    SingleFieldSubscriptionsRule,
    UniqueDirectivesPerLocationRule,
    UniqueFragmentNamesRule,
    UniqueVariableNamesRule,
    ValidationContext,
    VariableNode,
    VariablesAreInputTypesRule,
    VariablesInAllowedPositionRule,
    Visitor,
    get_named_type,
    is_input_object_type,
    is_nullable_type,
    specified_rules,
    type_from_ast,
)
from graphql import visit as visit_document
from graphql.language.visitor import EnterLeaveVisitor

Rules = tuple[type[ASTValidationRule], ...]


class AllowedVariablesRule(VariablesInAllowedPositionRule):
    """Refuses variables at places where their type does not fit.

    graphql-core lets a variable that may be null into a @oneOf input whose place requires a
    value, as in a list of ``OrderBy!``.
    """

    def leave_operation_definition(self, operation: OperationDefinitionNode, *args: Any) -> None:
        """Check the uses of the variables of an operation."""
        super().leave_operation_definition(operation, *args)
        for usage in self.context.get_recursive_variable_usages(operation):
            definition = self.var_def_map.get(usage.node.name.value)
            parent: Any = usage.parent_type
            if definition is None or parent is None or is_input_object_type(parent):
                continue
            type_ = type_from_ast(self.context.schema, definition.type)
            inner = get_named_type(parent)
            if not is_input_object_type(inner) or not inner.is_one_of:
                continue
            # The variable of a list's item has the same parent: it is a whole input, no field.
            if is_nullable_type(type_) and id(usage.node) in self._field_values():
                message = (
                    f"Variable '${usage.node.name.value}' is of type '{type_}' but must be"
                    f" non-nullable to be used for OneOf Input Object '{inner}'."
                )
                self.report_error(GraphQLError(message, [definition, usage.node]))

    def _field_values(self) -> set[int]:
        """Return the variables that are values of fields of inputs, by identity."""
        found = _FieldValues()
        visit_document(self.context.document, found)
        return found.variables


class _FieldValues(Visitor):
    """Variables that are the whole value of a field of an input."""

    def __init__(self) -> None:
        super().__init__()
        self.variables: set[int] = set()

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        """Note the variable of a field."""
        if isinstance(node.value, VariableNode):
            self.variables.add(id(node.value))


_RULES: Final[Rules] = tuple(
    AllowedVariablesRule if rule is VariablesInAllowedPositionRule else rule
    for rule in specified_rules
    # Rules for directives that our schemas do not have: KnownDirectives refuses them.
    if not rule.__name__.startswith(("DeferStream", "StreamDirective"))
)

_FRAGMENTS: Final = ("...", "fragment")
_NEEDED: Final[dict[type[ASTValidationRule], tuple[str, ...]]] = {
    **dict.fromkeys(
        (
            FragmentsOnCompositeTypesRule,
            KnownFragmentNamesRule,
            NoFragmentCyclesRule,
            NoUnusedFragmentsRule,
            PossibleFragmentSpreadsRule,
            UniqueFragmentNamesRule,
        ),
        _FRAGMENTS,
    ),
    **dict.fromkeys((KnownDirectivesRule, UniqueDirectivesPerLocationRule), ("@",)),
    **dict.fromkeys(
        (
            NoUndefinedVariablesRule,
            NoUnusedVariablesRule,
            UniqueVariableNamesRule,
            VariablesAreInputTypesRule,
            AllowedVariablesRule,
        ),
        ("$",),
    ),
    SingleFieldSubscriptionsRule: ("subscription",),
}
"""Texts of which a document has at least one, if it breaks the rule. Other rules may always be."""

_TEXTS: Final = tuple(dict.fromkeys(text for texts in _NEEDED.values() for text in texts))

_Handler = Callable[..., Any]


class CombinedRules(ASTValidationRule):
    """Rules that visit a document together, as with graphql-core's ``ParallelVisitor``.

    That one asks each rule for a method at each kind of node, and visits those without one.

    Attributes:
        rules: The rules.
        methods: By kind of node, the rules that have methods for it, with the names of these.
    """

    rules: ClassVar[Rules] = ()
    methods: ClassVar[dict[str, list[tuple[int, str, str]]]] = {}

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._members = [rule(context) for rule in self.rules]
        self._skipping: list[Any] = [None] * len(self._members)

    def get_enter_leave_for_kind(self, kind: str) -> EnterLeaveVisitor:
        """Return the methods that call those of all rules."""
        known = self.enter_leave_map.get(kind)
        if known is None:
            known = self.enter_leave_map[kind] = self._joined(kind)
        return known

    def _joined(self, kind: str) -> EnterLeaveVisitor:
        if kind not in self.methods:
            self.methods[kind] = [
                (place, _method(rule, "enter", kind), _method(rule, "leave", kind))
                for place, rule in enumerate(self.rules)
            ]
        members = self._members
        entering = [
            (place, getattr(members[place], enter))
            for place, enter, _ in self.methods[kind]
            if enter
        ]
        leaving = [
            (place, getattr(members[place], leave) if leave else None)
            for place, enter, leave in self.methods[kind]
            if enter or leave
        ]
        if not leaving:
            return EnterLeaveVisitor(None, None)
        return EnterLeaveVisitor(self._enter(entering), self._leave(leaving))

    def _enter(self, entering: list[tuple[int, _Handler]]) -> _Handler:
        skipping = self._skipping

        def enter(node: Node, *args: Any) -> None:
            for place, visit in entering:
                if skipping[place] is None:
                    result = visit(node, *args)
                    # Rules do not change the document.
                    if result is not None:
                        skipping[place] = node if result in (SKIP, False) else BREAK

        return enter

    def _leave(self, leaving: list[tuple[int, _Handler | None]]) -> _Handler:
        skipping = self._skipping

        def leave(node: Node, *args: Any) -> None:
            for place, visit in leaving:
                if skipping[place] is None:
                    if visit is not None and visit(node, *args) in (BREAK, True):
                        skipping[place] = BREAK
                elif skipping[place] is node:
                    skipping[place] = None

        return leave


def _method(rule: type[ASTValidationRule], verb: str, kind: str) -> str:
    """Return the name of a rule's method for a kind of node; empty if it has none."""
    return next((name for name in (f"{verb}_{kind}", verb) if hasattr(rule, name)), "")


_COMBINED: Final[dict[tuple[tuple[str, ...], Rules], type[CombinedRules]]] = {}


def breakable_rules(text: str, *more: type[ASTValidationRule]) -> type[CombinedRules]:
    """Return the rules that a document may break: without a fragment, none about fragments.

    Args:
        text: The document.
        more: Further rules.
    """
    present = tuple([each for each in _TEXTS if each in text])
    combined = _COMBINED.get((present, more))
    if combined is None:
        rules = [rule for rule in _RULES if not _NEEDED.get(rule) or {*_NEEDED[rule]} & {*present}]
        members = {"rules": (*rules, *more), "methods": {}}
        combined = type("CombinedRules", (CombinedRules,), members)
        _COMBINED[present, more] = combined
    return combined
