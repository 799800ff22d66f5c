"""Workloads with a known best change of storage: the advice names it within its first two."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from fraiseql.cli.main import main
from fraiseql.database import open_pool
from fraiseql.events import Timings
from fraiseql.operating.advise.advising import AdviceReport, AdviseOptions, advise
from fraiseql.operating.advise.document_times import DocumentTimes
from fraiseql.operating.advise.forms import open_form
from fraiseql.operating.advise.table_facts import load_table_facts
from fraiseql.operating.advise.workload import WorkloadStatement
from fraiseql.serving import Request
from fraiseql.settings import Settings
from tests.integration.operating.advised import TABLES, app_of
from tests.integration.operating.scratch import Scratches
from tests.integration.operating.traced import Traced

MOST_WRONG = 2
"""Of the cases with a known best, so many may have another in their first two places."""


@dataclass(frozen=True)
class Case:
    """A workload.

    Attributes:
        name: Name of the operation, and of the case.
        query: Its text after the name.
        best: Texts of which the title of the best advice contains one; empty if nothing pays.
        write_share: Share of writes among reads and writes.
        ms: Time of a run in the trace: that of a quiet machine, whatever this one does.
        runs: Runs in the trace.
    """

    name: str
    query: str
    best: tuple[str, ...] = ()
    write_share: float | None = 0.0
    ms: float = 6.0
    runs: int = 4


def sql(name: str, value: str) -> str:
    return f'{{ {name}(value: "{value}") }}'


RECENT = (datetime.now(UTC) - timedelta(days=3)).isoformat()
CASES = (
    Case(
        "FilterAndOrder",
        "{ authorPosts(authorId: 7) { title } }",
        ('("author_id", "-created_at")',),
    ),
    Case("OrderOnly", "{ latest { title } }", ('Index(("-created_at",))',)),
    Case(
        "Embed",
        "{ authorPosts(authorId: 9) { title comments { body } } }",
        ('("post_id", "-created_at")',),
    ),
    Case("OneByText", '{ author(email: "77@x.org") { name } }', ('Index(("email",))',)),
    Case("WrongColumnOrder", "{ deviceEvents(deviceId: 5) { at } }", ('Index(("device_id",))',)),
    Case("DocumentKey", '{ docs(code: "c77") { size } }', ('Index(("code",))',)),
    Case(
        "TwoColumns",
        "{ sales(customerId: 5, region: 5) { total } }",
        ('("customer_id", "region")', '("region", "customer_id")'),
    ),
    Case("Range", sql("recent", "2026-01-05 00:00Z"), ('Index(("at",))',)),
    Case("PartialByText", sql("drafts", "39000"), ('where={"status": "draft"}',)),
    Case("PartialByTruth", sql("hidden", "7"), ('where={"published": False}',)),
    Case("NoType", sql("token", "7"), ('("token")',)),
    Case("Containment", sql("matching", '{\\"colour\\":\\"k7\\"}'), ("Gin",)),
    Case("PlainKey", sql("coloured", "k7"), ("->> 'colour'",)),
    Case("Join", sql("commented", "7"), ('("post_id"',)),
    Case(
        "Documents",
        "{ teams { name members { name badges { label } } } }",
        ("Projection(",),
        0.5,
        25.0,
    ),
    Case("Aggregate", "{ totals { region total } }", ("MaterializedView(",), 0.9, 12.0, 400),
    Case("RepeatedAggregate", "{ totals { region total } }", ("Cache()",), 0.0, 12.0, 400),
    Case("Duplicate", "{ authorById(id: 7) { name } }", ("author_again",), ms=0.2),
    Case("Prefix", "{ settings { name } }", ("badge_short",), ms=0.3),
    Case(
        "RecentRows",
        f'{{ logs(where: {{at: {{gt: "{RECENT}"}}}}) {{ line }} }}',
        ("RollingIndex(",),
    ),
    Case("FilterOfTwo", "{ sales(region: 3, customerId: 11, limit: 3) { at } }", ("customer_id",)),
    # Nothing pays.
    Case("ByKey", "{ authorById(id: 8) { name } }", ms=0.2),
    Case("SmallTable", "{ settings { name } }", ms=0.3),
    Case("WrittenMoreThanRead", "{ deviceEvents(deviceId: 6) { at } }", (), 0.99999, 5.0),
    Case("WrittenDocuments", "{ teams { name members { name } } }", (), 0.999, 12.0),
    Case("FewRowsByKey", sql("near", "700"), ms=0.3),
)
TIMES = DocumentTimes(floor=0.06, read=1e-5, build=3e-5)
TIMED = """
UPDATE fraiseql.operation_window w SET calls = {0}, rows = rows * {0}, bytes = bytes * {0},
  db_ms_sum = {0} * {1} * sign(db_ms_sum)
