"""Public names, settings, error codes and packages agree with their documentation."""

import ast
import re
import tomllib
from dataclasses import fields
from itertools import chain

import fraiseql
from fraiseql.operating.doctor.faults import FAULTS
from fraiseql.settings import Settings
from scripts.build_native import is_fresh
from tests.architecture.source_tree import ROOT, committed, python_files, tree
from tests.scheduling import (
    CASES_IN_TURN,
    FILES_IN_TURN,
    LONG,
    LONG_FILES_IN_TURN,
    LONG_ON_BOTH,
    SLOWEST,
    STRESS,
    TOGETHER,
)

# Some codes are a single word.
CODE = re.compile(r"[A-Z]+(_[A-Z]+)+|STALE|ISOLATION|UNAUTHENTICATED|FORBIDDEN")
# Names that look like codes: of the operating system, PostgreSQL's files and CPython.
NOT_ERROR_CODES = frozenset(
    {
        "EXTENDED_ARG",
        "ASC_NULLS_FIRST",
        "ASC_NULLS_LAST",
        "DESC_NULLS_FIRST",
        "DESC_NULLS_LAST",
        "DATABASE_URL",
        "IMPORT_NAME",
        "LOAD_ATTR",
        "LOAD_FROM_DICT_OR_GLOBALS",
        "LOAD_GLOBAL",
        "LOAD_METHOD",
        "LOAD_NAME",
        "PUSH_NULL",
        "PG_VERSION",
        "SC_PAGE_SIZE",
        "SC_PHYS_PAGES",
    }
)
FINDINGS = frozenset(fault.code for fault in FAULTS)
# Addresses of package registries; written in parts, as this file is committed too.
HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]
HOSTS += [
    ".".join(parts) for parts in (("static.crates", "io"), ("index.crates", "io"), ("unpkg", "com"))
]
MACHINE_PATH = re.compile(r"(?<![\w./~-])/(?:root|work|home/\w+|Users/\w+)/")


def test_public_names_are_sorted_and_exist() -> None:
    names = fraiseql.__all__
    assert list(names) == sorted(set(names), key=_kind_and_name)
    assert [name for name in names if not hasattr(fraiseql, name)] == []


def _kind_and_name(name: str) -> tuple[int, str]:
    # As ruff sorts it: constants, classes, functions.
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def test_every_setting_is_described_where_it_is_declared() -> None:
    described = re.findall(
        r"^        (\w+): \S", Settings.__doc__ or "", re.MULTILINE
    ) or re.findall(r"^    (\w+): \S", Settings.__doc__ or "", re.MULTILINE)
    assert described == [field.name for field in fields(Settings)]


def test_every_setting_is_read_somewhere() -> None:
    outside = [path for path in python_files() if path.name != "settings.py"]
    read = set(
        chain.from_iterable(
            (node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute))
            for path in outside
        )
    )
    assert [field.name for field in fields(Settings) if field.name not in read] == []


def codes_in_the_code() -> set[str]:
    """Every string of the package that has the form of an error code."""
    nodes = chain.from_iterable(ast.walk(tree(path)) for path in python_files())
    strings = {node.value for node in nodes if isinstance(node, ast.Constant)}
    return (
        {
            text
            for text in strings
            if isinstance(text, str) and CODE.fullmatch(text) and not text.startswith("FRAISEQL_")
        }
        - NOT_ERROR_CODES
        - FINDINGS
    )


def test_every_error_code_has_a_page_and_every_page_a_code() -> None:
    pages = {path.stem for path in (ROOT / "docs" / "errors").glob("*.md")} - {"README"}
    assert pages == codes_in_the_code()


def test_every_finding_has_a_page_and_every_page_a_finding() -> None:
    assert {path.stem for path in (ROOT / "docs" / "findings").glob("*.md")} == FINDINGS


def test_error_pages_have_both_sections() -> None:
    for path in sorted((ROOT / "docs" / "errors").glob("*_*.md")):
        text = path.read_text()
        assert text.startswith(f"# {path.stem}\n"), path.name
        assert "\n## What happened\n" in text, path.name
        assert "\n## What to do\n" in text, path.name


def test_committed_files_name_no_machine_and_no_registry() -> None:
    named = []
    for name in committed():
        # Cargo identifies its registry by an address; the lock cannot be written without it.
        if name.name == "Cargo.lock" or not _is_text(name.suffix):
            continue
        for number, line in enumerate((ROOT / name).read_text(errors="replace").splitlines(), 1):
            if MACHINE_PATH.search(line) or any(host in line for host in HOSTS):
                named.append(f"{name}:{number}: {line.strip()[:80]}")
    assert named == []


def _is_text(suffix: str) -> bool:
    return suffix not in {".png", ".gz", ".zip", ".woff2", ".ico"}


def test_the_lock_holds_every_declared_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    required = [
        *project["project"]["dependencies"],
        *chain.from_iterable(project["project"]["optional-dependencies"].values()),
        *project["dependency-groups"]["dev"],
    ]
    locked = re.findall(
        r"^([\w.-]+)==", (ROOT / "requirements" / "dev.txt").read_text(), re.MULTILINE
    )
    names = [re.match(r"[\w.-]+", requirement).group().lower() for requirement in required]  # type: ignore[union-attr]
    assert [name for name in names if name not in locked] == [], "run `make lock`"


def test_the_rust_module_was_built_from_these_sources() -> None:
    assert is_fresh(), "the installed Rust module is older than crates/: run `make setup`"


def test_each_test_that_the_schedule_names_exists() -> None:
    """A path that was renamed would run otherwise than the schedule says, without a word."""
    listed = (
        *LONG,
        *LONG_ON_BOTH,
        *LONG_FILES_IN_TURN,
        *STRESS,
        *CASES_IN_TURN,
        *FILES_IN_TURN,
        *SLOWEST,
        *(f for files in TOGETHER for f in files),
    )
    paths = [entry.partition("::")[0] for entry in listed]
    assert [path for path in paths if not list(ROOT.glob(f"{path.rstrip('/')}*"))] == []
