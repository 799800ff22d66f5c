"""Mutations in Python: one transaction each, in order, answered with their writes."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql.repositories import Repository
from fraiseql.serving import Request
from fraiseql.usual_hints import HINTS
from tests.integration.serving.served import Served, served

TABLES = """
CREATE TABLE account (
    id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, owner text NOT NULL,
    email varchar(20) UNIQUE, balance int NOT NULL DEFAULT 0 CHECK (balance >= 0)
);
COMMENT ON CONSTRAINT account_balance_check ON account IS 'The balance must not be negative.';
CREATE TABLE entry (
    id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, amount int NOT NULL,
    account_id int NOT NULL REFERENCES account DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO account (owner, email, balance) VALUES ('Ada', 'ada@x', 10), ('Alan', 'alan@x', 0);
"""


@fraiseql.type(sql_source="entry")
class Entry:
    id: int
    amount: int


@fraiseql.type(sql_source="account")
class Account:
    id: int
    owner: str
    email: str | None
    balance: int
    entries: list[Entry] = fraiseql.embed("entry", on="account_id", order_by="id", limit=5)

    @fraiseql.field(needs=["id"])
    async def seen(self, info: fraiseql.Info) -> int:
        """Count the entries, on whatever connection the context has."""
        sql = "SELECT count(*) FROM entry WHERE account_id = $1"
        count: int = await info.context["db"].fetchval(sql, self.id)
        return count

    @fraiseql.field(needs=["id"])
    def broken(self) -> int:
        raise fraiseql.InputError("Broken.")


@fraiseql.input
class NewAccount:
    owner: str
    email: str | None = None
    balance: int = 0


async def stored(info: fraiseql.Info, account_id: int) -> Any:
    return await Repository(info.context["db"], info.context).find_one("account", id=account_id)


@fraiseql.mutation
async def open_account(info: fraiseql.Info, account: NewAccount) -> Account:
    """Open an account."""
    number = await info.context["db"].fetchval(
        "INSERT INTO account (owner, email, balance) VALUES ($1, $2, $3) RETURNING id",
        account.owner,
        account.email,
        account.balance,
    )
    return await stored(info, number)


@fraiseql.mutation
async def pay(
    info: fraiseql.Info, account_id: int, amount: int, fail: bool = False
) -> Account | None:
    db = info.context["db"]
    await db.execute("INSERT INTO entry (account_id, amount) VALUES ($1, $2)", account_id, amount)
    await db.execute("UPDATE account SET balance = balance + $2 WHERE id = $1", account_id, amount)
    if fail:
        raise fraiseql.InputError("Not today.", path=("amount",))
    return await stored(info, account_id)


@fraiseql.mutation
async def swallow(info: fraiseql.Info) -> bool | None:
    try:
        await info.context["db"].execute("UPDATE account SET balance = -1 WHERE id = 1")
    except fraiseql.DatabaseError:
        return True
    return False


@fraiseql.mutation
async def try_out(info: fraiseql.Info) -> int | None:
    db = info.context["db"]
    try:
        async with db.transaction(readonly=False) as block:
            await block.execute("UPDATE account SET balance = 77")
            await block.execute("UPDATE account SET balance = -1")
    except fraiseql.DatabaseError:
        await db.execute("UPDATE account SET balance = balance + 1 WHERE id = 1")
    balance: int = await db.fetchval("SELECT balance FROM account WHERE id = 1")
    return balance


@fraiseql.mutation
async def hurry(info: fraiseql.Info) -> bool | None:
    db = info.context["db"]
    try:
        async with asyncio.timeout(None) as deadline, db.transaction(readonly=False) as block:
            await block.execute("UPDATE account SET balance = 77")
            deadline.reschedule(0)
            await asyncio.sleep(9)
    except TimeoutError:
        return True
    return False


@fraiseql.mutation
async def overlap(info: fraiseql.Info) -> list[str]:
    db = info.context["db"]

    async def add(amount: int) -> None:
        async with db.transaction(readonly=False) as block:
            await block.execute("UPDATE account SET balance = balance + $1 WHERE id = 1", amount)
            async with block.transaction() as nested:
                await asyncio.gather(nested.fetch("SELECT 1"), nested.fetch("SELECT 2"))
            if amount == 1:
                raise ValueError("undone")

    done = await asyncio.gather(*[add(amount) for amount in (4, 1)], return_exceptions=True)
    await add(2)
    return [type(error).__name__ for error in done if error]


@fraiseql.mutation
async def say(info: fraiseql.Info, words: str) -> bool | None:
    await info.context["db"].execute(
        f"DO $$ BEGIN RAISE '{words}' USING HINT = 'Speak.', COLUMN = 'words'; END $$"
    )
    return True


@fraiseql.mutation
async def gather(info: fraiseql.Info) -> int | None:
    db = info.context["db"]
    return sum(await asyncio.gather(*[db.fetchval("SELECT $1::int", n) for n in range(5)]))


@fraiseql.input
class Changes:
    owner: str | None = fraiseql.UNSET
    email: str | None = fraiseql.UNSET


@fraiseql.mutation
def unset_or_null(
    changes: Changes, owner: str | None = fraiseql.UNSET, email: str | None = "x"
) -> list[str]:
    return [repr(changes.owner), repr(changes.email), repr(owner), repr(email)]


MUTATIONS = [unset_or_null, open_account, pay, swallow, try_out, hurry, overlap, say, gather]
QUERIES = [fraiseql.find("accounts", Account, order_by="id")]


@pytest.fixture(scope="module")
def bank(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES, mutations=MUTATIONS) as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(bank: Served) -> None:
    bank.execute(
        "TRUNCATE entry, account RESTART IDENTITY; INSERT INTO account (owner, email, balance)"
        " VALUES ('Ada', 'ada@x', 10), ('Alan', 'alan@x', 0)"
    )


def balances(bank: Served) -> list[int]:
    return [row["balance"] for row in bank.fetch("SELECT balance FROM account ORDER BY id")]


def test_an_insert_is_answered_through_the_planned_selection(bank: Served) -> None:
    opened = bank.data(
        "mutation New($new: NewAccount!) { made: openAccount(account: $new) { id owner balance } }",
        {"new": {"owner": "Grace", "balance": 3}},
    )
    assert opened == {"made": {"id": 3, "owner": "Grace", "balance": 3}}
    assert balances(bank) == [10, 0, 3]
    assert bank.data("{ accounts { id } }")["accounts"][-1] == {"id": 3}


def test_embeds_and_computed_fields_have_the_write(bank: Served) -> None:
    paid = bank.data(
        "mutation { pay(accountId: 1, amount: 5) { balance seen entries { amount } } }"
    )
    assert paid["pay"] == {"balance": 15, "seen": 1, "entries": [{"amount": 5}]}


def test_root_fields_run_in_order_and_see_each_other(bank: Served) -> None:
    answer = bank.data(
        "mutation { __typename a: pay(accountId: 1, amount: 5) { balance }"
        " b: pay(accountId: 1, amount: -15) { balance }"
        " c: pay(accountId: 1, amount: 1) { balance } }"
    )
    assert answer == {
        "__typename": "Mutation",
        "a": {"balance": 15},
        "b": {"balance": 0},
        "c": {"balance": 1},
    }


def test_an_exception_undoes_its_field_only(bank: Served) -> None:
    answer = bank.ask(
        "mutation { a: pay(accountId: 1, amount: 5) { balance }"
        " b: pay(accountId: 1, amount: 5, fail: true) { balance }"
        " c: pay(accountId: 2, amount: 1) { balance } }"
    )
    assert answer["data"] == {"a": {"balance": 15}, "b": None, "c": {"balance": 1}}
    (error,) = answer["errors"]
    assert error["path"] == ["b"]
    assert error["extensions"] == {
        "code": "BAD_USER_INPUT",
        "hint": HINTS["BAD_USER_INPUT"],
        "input": ["amount"],
    }
    assert balances(bank) == [15, 1]


def test_a_failed_non_null_field_ends_the_operation(bank: Served) -> None:
    answer = bank.ask(
        'mutation { a: pay(accountId: 1, amount: 5) { id } b: openAccount(account: {owner: "x",'
        " balance: -1}) { id } c: pay(accountId: 2, amount: 1) { id } }"
    )
    assert answer["data"] is None
    assert [error["path"] for error in answer["errors"]] == [["b"]]
    assert balances(bank) == [15, 0]


def test_a_nested_error_leaves_the_write(bank: Served) -> None:
    answer = bank.ask("mutation { pay(accountId: 1, amount: 5) { balance } }")
    assert "errors" not in answer
    answer = bank.ask("mutation { pay(accountId: 1, amount: 5) { broken } }")
    assert answer["data"] == {"pay": None}
    assert balances(bank)[0] == 15, "a field that is null because of an error writes nothing"


@pytest.mark.parametrize(
    ("operation", "code", "path", "message"),
    [
        (
            'openAccount(account: {owner: "x", email: "ada@x"}) { id }',
            "UNIQUE_VIOLATION",
            ["account", "email"],
            "A row with the same email exists.",
        ),
        (
            'openAccount(account: {owner: "x", balance: -1}) { id }',
            "CHECK_VIOLATION",
            ["account", "balance"],
            "The balance must not be negative.",
        ),
        (
            f'openAccount(account: {{owner: "x", email: "{"e" * 21}"}}) {{ id }}',
            "VALUE_TOO_LONG",
            None,
            "A text is too long for its column.",
        ),
        (
            "pay(accountId: 9, amount: 1) { id }",
            "FOREIGN_KEY_VIOLATION",
            ["accountId"],
            "account_id would refer to a row that does not exist.",
        ),
        ('say(words: "No way")', "RAISE_EXCEPTION", ["words"], "No way"),
    ],
)
def test_the_database_refuses_with_code_message_and_place(
    bank: Served, operation: str, code: str, path: list[str] | None, message: str
) -> None:
    error = bank.error(f"mutation {{ it: {operation} }}")
    assert (error["message"], error["path"]) == (message, ["it"])
    assert error["extensions"]["code"] == code
    assert error["extensions"].get("input") == path
    assert "id" not in error["extensions"], "there is nothing hidden to look up"
    assert len(balances(bank)) == 2


def test_a_deferred_constraint_refuses_at_the_commit(bank: Served) -> None:
    answer = bank.ask("mutation { pay(accountId: 9, amount: 1) { id } }")
    assert answer["data"] == {"pay": None}
    assert bank.fetch("SELECT * FROM entry") == []


def test_a_swallowed_error_does_not_commit(bank: Served) -> None:
    error = bank.error("mutation { swallow }")
    assert error["extensions"]["code"] == "DATABASE_ERROR"
    assert balances(bank) == [10, 0]


def test_a_block_of_the_transaction_is_a_savepoint(bank: Served) -> None:
    assert bank.data("mutation { tryOut }") == {"tryOut": 11}
    assert balances(bank) == [11, 0]


def test_a_cancelled_block_writes_nothing(bank: Served) -> None:
    assert bank.error("mutation { hurry }")["extensions"]["code"] == "DATABASE_ERROR"
    assert balances(bank) == [10, 0]


def test_blocks_of_two_tasks_do_not_mix_their_writes(bank: Served) -> None:
    assert bank.data("mutation { overlap }") == {"overlap": ["DatabaseError"]}
    assert balances(bank) == [16, 0]


def test_statements_at_the_same_time_wait_for_each_other(bank: Served) -> None:
    assert bank.data("mutation { gather }") == {"gather": 10}


def test_an_explanation_does_not_write(bank: Served) -> None:
    request = Request("mutation { pay(accountId: 1, amount: 5) { balance } }")
    explanation = bank.run(bank.service.explain(request, analyze=True))
    assert "pay" in explanation.plan
    assert balances(bank) == [10, 0]


def test_an_operation_without_fields_is_answered(bank: Served) -> None:
    assert bank.data("mutation { pay(accountId: 1, amount: 5) @skip(if: true) { id } }") == {}
    assert balances(bank) == [10, 0]


def test_a_get_request_does_not_write(bank: Served) -> None:
    query = "mutation { pay(accountId: 1, amount: 5) { id } }"
    for balance in (10, 15, 20):
        error = bank.error(query, read_only=True)
        assert error["extensions"]["code"] == "OPERATION_NOT_SUPPORTED"
        assert balances(bank) == [balance, 0]
        bank.data(query)


def test_absent_and_null_are_distinguished(bank: Served) -> None:
    query = (
        "mutation ($owner: String, $email: String) { v: unsetOrNull(changes: {owner: $owner, email:"
        " $email}, owner: $owner, email: $email) }"
    )
    absent = bank.data(query, {})["v"]
    assert absent == ["UNSET", "UNSET", "UNSET", "'x'"]
    null = bank.data(query, {"owner": None, "email": None})["v"]
    assert null == ["None", "None", "None", "None"]
    unknown = bank.ask("mutation { unsetOrNull(changes: {ownr: null}) }")
    assert unknown["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_unset_of_a_type_without_null_is_refused() -> None:
    @fraiseql.mutation
    def rename(name: str = fraiseql.UNSET) -> bool:
        return bool(name)

    with pytest.raises(fraiseql.DeclarationError, match="has default UNSET"):
        fraiseql.build_schema(queries=QUERIES, mutations=[rename])


def test_introspection_has_the_root_type(bank: Served) -> None:
    types = bank.data("{ __schema { mutationType { fields { name description } } } }")
    fields = types["__schema"]["mutationType"]["fields"]
    assert fields[1] == {"name": "openAccount", "description": "Open an account."}