FROM fraiseql.operation o WHERE o.id = w.operation AND o.name = '{2}'"""
SAMPLES = f"""
INSERT INTO fraiseql.operation_sample
SELECT s.id, now(), '{{"1": "{RECENT}"}}', 'p', g
FROM fraiseql.operation_statement s, generate_series(1, 9) AS g WHERE s.root = 'logs'"""
DROPPED = tuple(case for case in CASES if case.name in {"Duplicate", "Prefix"})
USUAL = tuple(case for case in CASES if case not in DROPPED)
EXTRA = (
    "CREATE INDEX author_email ON tb_author (name)",
    "CREATE INDEX author_again ON tb_author (name)",
    "CREATE INDEX badge_short ON tb_badge (member_id)",
)
GRANTS = (
    "GRANT USAGE ON SCHEMA fraiseql TO advised_reader",
    "GRANT SELECT ON ALL TABLES IN SCHEMA fraiseql TO advised_reader",
    "GRANT SELECT ON tb_author TO advised_reader",
)


async def serve(url: str, cases: tuple[Case, ...]) -> None:
    app = app_of(url)
    await app.start()
    for case in cases:
        request = Request(f"query {case.name} {case.query}")
        answer = await app.service.execute(request, {}, Timings())
        assert b'"errors"' not in bytes(answer.body), (case, bytes(answer.body))
    await app.stop()


class Advisor:
    """Gives advice on the application, all from one twin.

    Args:
        traced: The application.
        data_dir: Directory of the twin's server.
    """

    def __init__(self, traced: Traced, data_dir: Path) -> None:
        self._traced = traced
        self._settings = Settings().with_values(database_url=traced.url, data_dir=str(data_dir))
        self._schema = app_of(traced.url).service.schema
        self._stack = AsyncExitStack()
        traced.run(self._open())

    async def _open(self) -> None:
        self._pool = await open_pool(self._traced.url, self._settings)
        self._stack.push_async_callback(self._pool.close)
        facts = await load_table_facts(self._pool.inspect, [])
        form = await self._stack.enter_async_context(open_form(self._pool, self._settings, facts))
        assert form.reason == ""
        self._form = replace(form, times=TIMES)

    def close(self) -> None:
        self._traced.run(self._stack.aclose())

    def report(self, options: AdviseOptions) -> AdviceReport:
        work = advise(self._pool, self._schema, self._settings, options, self._form)
        return self._traced.run(work)

    def costs(self, statement: WorkloadStatement) -> tuple[float, float, float]:
        """Return the cost of a statement, that without pages, and the first one again."""
        twin = self._form.what_if

        async def planned() -> tuple[float, float, float]:
            first = await twin.cost_with(statement, ())
            work = await twin.work_with(statement, ())
            again = await twin.cost_with(statement, ())
            assert first is not None
            assert work is not None
            assert again is not None
            return first, work, again

        return self._traced.run(planned())

    def case(self, case: Case) -> AdviceReport:
        only = None if case in DROPPED else case.name
        return self.report(AdviseOptions(only, write_share=case.write_share))


@pytest.fixture(scope="module")
def advisor(traced: Traced, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Advisor]:
    """Advice from one twin, whose copy has the indexes of the cases."""
    traced.execute(*EXTRA)
    advisor = Advisor(traced, tmp_path_factory.mktemp("advised"))
    yield advisor
    advisor.close()


def titles(report: AdviceReport) -> list[str]:
    return [
        f"{each.candidate.title} {each.candidate.target} {' '.join(each.candidate.ddl)}"
        for each in report.advice
    ]


@pytest.fixture(scope="module")
def traced(scratches: Scratches) -> Iterator[Traced]:
    """The application with a trace of the usual cases."""
    scratch = scratches("embedded")
    scratch.run("CREATE DATABASE advised")
    traced = Traced(scratch.url.replace("/doctor?", "/advised?"), app_of)
    traced.execute(TABLES)
    traced.apply()
    record(traced, USUAL)
    yield traced
    traced.runner.close()
    scratch.run("DROP DATABASE advised WITH (FORCE)")


def record(traced: Traced, cases: tuple[Case, ...]) -> None:
    """Record a run of each case, with its figures."""
    traced.purge()
    traced.run(serve(traced.url, cases))
    traced.execute(*(TIMED.format(case.runs, case.ms, case.name) for case in cases), SAMPLES)


@pytest.fixture
def command(traced: Traced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the command on the application."""
    place = "tests.integration.operating.advised"
    monkeypatch.syspath_prepend(".")

    def run(*words: str, url: str = traced.url) -> int:
        application = app_of(url, data_dir=str(tmp_path / "data"))
        monkeypatch.setattr(f"{place}.advised_app", application, raising=False)
        return main(["advise", f"{place}:advised_app", *words])

    return run


