"""The staff: one type stored in every way, with fields, arguments and operations that need a right.

A right is a letter in the context's ``rights``. ``answer`` is the oracle: graphql-core over dicts.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from operator import eq, gt, lt
from typing import Annotated, Any, Final

from graphql import ExecutionResult, GraphQLError, GraphQLResolveInfo, execute_sync, parse

import fraiseql
from fraiseql.repositories import Repository
from fraiseql.schema import Schema
from fraiseql.schema.orders import parse_term

RIGHTS: Final = "NSCPTLUAOM"
STORED: Final[Mapping[str, Any]] = {
    "live": None,
    "column": fraiseql.GeneratedColumn(),
    "projection": fraiseql.Projection(),
    "view": fraiseql.MaterializedView(refresh="1h"),
}
CACHES: Final[Mapping[str, fraiseql.Cache]] = {
    "memory": fraiseql.Cache(),
    "logged": fraiseql.Cache(store="logged"),
    "redis": fraiseql.Cache(store="redis"),
}

STAFF: Final = [
    {"id": n, "name": f"name {n % 3}", "salary": n * 7 % 5 * 10, "city_id": 1 + n % 2}
    for n in range(1, 6)
]
CITIES: Final = [{"id": 1, "name": "Oslo"}, {"id": 2, "name": "Roma"}]
TASKS: Final = [{"id": n, "staff_id": 1 + n % 5, "title": f"task {n}"} for n in range(1, 9)]

MEMBERS: Final = [
    {"__typename": "Boss", "id": 1, "bonus": 5},
    {"__typename": "Hand", "id": 2},
    {"__typename": "Boss", "id": 3, "bonus": 6},
]


def tables() -> str:
    """Return the SQL that creates and fills the tables."""
    parts = [
        "CREATE TABLE city (id int PRIMARY KEY, name text NOT NULL)",
        *[f"INSERT INTO city VALUES ({row['id']}, '{row['name']}')" for row in CITIES],
        "CREATE TABLE task (id int PRIMARY KEY, staff_id int NOT NULL, title text NOT NULL)",
        *[f"INSERT INTO task VALUES ({r['id']}, {r['staff_id']}, '{r['title']}')" for r in TASKS],
    ]
    for name in STORED:
        columns = "id int PRIMARY KEY, name text NOT NULL, salary int, city_id int NOT NULL"
        parts.append(f"CREATE TABLE staff_{name} ({columns})")
        for row in STAFF:
            values = f"{row['id']}, '{row['name']}', {row['salary']}, {row['city_id']}"
            parts.append(f"INSERT INTO staff_{name} VALUES ({values})")
    return "; ".join(parts)


def right(letter: str) -> Callable[[Mapping[str, Any]], Any]:
    """Return the check of one right; every second one is async."""

    def check(context: Mapping[str, Any]) -> bool:
        context["evaluated"].append(letter)
        return letter in context["rights"]

    async def later(context: Mapping[str, Any]) -> bool:
        await asyncio.sleep(0)
        return check(context)

    chosen: Any = later if RIGHTS.index(letter) % 2 else check
    chosen.__name__ = letter
    return chosen


@dataclass(frozen=True)
class Needs:
    """Options of the places that need rights.

    Attributes:
        hide: Whether places are hidden from requests without their right.
        lacking: Rights whose places are not declared at all.
    """

    hide: bool = False
    lacking: str = ""
    checks: dict[str, Any] = field(default_factory=lambda: {each: right(each) for each in RIGHTS})

    def options(self, letter: str) -> dict[str, Any]:
        """Return ``requires`` and ``hide``."""
        return {"requires": self.checks[letter], "hide": self.hide}

    def declares(self, letters: str) -> bool:
        """Whether a place that needs one of these rights is declared."""
        return not set(letters) & set(self.lacking)

    def argument(self, letter: str) -> Any:
        """Return the requirement of an argument."""
        return fraiseql.Requires(self.checks[letter], self.hide)


def application(*, hide: bool = False, lacking: str = "") -> dict[str, Any]:
    """Return the arguments of ``create_app``.

    Args:
        hide: Whether places are hidden from requests without their right.
        lacking: Rights whose places are not declared at all.
    """
    has = Needs(hide, lacking)

    @fraiseql.type(sql_source="city", **has.options("C"))
    class City:
        id: int
        name: str

    task = {"id": int, "title": str} if has.declares("T") else {"id": int}
    body = {"title": fraiseql.field(**has.options("T"))} if has.declares("T") else {}
    task_class = type("Task", (), {"__annotations__": task, **body})
    Task: Any = fraiseql.type(sql_source="task")(task_class)  # noqa: N806 - a class

    queries: list[Any] = [_members(has)]
    for name, stored in STORED.items():
        staff = _staff(name, stored, City, Task, has)
        caches = CACHES if name in ("live", "projection") else {}
        for kind, cache in {"plain": None, **caches}.items():
            by = "salary" if has.declares("S") else ()
            queries += [
                fraiseql.find(f"{name}_{kind}", staff, by=by, cache=cache),
                fraiseql.find_one(f"{name}_{kind}_one", staff, by="id", cache=cache),
                fraiseql.connection(f"{name}_{kind}_pages", staff, by=by, cache=cache),
            ]
            if has.declares("N"):
                queries.append(
                    fraiseql.find_one(f"{name}_{kind}_named", staff, by="name", cache=cache)
                )
        queries += _by_python(name, staff, has)
    return {"queries": queries}


def _members(has: Needs) -> Any:
    """Return a resolver of a union with a type that needs a right."""

    @fraiseql.type(**has.options("M"))
    class Boss:
        id: int
        bonus: int

    @fraiseql.type
    class Hand:
        id: int

    union = fraiseql.union("Member", [Boss, Hand] if has.declares("M") else [Hand])

    def members() -> Any:
        return [*MEMBERS]

    members.__annotations__["return"] = list[union | None]
    return fraiseql.query(name="liveMembers")(members)


def _staff(name: str, stored: Any, city: Any, task: Any, has: Needs) -> Any:
    fields: dict[str, Any] = {"id": int, "name": str, "salary": int | None}
    body: dict[str, Any] = {
        "name": fraiseql.field(**has.options("N")),
        "salary": fraiseql.field(**has.options("S")),
        "label": fraiseql.field(needs=["name"])(_label),
        "pay": fraiseql.field(needs=["salary"], **has.options("L"))(_pay),
        "times": fraiseql.field(needs=["id"])(_times(has)),
    }
    if name != "column":
        fields |= {"city": city | None, "tasks": list[task]}
        body["city"] = fraiseql.embed("city", via="city_id")
        body["tasks"] = fraiseql.embed("task", on="staff_id", limit=9, **has.options("P"))
    needed = {"name": "N", "salary": "S", "label": "N", "pay": "L", "city": "C", "tasks": "P"}
    for each, letters in needed.items():
        if not has.declares(letters):
            fields.pop(each, None)
            body.pop(each, None)
    if not has.declares("S") and "pay" in body:
        # It reads the undeclared column in its own way.
        body["pay"] = fraiseql.field(needs=["id"], **has.options("L"))(_pay_by_id)
    class_ = type(f"Staff{name.title()}", (), {"__annotations__": fields, **body})
    return fraiseql.type(sql_source=f"staff_{name}", stored=stored)(class_)


def _label(self: Any) -> str:
    return f"label of {self.name}"


def _pay(self: Any) -> int:
    return self.salary // 10


def _pay_by_id(self: Any) -> int:
    return STAFF[self.id - 1]["salary"] // 10


def _times(has: Needs) -> Any:
    def times(self: Any, factor: Annotated[int, has.argument("U")] = 2) -> int:
        return self.id * factor

    def twice(self: Any) -> int:
        return self.id * 2

    return times if has.declares("U") else twice


def _by_python(name: str, staff: Any, has: Needs) -> list[Any]:
    """Return resolvers that read rows, and that return objects."""
    where, order_by = fraiseql.Where[staff] | None, fraiseql.OrderBy[staff] | None

    async def rows(info: fraiseql.Info, where: Any = None, order_by: Any = None) -> Any:
        repo = Repository(info.context["db"], info.context)
        return await repo.find(f"staff_{name}", where=where, order_by=order_by or ["id"])

    def objects(limit: int = 3) -> Any:
        kept = [{**row, "city": None, "tasks": []} for row in STAFF[:limit]]
        return [{key: row[key] for key in row if key != "city_id"} for row in kept]

    def three() -> Any:
        return objects()

    rows.__annotations__ |= {"where": where, "order_by": order_by, "return": list[staff]}
    objects.__annotations__ |= {
        "limit": Annotated[int, has.argument("A")],
        "return": list[staff],
    }
    three.__annotations__["return"] = list[staff]
    tags = (f"staff_{name}", "city", "task")
    made = fraiseql.query(name=f"{name}Rows", cache=fraiseql.Cache(tags=tags))(_named(rows, name))
    if not has.declares("O"):
        return [made]
    listed = _named(objects if has.declares("A") else three, name)
    return [made, fraiseql.query(name=f"{name}Objects", **has.options("O"))(listed)]


def _named(function: Any, name: str) -> Any:
    function.__name__ = f"{function.__name__}_{name}"
    return function


def _connection(rows: list[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    first, last = arguments.get("first"), arguments.get("last")
    start = 0 if last is None else max(len(rows) - last, 0)
    end = len(rows) if first is None else first
    return {
        "edges": [{"node": row} for row in rows[start:end]],
        "nodes": rows[start:end],
        "pageInfo": {"hasNextPage": end < len(rows), "hasPreviousPage": start > 0},
        "totalCount": len(rows),
        "totalCountKind": "EXACT",
    }


_DENIED: Final = GraphQLError("not allowed", extensions={"code": "FORBIDDEN"})


class Oracle:
    """graphql-core over the rows as dicts.

    Args:
        schema: The application's schema.
        rights: The rights of the request.
    """

    def __init__(self, schema: Schema, rights: Collection[str]) -> None:
        self._schema = schema.graphql
        self._rights = rights

    def answer(self, text: str, variables: dict[str, Any]) -> ExecutionResult:
        """Execute an operation."""
        result = execute_sync(
            self._schema,
            parse(text),
            root_value={},
            variable_values=variables,
            field_resolver=self._field,
            type_resolver=lambda value, *_: value["__typename"],
        )
        assert isinstance(result, ExecutionResult)
        return result

    def _require(self, *letters: str) -> None:
        if not set(letters) <= set(self._rights):
            raise _DENIED

    def _field(self, source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        name = info.field_name
        if info.parent_type.name == "Query":
            return self._root(name, arguments)
        resolve: Mapping[str, tuple[str, Callable[[], Any]]] = {
            "name": ("N" if "salary" in source else "C", lambda: source["name"]),
            "salary": ("S", lambda: source["salary"]),
            "label": ("N", lambda: f"label of {source['name']}"),
            "pay": ("L", lambda: source["salary"] // 10),
            "city": ("C", lambda: _city(source)),
            "tasks": ("P", lambda: _tasks(source)),
            "title": ("T", lambda: source["title"]),
        }
        if name == "times":
            # The oracle's schema has the default; the writer always writes the argument out.
            self._require(*("U" if arguments["factor"] != 2 else ""))
            return source["id"] * arguments["factor"]
        if name in resolve:
            letter, value = resolve[name]
            self._require(letter)
            return value()
        return source[name]

    def _root(self, name: str, arguments: dict[str, Any]) -> Any:
        if name.endswith("Objects"):
            self._require("O", *("A" if arguments["limit"] != 3 else ""))
            return [{**row, "embeds": False} for row in STAFF[: arguments["limit"]]]
        if name.endswith("Members"):
            denied = "M" not in self._rights
            return [_DENIED if denied and m["__typename"] == "Boss" else m for m in MEMBERS]
        if name.endswith("One"):
            return next((row for row in STAFF if row["id"] == arguments["id"]), None)
        if name.endswith("Named"):
            self._require("N")
            return next((row for row in STAFF if row["name"] == arguments["name"]), None)
        if "salary" in arguments:
            self._require("S")
        rows = [row for row in STAFF if self._holds(row, arguments.get("where") or {})]
        if "salary" in arguments:
            rows = [row for row in rows if row["salary"] == arguments["salary"]]
        for term in reversed(arguments.get("order_by") or []):
            key = parse_term(term).name
            self._compares(key, STAFF[0])
            rows.sort(key=lambda row: row[key], reverse=term.startswith("-"))
        return _connection(rows, arguments) if name.endswith("Pages") else rows

    def _holds(self, row: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
        # Every condition is visited: a denied one is an error, whatever the others say.
        held = [self._one_holds(row, key, value) for key, value in where.items()]
        return all(held)

    def _one_holds(self, row: Mapping[str, Any], key: str, value: Any) -> bool:
        if key in ("and", "or"):
            parts = [self._holds(row, part) for part in value]
            return all(parts) if key == "and" else any(parts)
        if key == "not":
            return not self._holds(row, value)
        self._compares(key, row)
        if key == "city":
            return self._holds(_city(row), value)
        if key == "tasks":
            held = [self._some(how, _tasks(row), part) for how, part in value.items()]
            return all(held)
        compare = {"eq": eq, "gt": gt, "lt": lt}
        return all(compare[name](row[key], operand) for name, operand in value.items())

    def _some(self, how: str, tasks: Any, where: Mapping[str, Any]) -> bool:
        self._holds(TASKS[0], where)
        return {"some": any, "every": all}[how]([self._holds(task, where) for task in tasks])

    def _compares(self, key: str, row: Mapping[str, Any]) -> None:
        if "salary" not in row and "title" not in row:
            self._require("C")
        elif key != "name" or "salary" in row:
            needed = {"name": "N", "salary": "S", "title": "T", "tasks": "P", "city": "C"}
            self._require(*needed.get(key, ""))


def _city(source: Mapping[str, Any]) -> Any:
    if source.get("embeds") is False:
        return None
    return next(row for row in CITIES if row["id"] == source["city_id"])


def _tasks(source: Mapping[str, Any]) -> Any:
    if source.get("embeds") is False:
        return []
    return [row for row in TASKS if row["staff_id"] == source["id"]]
