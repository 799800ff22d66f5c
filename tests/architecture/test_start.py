"""Modules that a program imports before it needs them."""

import ast
import json
import subprocess
import sys

import fraiseql
from fraiseql.cli.registry import COMMANDS
from tests.architecture.source_tree import PACKAGE, tree

# Each test of the command line starts programs, and so does each reload: graphql-core alone costs
# as much as the rest of a start without it.
OTHERS = {"asyncio", "asyncpg", "benchmarks", "email", "fraiseql_rs", "graphql", "redis", "uvicorn"}


def imported_by(code: str) -> set[str]:
    """Names of the modules that a new process has after it ran this code."""
    script = f"import json, sys\n{code}\nprint(json.dumps(list(sys.modules)), file=sys.stderr)"
    process = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(process.stderr))


def own(modules: set[str]) -> set[str]:
    return {name for name in modules if name.partition(".")[0] == "fraiseql"}


def test_the_package_imports_none_of_its_modules() -> None:
    modules = imported_by("import fraiseql")
    assert own(modules) == {"fraiseql"}
    assert modules & OTHERS == set()


def test_the_help_of_all_commands_imports_none_of_them() -> None:
    modules = imported_by(
        "from fraiseql.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    )
    names = {"main", "commands", "registry"}
    assert own(modules) == {
        *("fraiseql", "fraiseql.cli", "fraiseql.errors"),
        *(f"fraiseql.cli.{name}" for name in names),
    }
    assert modules & OTHERS == set()


def test_a_command_imports_no_other_command() -> None:
    modules = imported_by("from fraiseql.cli.main import make_parser\nmake_parser('schema')")
    commands = {f"fraiseql.cli.{name}" for name in COMMANDS}
    assert modules & commands == {"fraiseql.cli.schema"}
    assert modules & {"benchmarks", "opentelemetry", "redis", "uvicorn"} == set()


def test_the_application_imports_no_package_of_an_extra() -> None:
    modules = imported_by("import fraiseql\nfraiseql.create_app")
    assert modules & {"benchmarks", "joserfc", "opentelemetry", "redis", "uvicorn"} == set()
    assert not any(name.startswith(("fraiseql.cli", "fraiseql.demo")) for name in modules)


def test_public_names_are_imported_from_where_type_checkers_see_them() -> None:
    seen = {
        name.asname or name.name: (node.module, name.name)
        for node in ast.walk(tree(PACKAGE / "__init__.py"))
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    for name in ("import_module", "TYPE_CHECKING", "Any", "Final"):
        del seen[name]
    assert seen == fraiseql._DEFINED
    assert sorted(seen) == sorted(fraiseql.__all__)


def test_every_command_has_a_summary_in_one_place() -> None:
    names = [name for module in COMMANDS.values() for name in module]
    modules = {f"{module}.py" for module in COMMANDS}
    adding = {
        path.name
        for path in (PACKAGE / "cli").glob("*.py")
        if "def add_to(commands" in path.read_text()
    }
    assert adding == modules
    assert len(names) == len(set(names))
