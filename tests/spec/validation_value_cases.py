"""Documents for the validation rules of values, positions of variables, and merged fields."""

from typing import Final

from tests.spec.validation_cases import Cases, E

BY: Final = "{ owner(by: %s) { id } }"
WHERE: Final = "{ owners(where: %s) { id } }"
ECHO: Final = '{ echo(text: "a", %s) }'
TYPES: Final = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"

VALUE_CASES: Final[dict[str, Cases]] = {
    "ValuesOfCorrectTypeRule": Cases(
        (
            ECHO % "times: 2, ratio: 1, ident: 5, flag: false, mood: SAD, value: {a: [1, null]}",
            ECHO % 'ratio: 1.5e3, ident: "x", mood: null, pet: {name: "a", inner: {name: "b"}}',
            ECHO % 'pet: {name: "a", tags: "one"}, value: {}',
            BY % '{name: "Ada"}',
            WHERE
            % "{id: {in: 1}, and: {name: {isNull: false}}, or: [{toys: {none: {id: {eq: 9}}}}]}",
            "query A($n: Int! = 1) { owner(by: {id: $n}) { id } }",
            'query A($p: PetInput = {name: "a", mood: SAD}) { echo(text: "a", pet: $p) }',
            "query A($o: [OwnerOrderBy!] = {name: DESC}) { owners(orderBy: $o) { id } }",
        ),
        (
            "{ echo(text: 1) }",
            "{ echo(text: null) }",
            '{ echo(text: ["a"]) }',
            ECHO % 'times: "2"',
            ECHO % "times: 2.0",
            ECHO % "times: 829384293849283498239482938",
            ECHO % "times: null",
            ECHO % 'ratio: "1", ident: 1.5, flag: 1',
            ECHO % "mood: GLADD",
            ECHO % 'mood: "GLAD"',
            ECHO % "mood: true, pet: 4",
            ECHO % "pet: {}",
            ECHO % 'pet: {name: "a", mood: null}',
            ECHO % 'pet: {name: "a", agee: 2}',
            ECHO % 'pet: {name: "a", inner: {name: "b", tags: ["x", 1, null]}}',
            '{ being @skip(if: "no") { name } owners(limit: 1.5) { id } }',
            BY % "{}",
            BY % '{id: 1, name: "Ada"}',
            BY % "{id: null}",
            BY % '{nam: "Ada"}',
            BY % "null",
            "{ owners(orderBy: [{id: ASC, name: ASC}, {toys: {}}, {id: UP}]) { id } }",
            WHERE % '{id: {eq: "1"}}',
            WHERE % '{idd: {eq: 1}, name: {contain: "a"}}',
            WHERE % "{id: {in: [1, null]}, or: [null], toys: {some: {label: 5}}}",
            '{ totals(groupBy: [nam], having: {count: {gt: "1"}}) { count } }',
            '{ pages(first: "1") { totalCount(mode: MANY, cap: null) } }',
            (
                'query A($p: PetInput = {age: "1"}, $t: [String!] = [null]) '
                '{ echo(text: "a", pet: $p, value: $t) }'
            ),
            'query A($b: OwnerBy! = {id: 1, name: "x"}) { owner(by: $b) { id } }',
            'mutation { createOwner(input: {id: "1", name: 5, extra: 1}) { id } }',
            'mutation { createManyOwner(input: [{id: 5}, {name: "x"}]) { id } }',
        ),
    ),
    "ProvidedRequiredArgumentsRule": Cases(
        (
            f'{{ {E} being {{ ... on Dog {{ barks obeys(command: "sit") }} }} }}',
            'query A($c: String! = "sit") { being { ... on Dog { obeys(command: $c) } } }',
        ),
        (
            "{ echo }",
            "{ echo(times: 2) owner { id } }",
            "{ being @skip { name ... on Dog { obeys } } }",
            "{ being { ... @include { name } } }",
            "mutation { shout deleteOwner { id } createOwner { id } }",
        ),
    ),
    "VariablesInAllowedPositionRule": Cases(
        (
            'query A($x: String! = "a", $n: Int) { echo(text: $x) owners(limit: $n) { id } }',
            'query A($n: Int = 3) { echo(text: "a", times: $n) }',
            "query A($i: [Int!]) { owners(where: {id: {in: $i}}) { id } }",
            "query A($i: Int! = 2) { owners(where: {id: {in: [1, $i]}}) { id } }",
            "query A($b: Boolean = true) { being @include(if: $b) { name } }",
            'query A($m: Mood) { echo(text: "a", mood: $m, pet: {name: "a", mood: $m}) }',
        ),
        (
            "query A($x: String) { echo(text: $x) }",
            "query A($x: Int!) { echo(text: $x) }",
            (
                "query A($x: String) { ...F } fragment F on Query { ...G } "
                "fragment G on Query { echo(text: $x) }"
            ),
            "query A($s: String = null) { echo(text: $s) }",
            "query A($i: [Int]) { owners(where: {id: {in: $i}}) { id } }",
            "query A($i: Int) { owners(where: {id: {in: [1, $i]}}) { id } }",
            "query A($b: Boolean) { being @include(if: $b) { name } }",
            "query A($w: ToyWhere) { owners(where: $w) { id } }",
            "query A($w: OwnerWhere) { owners(where: {and: [$w]}) { id } }",
            "query A($d: OrderDirection) { owners(orderBy: [{toys: {count: $d}}]) { id } }",
            (
                "query A { being { name } } mutation B($c: CreateOwnerInput) "
                "{ createOwner(input: $c) { id } }"
            ),
        ),
    ),
    "OverlappingFieldsCanBeMergedRule": Cases(
        (
            "{ being { name name n: name } being { ... on Dog { volume } } }",
            "{ being { ... on Dog { n: volume } ... on Cat { n: lives } } }",
            "{ owners(limit: 1) { id } owners(limit: 1) { name } two: owners(limit: 2) { id } }",
            "{ being { ...F ...F } } fragment F on Being { name ... on Dog { barks } }",
            "query A($x: Int = 1) { owners(limit: $x) { id } owners(limit: $x) { toys { id } } }",
        ),
        (
            "{ being { n: name n: __typename } }",
            "{ owners(limit: 1) { id } owners(limit: 2) { id } }",
            "{ owners { toys(limit: 1) { id } } owners { toys { id } } }",
            "{ being { ... on Dog { volume } ... on Cat { volume } } }",
            "{ being { ... on Dog { x: barks(loud: true) x: barks(loud: false) } } }",
            (
                "{ being { ...F ...G } } fragment F on Being { x: name } "
                "fragment G on Being { x: __typename }"
            ),
            "{ a: being { name } a: things { __typename } }",
            (
                "{ owners { x: id ...F } } fragment F on Owner { ...G } "
                "fragment G on Owner { x: name }"
            ),
            "{ pages(first: 1) { totalCount } pages(last: 1) { totalCount } }",
            "{ pages { totalCount totalCount(mode: CAPPED) } }",
        ),
    ),
    "UniqueInputFieldNamesRule": Cases(
        (
            ECHO % 'pet: {name: "a", inner: {name: "b"}}',
            WHERE % "{id: {eq: 1}, and: [{id: {eq: 1}}]}",
        ),
        (
            ECHO % 'pet: {name: "a", name: "b", name: "c"}',
            WHERE % "{id: {eq: 1, eq: 2}, id: {}}",
            BY % "{id: 1, id: 2}",
            ECHO % "value: {a: {b: 1, b: 2}}",
        ),
    ),
    "MaxIntrospectionDepthRule": Cases(
        (
            "{ __schema { types { name fields { name } } } }",
            '{ __type(name: "Dog") { fields { type { name ofType { name } } } } }',
        ),
        (
            TYPES,
            (
                '{ __type(name: "Dog") { ...F } } fragment F on __Type { fields { type { '
                "interfaces { possibleTypes { name } } } } }"
            ),
        ),
    ),
}