def test_the_best_change_is_among_the_first_two(traced: Traced, advisor: Advisor) -> None:
    record(traced, DROPPED)
    reports = {case.name: advisor.case(case) for case in DROPPED}
    record(traced, USUAL)
    reports |= {case.name: advisor.case(case) for case in USUAL}
    best = [case for case in CASES if case.best]
    missed = [case for case in best if not hit(case, reports[case.name])]
    wrong = [case for case in CASES if not case.best and reports[case.name].advice]
    print(f"best within the first two: {len(best) - len(missed)} of {len(best)};", end=" ")
    print(f"advice where nothing pays: {len(wrong)} of {len(CASES) - len(best)}")
    for case in missed + wrong:
        print(case.name, titles(reports[case.name]), reports[case.name].rejected)
    assert len(missed) <= MOST_WRONG
    assert wrong == []
    reasons = [each.reason for each in reports["WrittenMoreThanRead"].left]
    assert any(
        'index fraiseql.Index(("device_id",)) does not pay: reads save' in r for r in reasons
    )


def test_pages_are_left_out_of_costs_for_a_moment_only(advisor: Advisor) -> None:
    report = advisor.report(AdviseOptions())
    statements = [each for each in report.workload.statements if each.root == "latest"]
    first, work, again = advisor.costs(statements[0])
    assert 0 < work < first
    assert again == first


def test_the_command_prints_the_change_its_interval_and_the_path(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert command("--operation", "FilterAndOrder", "--json") == 1
    document = json.loads(capsys.readouterr().out)
    (advice,) = document["advice"]
    assert advice["declaration"] == 'fraiseql.Index(("author_id", "-created_at"))'
    (statement,) = advice["statements"]
    assert statement["low"] < statement["gain"] < statement["high"]
    assert document["paths"][0]["edges"][0]["question"] == "slow"
    assert document["predicted_by"] == "a statistics twin"
    # Nothing of the twin remains.
    assert list((tmp_path / "data").glob("scratch-*")) == []


def test_without_a_twin_the_output_says_that_it_is_rough(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("a file where the directory would be")
    assert command("--operation", "OneByText") == 1
    printed = capsys.readouterr().out
    assert "predicted  by EXPLAIN" in printed
    assert "which is rough. No scratch copy can be made" in printed
    assert 'indexes=[fraiseql.Index(("email",))] on AdvisedAuthor' in printed
    assert command("--what-if", "CREATE INDEX ON tb_post (score)") == 2
    assert "No scratch copy can be made" in capsys.readouterr().err


def test_an_index_that_the_user_names_is_no_advice_on_the_page(
    command: Callable[..., int], tmp_path: Path
) -> None:
    assert command("--what-if", "CREATE INDEX ON tb_post (author_id)") == 0
    assert not (tmp_path / "data" / "advice.json").exists()


def test_an_index_that_the_user_names_is_predicted(advisor: Advisor) -> None:
    report = advisor.report(AdviseOptions(create="create index on tb_post (author_id)"))
    (advice,) = report.advice
    names = {each.id: report.workload.label(each) for each in report.workload.statements}
    gains = {names[key]: each.gain for key, each in advice.predictions.items()}
    assert gains["FilterAndOrder"] > 2
    assert "OneByText" not in gains


def test_the_loss_of_an_index_is_predicted(advisor: Advisor) -> None:
    (advice,) = advisor.report(AdviseOptions("Documents", drop="member_team")).advice
    (lost,) = advice.predictions.values()
    assert lost.gain < 0.9
    assert advice.candidate.undo == (
        "CREATE INDEX member_team ON public.tb_member USING btree (team_id, id)",
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--what-if", "DROP TABLE tb_post"), "is not one CREATE INDEX statement"),
        (("--what-if", "CREATE INDEX ON tb_post (id); DROP TABLE tb_post"), "is not one"),
        (("--what-if", "CREATE INDEX ON tb_pst (id)"), "There is no table 'tb_pst'"),
        (("--what-if", "CREATE INDEX ON tb_post (nope)"), 'column "nope" does not exist'),
        (("--what-if-drop", "no_index"), "There is no index 'no_index'"),
        (("--operation", "Unknown"), "The trace has no operation 'Unknown'"),
    ],
)
def test_what_does_not_exist_is_an_error(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    message: str,
) -> None:
    assert command(*words) == 2
    assert message in capsys.readouterr().err


def test_a_role_with_few_rights_gets_advice_or_the_way_out(
    traced: Traced, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    traced.execute("CREATE ROLE advised_reader LOGIN")
    as_reader = partial(command, url=traced.url.replace("postgres@", "advised_reader@"))
    try:
        assert as_reader("--operation", "OneByText") == 2
        hint = r"advised_reader as the role that runs \S*fraiseql db apply"
        assert re.search(hint, capsys.readouterr().err)
        traced.execute(*GRANTS)
        assert as_reader("--operation", "OneByText", "--json") == 1
        # Tables that it may not read are no part of its twin.
        assert json.loads(capsys.readouterr().out)["predicted_by"] == "a statistics twin"
    finally:
        traced.execute("DROP OWNED BY advised_reader", "DROP ROLE advised_reader")


def test_an_empty_trace_is_an_error(
    traced: Traced, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    traced.purge()
    assert command() == 2
    assert "The trace is empty" in capsys.readouterr().err


def hit(case: Case, report: AdviceReport) -> bool:
    return any(text in title for title in titles(report)[:2] for text in case.best)
