"""The tour of the demo has the same answers from Python and from the native engine."""

from typing import Any

from fraiseql.demo.application import create_demo
from fraiseql.demo.tour import OPERATIONS
from fraiseql.serving import Request
from tests.integration.serving.native_answers import answering


async def test_the_tour_has_the_same_answers_unless_a_reason_is_explained(flights: str) -> None:
    async with answering(create_demo(flights)) as answers:
        service: Any = answers.app.service
        natively = 0
        for operation in OPERATIONS:
            variables = dict(operation.variables)
            request = answers.post(operation.query, variables)
            await answers.python(request)
            explained = await service.explain(Request(operation.query, variables=variables))
            native = await answers.same(request)
            assert native == (explained.python == ""), (operation.name, explained.python)
            natively += native
        assert natively >= 5
