"""Operations that must be refused, each with a message that helps."""

from fraiseql.demo.tour.operation import Refusal

REFUSALS = (
    Refusal(
        "an unknown field",
        "{ flights { destination } }",
        "Cannot query field 'destination' on type 'Flight'",
    ),
    Refusal(
        "an unknown operator",
        "{ flights(where: {dest: {equals: 1}}) { id } }",
        "unknown field 'equals'",
    ),
    Refusal(
        "a number where a text belongs",
        '{ flights(where: {id: {eq: "one"}}) { id } }',
        "Int cannot represent",
    ),
    Refusal(
        "a variable of the wrong form",
        "query ($day: Date!) { flights(where: {flownOn: {eq: $day}}) { id } }",
        "$day",
        variables={"day": "the fourth of July"},
    ),
    Refusal("a document that ends too soon", "{ flights { id ", "Syntax Error"),
    Refusal(
        "a key argument left out",
        "{ airline { name } }",
        "'Query.airline(carrier:)' of type 'String!' is required",
    ),
)
