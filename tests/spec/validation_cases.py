"""Documents for each validation rule of graphql-core: some that it accepts, some that it refuses.

A document with several operations is sent with the operation name ``A``.
"""

from dataclasses import dataclass
from typing import Final

E = 'echo(text: "a")'
"""A field that needs nothing else."""


@dataclass(frozen=True)
class Cases:
    """Documents of one rule."""

    valid: tuple[str, ...]
    invalid: tuple[str, ...]


DEFERRED: Final = (
    "DeferStreamDirectiveOnRootField",
    "DeferStreamDirectiveOnValidOperationsRule",
    "DeferStreamDirectiveLabel",
    "StreamDirectiveOnListField",
)
"""Rules of directives that the schema does not have: another rule refuses their documents."""

UNREACHABLE: Final = {
    "SingleFieldSubscriptionsRule": "It needs a subscription type, which no schema has.",
}

CASES: Final[dict[str, Cases]] = {
    "ExecutableDefinitionsRule": Cases(
        (f"{{ {E} }}", f"query A {{ {E} ...F }} fragment F on Query {{ __typename }}"),
        (
            f"query A {{ {E} }} type Cow {{ name: String }}",
            f"query A {{ {E} }} extend type Dog {{ color: String }}",
            f"query A {{ {E} }} schema {{ query: Query }} directive @x on FIELD",
        ),
    ),
    "KnownOperationTypesRule": Cases(
        (f'query A {{ {E} }} mutation B {{ shout(text: "a") }}',),
        (f"query A {{ {E} }} subscription B {{ {E} }}",),
    ),
    "UniqueOperationNamesRule": Cases(
        (
            f"query A {{ {E} }} query B {{ {E} }}",
            f"query A {{ {E} ...A }} fragment A on Query {{ things {{ __typename }} }}",
        ),
        (
            f"query A {{ {E} }} query A {{ {E} }}",
            f'query A {{ {E} }} query B {{ {E} }} mutation B {{ shout(text: "a") }}',
            f'query A {{ {E} }} mutation A {{ shout(text: "a") }}',
        ),
    ),
    "LoneAnonymousOperationRule": Cases(
        (f"{{ {E} ...F }} fragment F on Query {{ __typename }}",),
        (
            f"query A {{ {E} }} {{ {E} }}",
            f'{{ {E} }} query A {{ {E} }} mutation {{ shout(text: "a") }}',
        ),
    ),
    "KnownTypeNamesRule": Cases(
        (
            'query A($x: String! = "a") { echo(text: $x) things { ... on Dog { name } } }',
            "query A($x: [String!] = []) { owners(where: {name: {in: $x}}) { id } }",
            "{ being { ...F } } fragment F on Being { ... { name } }",
        ),
        (
            "query A($x: Jumble) { echo(text: $x) }",
            "{ things { ... on Badger { name } } }",
            "{ being { ...F } } fragment F on Dogg { name }",
            'query A($x: [Moood!]!) { echo(text: "a", mood: $x) }',
        ),
    ),
    "FragmentsOnCompositeTypesRule": Cases(
        (
            "{ things { ... on Dog { name } ... on Being { name } } }",
            "{ things { ...F } } fragment F on Thing { __typename }",
            "{ being { ... { name } ... @include(if: true) { name } } }",
        ),
        (
            "{ things { ...F } } fragment F on Mood { bad }",
            "{ things { ...F } } fragment F on Boolean { bad }",
            "{ things { ... on String { length } } }",
            "{ things { ...F } } fragment F on PetInput { name }",
        ),
    ),
    "VariablesAreInputTypesRule": Cases(
        (
            (
                "query A($b: PetInput, $c: OwnerWhere) "
                '{ echo(text: "a", pet: $b) owners(where: $c) { name } owner(by: {name: '
                '"Ada"}) { id } }'
            ),
            "query A($a: [OwnerOrderBy!]) { owners(orderBy: $a) { id } }",
        ),
        ("query A($a: Dog, $b: [[Thing!]]!, $c: Being) { echo(text: $a, pet: $b, value: $c) }",),
    ),
    "ScalarLeafsRule": Cases(
        ("{ being { name } things { ... on Dog { barks(loud: true) } } }",),
        (
            "{ being }",
            "{ owners }",
            "{ being { name { length } } }",
            "{ things { ... on Dog { barks(loud: true) { not } } } }",
            "{ owner(by: {id: 1}) @include(if: true) }",
            "{ pages { totalCount { kind } pageInfo } }",
        ),
    ),
    "FieldsOnCorrectTypeRule": Cases(
        (
            "{ being { __typename tail: name } things { __typename ... on Being { n: name } } }",
            "{ owners { ...F } } fragment F on Owner { toys(limit: 1) { label } }",
        ),
        (
            "{ beeing { name } }",
            "{ being { barks } }",
            "{ being { volume } }",
            "{ things { name } }",
            "{ owners { nam toys { lable } } }",
            "{ being { ... on Dog { lives ... on Cat { weight } } } }",
            "{ pages { edges { nod { id } } } }",
            'mutation { shoot(text: "a") }',
            "{ totals { sum { name } } }",
        ),
    ),
    "UniqueFragmentNamesRule": Cases(
        (
            (
                "{ ...F ...G } fragment F on Query { being { name } } "
                "fragment G on Query { __typename }"
            ),
        ),
        (
            "{ ...F } fragment F on Query { being { name } } fragment F on Query { __typename }",
            f"{{ {E} }} fragment F on Query {{ __typename }} fragment F on Query {{ __typename }}",
        ),
    ),
    "KnownFragmentNamesRule": Cases(
        (
            (
                "{ being { ...F ... on Dog { ...G } } } fragment F on Being { name } "
                "fragment G on Dog { volume }"
            ),
        ),
        (
            "{ being { ...Unknown1 ... on Dog { ...Unknown2 } } }",
            "{ being { ...F } } fragment F on Being { name ...Unknown3 }",
        ),
    ),
    "NoUnusedFragmentsRule": Cases(
        (
            "{ being { ...F } } fragment F on Being { ...G } fragment G on Being { name }",
            f"query A {{ {E} }} query B {{ being {{ ...F }} }} fragment F on Being {{ name }}",
        ),
        (
            f"{{ {E} }} fragment F on Being {{ name }} fragment G on Dog {{ volume }}",
            f"{{ {E} }} fragment F on Being {{ name ...G }} fragment G on Being {{ name ...F }}",
        ),
    ),
    "PossibleFragmentSpreadsRule": Cases(
        (
            "{ being { ... on Dog { name } ... on Cat { lives } ... on Being { name } } }",
            "{ things { ... on Being { name } ...F } } fragment F on Rock { weight }",
        ),
        (
            "{ things { ... on Cat { name } } }",
            "{ things { ... on Dog { ... on Rock { weight } } } }",
            "{ being { ...F } } fragment F on Rock { weight }",
            "{ owners { ... on Toy { label } } }",
            "mutation { ... on Query { being { name } } }",
        ),
    ),
    "NoFragmentCyclesRule": Cases(
        ("{ being { ...F ...G } } fragment F on Being { ...G } fragment G on Being { name }",),
        (
            "{ being { ...F } } fragment F on Being { ...F }",
            (
                "{ being { ...F } } fragment F on Being { ... on Dog { near { ...G } } } "
                "fragment G on Being { ...F }"
            ),
            (
                "{ being { ...F } } fragment F on Being { ...G ...H } fragment G on Being { ...H } "
                "fragment H on Being { ...F ...G }"
            ),
        ),
    ),
    "UniqueVariableNamesRule": Cases(
        (
            (
                'query A($x: String = "a") { owners(where: {name: {eq: $x}}) { id } } '
                "query B($x: Int!) { owner(by: {id: $x}) { id } }"
            ),
        ),
        ("query A($x: String!, $x: Int, $x: String!) { echo(text: $x) }",),
    ),
    "NoUndefinedVariablesRule": Cases(
        (
            'query A($x: String! = "a") { ...F } fragment F on Query { echo(text: $x) }',
            (
                "query A($n: Int = 1) { owners(where: {or: [{id: {eq: $n}}, {toys: {some: "
                "{id: {gt: $n}}}}]}) "
                "{ toys(limit: $n) { id } } }"
            ),
        ),
        (
            "{ echo(text: $x) }",
            "query A($x: String!) { echo(text: $x, times: $y) being { name @skip(if: $z) } }",
            "query A { ...F } query B($x: String!) { ...F } fragment F on Query { echo(text: $x) }",
            "{ owners(where: {and: [{id: {in: [1, $n]}}]}) { id } }",
        ),
    ),
    "NoUnusedVariablesRule": Cases(
        (
            (
                'query A($x: String! = "a", $y: Boolean! = true) '
                "{ ...F } fragment F on Query { echo(text: $x) @include(if: $y) }"
            ),
        ),
        (
            f"query A($x: String, $y: Int) {{ {E} }}",
            f"query ($x: String) {{ {E} ...F }} fragment F on Query {{ __typename }}",
            'query A($x: String! = "a") { echo(text: $x) } query B($x: String) { being { name } }',
        ),
    ),
    "KnownDirectivesRule": Cases(
        (
            (
                "query A($x: Boolean! = true) { being @skip(if: $x) { name } "
                "... @include(if: $x) { __typename } ...F @skip(if: false) } fragment F on Query { "
                f"{E} }}"
            ),
        ),
        (
            f'{{ {E} @unknown(directive: "value") }}',
            f"query A @include(if: true) {{ {E} }}",
            f"query A($x: Int = 1 @skip(if: true)) {{ {E} @live owners(limit: $x) {{ id }} }}",
            "{ being { ...F } } fragment F on Being @skip(if: true) { name @deprecated }",
            'mutation A @client { shout(text: "a") }',
        ),
    ),
    "UniqueDirectivesPerLocationRule": Cases(
        (
            (
                "{ being @skip(if: false) @include(if: true) { name @skip(if: false) } "
                "again: being @skip(if: true) { name } }"
            ),
        ),
        (
            "{ being @skip(if: false) @skip(if: true) @skip(if: false) { name } }",
            "{ being { ... @include(if: true) @include(if: true) { name } } }",
            "{ being { ...F @skip(if: false) @skip(if: false) } } fragment F on Being { name }",
        ),
    ),
    "DeferStreamDirectiveOnRootField": Cases(
        (),
        (
            'mutation { ... @defer { shout(text: "a") } }',
            (
                "query A { being { name } } subscription B { ...F @defer } "
                "fragment F on Query { __typename }"
            ),
        ),
    ),
    "DeferStreamDirectiveOnValidOperationsRule": Cases(
        (),
        ("query A { being { name } } subscription B { being { ... @defer { name } } }",),
    ),
    "DeferStreamDirectiveLabel": Cases(
        (),
        (
            (
                '{ ... @defer(label: "a") { being { name } } ... @defer(label: "a") { '
                "things { __typename } } }"
            ),
            "query A($l: String) { ... @defer(label: $l) { being { name } } }",
        ),
    ),
    "StreamDirectiveOnListField": Cases((), ("{ being { name @stream(initialCount: 0) } }",)),
    "KnownArgumentNamesRule": Cases(
        (
            (
                "{ being { ... on Dog { barks(loud: true) } } owners(limit: 1, orderBy: "
                "[{id: ASC}]) "
                "{ toys(where: {id: {gt: 1}}, offset: 0) { id } } pages(first: 1) { "
                "totalCount(mode: EXACT) } }"
            ),
        ),
        (
            '{ echo(text: "a", tims: 2) }',
            "{ being { name(long: true) ... on Dog { barks(lod: true) } } }",
            "{ being @skip(iff: true, if: true) { name } }",
            (
                "{ owners(were: {}) { toys(limmit: 1) { id } } pages(frist: 1) { "
                "totalCount(mod: EXACT) } }"
            ),
            'mutation { shout(text: "a", loud: true) deleteOwner(id: 1, where: {}) { id } }',
        ),
    ),
    "UniqueArgumentNamesRule": Cases(
        (f"{{ {E} b: {E} being @skip(if: true) {{ name }} }}",),
        (
            '{ echo(text: "a", text: "b", text: "a") }',
            "{ being @skip(if: true, if: false) { name } }",
            "{ owners(where: {id: {eq: 1}}, where: {}) { id } }",
        ),
    ),
}
