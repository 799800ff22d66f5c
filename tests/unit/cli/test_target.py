"""The application of APP, or a suggestion."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fraiseql.cli.target import find_target
from fraiseql.errors import ConfigurationError

API = """
import fraiseql

@fraiseql.query
def greeting() -> str:
    return "hello"

app = fraiseql.create_app(queries=[greeting])
admin = fraiseql.create_app(queries=[greeting])
number = 7

class Group:
    inner = app

def plain(scope, receive, send): ...
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A current directory with a module and a package, whose imports are undone."""
    (tmp_path / "shop_api.py").write_text(API)
    (tmp_path / "shop" / "web").mkdir(parents=True)
    (tmp_path / "shop" / "__init__.py").write_text("")
    (tmp_path / "shop" / "web" / "__init__.py").write_text("")
    (tmp_path / "shop" / "web" / "main.py").write_text("from shop_api import app\n")
    (tmp_path / "broken.py").write_text("import no_such_package\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("shop_api:app", "shop_api:app"),
        ("shop_api:Group.inner", "shop_api:Group.inner"),
        ("shop_api.py:app", "shop_api:app"),
        ("./shop_api.py:admin", "shop_api:admin"),
        ("shop.web.main:app", "shop.web.main:app"),
        ("shop/web/main.py:app", "shop.web.main:app"),
        ("shop_api:plain", "shop_api:plain"),
    ],
)
def test_an_application_is_found_by_module_and_by_path(
    text: str, shown: str, project: Path
) -> None:
    target = find_target(text)
    assert (target.text, target.folder, callable(target.app)) == (shown, project, True)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("shop_api", "Write module:attribute, such as api:app"),
        (":app", "Write module:attribute"),
        ("shop_api:", "Write module:attribute"),
        ("shop_ap:app", "There is no module 'shop_ap'. Did you mean 'shop_api'?"),
        ("shop.wep.main:app", "There is no module 'shop.wep'. Did you mean 'shop.web'?"),
        ("shop.web.man:app", "There is no module 'shop.web.man'. Did you mean 'shop.web.main'?"),
        ("shop_api.deep:app", "There is no module 'shop_api.deep'."),
        ("shop..web:app", "is not the name of a module"),
        (".shop:app", "is not the name of a module"),
        ("shop_apl.py:app", "There is no file shop_apl.py. Did you mean 'shop_api.py'?"),
        ("nowhere/at.py:app", "There is no file nowhere/at.py."),
        ("shop_api:ap", "shop_api has no attribute 'ap'. Did you mean 'app'?"),
        ("shop_api:ap", "Applications there: shop_api:app, shop_api:admin."),
        ("shop_api:Group.outer", "has no attribute 'outer'"),
        ("shop_api:number", "shop_api:number is an int, which cannot be served."),
    ],
)
def test_a_missing_target_is_reported_with_the_nearest_name(text: str, part: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_target(text)
    assert part in str(caught.value)


def test_a_module_that_the_application_misses_keeps_its_own_error() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        find_target("broken:app")


def test_a_file_with_the_name_of_another_module_is_refused(project: Path) -> None:
    (project / "json.py").write_text(API)
    with pytest.raises(ConfigurationError, match="another module is called 'json'"):
        find_target("json.py:app")


def test_a_plain_asgi_callable_has_no_schema_to_show() -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_target("shop_api:plain").service()
    assert "shop_api:plain is a function, not what fraiseql.create_app returns" in str(caught.value)
    assert "shop_api:app" in str(caught.value)
