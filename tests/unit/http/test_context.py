"""Checks of the result of the context hook."""

import asyncio
from typing import Any

import pytest

from fraiseql.errors import ConfigurationError
from fraiseql.http.context import add_context


def context_of(returned: Any) -> dict[str, Any]:
    def hook(_request: Any) -> Any:
        return returned

    async def later(_request: Any) -> Any:
        return returned

    contexts: list[dict[str, Any]] = [{"request": None}, {"request": None}]
    asyncio.run(add_context(hook, contexts[0]))
    asyncio.run(add_context(later, contexts[1]))
    assert contexts[0] == contexts[1]
    return contexts[0]


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, "returned None, not a mapping"),
        ([("role", "a")], "returned a list, not a mapping"),
        ("role", "returned a str"),
        ({"roles": ["a"]}, "returned 'roles', which sets nothing"),
        ({"Role": "a"}, "Write 'role'"),
        ({"_role": "a"}, "Write 'role'"),
        ({"sesion": {}}, "Write 'session'"),
        ({"sessions": {}, "role": "a"}, "Write 'session'"),
        ({"session": [("app.tenant", "7")]}, "a session that is a list"),
        ({"session": "app.tenant"}, "a session that is a str"),
    ],
)
def test_a_mistake_is_said_with_the_name_of_the_hook(returned: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        context_of(returned)
    assert "hook" in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "returned",
    [
        {},
        {"role": None, "session": None},
        {"role": "reader", "roles": ["reader", "editor"]},
        {"role": None, "roles": ["reader"]},
        {"user": 1, "rules": [], "session_id": "x", "session": {"app.tenant": "7"}},
    ],
)
def test_other_entries_are_the_applications_own(returned: Any) -> None:
    assert context_of(returned) == {"request": None, **returned}
