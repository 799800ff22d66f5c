"""Claims: each line with a figure has a method, and a verdict that follows from it."""

import re
from xml.etree import ElementTree as ET

import pytest

from fraiseql.operating.bench.claims import NOT_COMPARABLE, SQLSTATE, Claim, load_claims
from fraiseql.operating.bench.figures import FIGURES
from fraiseql.operating.bench.report import BUSY, markdown, picture, rows_of
from fraiseql.operating.bench.sample import Sample, quotient, sample_of
from fraiseql.operating.bench.transforms import transform_samples

CLAIMS = load_claims()


def claim(unit: str = "ms", low: float = 0.1, high: float = 0.5) -> Claim:
    return Claim(id="X", section="s", quote="q", figure="f", unit=unit, low=low, high=high)


def test_every_claim_has_a_method() -> None:
    without = [
        each.id
        for each in CLAIMS
        if each.figure not in FIGURES and not (each.figure == NOT_COMPARABLE and each.reason)
    ]
    assert without == []


def test_every_claim_has_a_figure_that_its_line_contains() -> None:
    ids = [each.id for each in CLAIMS]
    assert len(set(ids)) == len(ids) >= 54
    for each in CLAIMS:
        assert each.quote, each.id
        if each.unit == SQLSTATE:
            continue
        numbers = {float(text) for text in re.findall(r"\d+(?:\.\d+)?", each.quote)}
        numbers |= {1000 * number for number in numbers}  # 10k
        assert each.high in numbers, each.id


def test_every_figure_belongs_to_a_claim_or_to_another_figure() -> None:
    named = {each.figure for each in CLAIMS}
    parts = {"cold_lookup", "full_index_lookup", "plain_list", "stored_list", "python_transform"}
    assert FIGURES - named - parts == set()


@pytest.mark.parametrize(
    ("unit", "value", "verdict"),
    [
        ("ms", 0.6, "holds"),
        ("ms", 0.7, "slower than said"),
        ("ms", 0.05, "faster than said"),
        ("x", 0.06, "holds"),
        ("x", 1.1, "more than said"),
        ("x", 0.04, "less than said"),
        (SQLSTATE, "0A000", "cannot be had as written"),
        (SQLSTATE, "", "can be had"),
        ("ms", None, "not measured"),
    ],
)
def test_the_verdict_follows_from_the_figure(
    unit: str, value: float | str | None, verdict: str
) -> None:
    assert claim(unit).verdict(value) == verdict


def test_a_busy_machine_gives_no_verdict_on_times() -> None:
    samples = {"f": sample_of([0.3, 0.4], "method")}
    assert rows_of([claim()], samples, quiet=True)[0].verdict == "holds"
    assert rows_of([claim()], samples, quiet=False)[0].verdict == BUSY
    refused = {"f": Sample("42P17")}
    assert "cannot" in rows_of([claim(SQLSTATE)], refused, quiet=False)[0].verdict
    settings = next(each for each in CLAIMS if each.figure == "tune_buffers_share")
    assert rows_of([settings], {settings.figure: Sample(25.0)}, quiet=False)[0].verdict == "holds"


def test_figures_are_medians_with_their_spread() -> None:
    sample = sample_of([float(n) for n in range(1, 102)], "method")
    assert (sample.value, sample.low, sample.high, sample.count) == (51.0, 6.0, 96.0, 101)
    assert quotient(sample, sample_of([3.0], ""), "").value == 17.0


def test_the_reports_have_every_claim() -> None:
    samples = {each.figure: Sample(0.5, 0.4, 0.6, 9) for each in CLAIMS if each.unit != SQLSTATE}
    rows = rows_of(CLAIMS, samples, quiet=True)
    page = markdown(rows, {"PostgreSQL": "18.6"})
    assert all(f"| {each.id} |" in page for each in CLAIMS)
    dots = ET.fromstring(picture(rows)).findall("{http://www.w3.org/2000/svg}circle")
    assert len(dots) == sum(each.unit == "ms" and each.figure in samples for each in CLAIMS)


def test_both_transforms_are_timed() -> None:
    samples = transform_samples(20)
    assert all(isinstance(each.value, float) and each.value > 0 for each in samples.values())
