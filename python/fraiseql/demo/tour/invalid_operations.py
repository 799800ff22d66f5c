"""Operations that must be refused, each with a message that helps."""

from fraiseql.demo.tour.operation import InvalidOperation

INVALID = (
    InvalidOperation(
        "an unknown field",
        "{ flights { destination } }",
        "Cannot query field 'destination' on type 'Flight'",
    ),
    InvalidOperation(
        "an unknown operator",
        "{ flights(where: {dest: {equals: 1}}) { id } }",
        "unknown field 'equals'",
    ),
    InvalidOperation(
        "a number where a text belongs",
        '{ flights(where: {id: {eq: "one"}}) { id } }',
        "Int cannot represent",
    ),
    InvalidOperation(
        "a variable of the wrong form",
        "query ($day: Date!) { flights(where: {flownOn: {eq: $day}}) { id } }",
        "$day",
        variables={"day": "the fourth of July"},
    ),
    InvalidOperation("a document that ends too soon", "{ flights { id ", "Syntax Error"),
    InvalidOperation(
        "a key argument left out",
        "{ airline { name } }",
        "'Query.airline(carrier:)' of type 'String!' is required",
    ),
)
