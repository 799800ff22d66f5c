"""Second run of the few failed tests that other load may have disturbed."""

import pytest

from scripts.run_tests import JUDGES, MOST, may_run_again

DISTURBED = "tests/failure/test_restart.py::test_requests_go_on"


def test_a_few_disturbed_tests_run_again() -> None:
    assert may_run_again([DISTURBED])
    assert may_run_again([DISTURBED] * MOST)


@pytest.mark.parametrize(
    "names",
    [
        [],
        [DISTURBED] * (MOST + 1),
        ["tests/property/test_names.py::test_fields"],
        [DISTURBED, "tests/integration/caching/results/oracle/test_oracle.py::test_hits"],
    ],
)
def test_no_other_failure_is_forgiven(names: list[str]) -> None:
    assert not may_run_again(names)


@pytest.mark.parametrize("part", JUDGES)
def test_each_part_names_tests_that_exist(part: str, pytestconfig: pytest.Config) -> None:
    paths = (path.as_posix() for path in (pytestconfig.rootpath / "tests").rglob("*.py"))
    assert any(part in path for path in paths)
