"""Every setting stands in ``Settings``: none is read past it or has a second default; docs/settings.md tells all."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import MISSING
from pathlib import Path

import pytest

from config.declaring import declared
from config.settings import Settings
from config.table import PAGE, settings_page

ROOT = Path(__file__).resolve().parents[2]

#: Where the environment is more than a place of settings, each with its reason.
ENVIRONMENT_ALLOWED = {
    "app/documents/fonts.py": "fontconfig is told its file by the environment alone",
    "demo/directory.py": "the embedded directory is given its password and no other setting",
    "demo/services.py": "a child process inherits the surroundings, then the settings",
    "scripts/assets.py": "npm inherits the surroundings",
}


def sources() -> list[Path]:
    folders = [path for name in ("app", "config", "demo", "tools", "scripts") for path in (ROOT / name).rglob("*.py")]
    return sorted([*folders, *ROOT.glob("*.py")])


def past_settings(source: str, environment_allowed: bool = False) -> Iterator[str]:
    """Where a source reads a setting past ``Settings``, or with a default of its own."""
    tree = ast.parse(source)
    handed = {
        id(argument)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "from_env"
        for argument in call.args
    }
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr="environ" | "environb" | "getenv" | "getenvb"):
                if id(node) not in handed and not environment_allowed:
                    yield f"{node.lineno}: {ast.unparse(node)}"
            case ast.ImportFrom(module="os", names=names) if {"environ", "getenv"} & {one.name for one in names}:
                yield f"{node.lineno}: from os import …"
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="config"), attr="get" | "setdefault")):
                yield f"{node.lineno}: {ast.unparse(node)}"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="config"), attr="get" | "setdefault")):
                yield f"{node.lineno}: {ast.unparse(node)}"
            case ast.Call(func=ast.Name(id="getattr"), args=[held, _, _]) if re.search(
                r"\b(settings|own|config)\b", ast.unparse(held)
            ):
                yield f"{node.lineno}: {ast.unparse(node)}"


def test_no_source_reads_a_setting_past_the_settings_or_with_a_default_of_its_own() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{where}"
        for path in sources()
        for where in past_settings(path.read_text("utf-8"), str(path.relative_to(ROOT)) in ENVIRONMENT_ALLOWED)
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "zone = current_app.config.get('TIME_ZONE', 'America/New_York')",
        "config = current_app.config\nzone = config.get('TIME_ZONE')",
        "zone = getattr(settings(), 'time_zone', 'America/New_York')",
        "import os\nzone = os.environ.get('TIME_ZONE', 'UTC')",
        "import os\nzone = os.environ['TIME_ZONE']",
        "import os\nzone = os.getenv('TIME_ZONE')",
        "from os import environ\nzone = environ['TIME_ZONE']",
    ],
)
def test_a_setting_read_past_the_settings_is_found(source: str) -> None:
    assert list(past_settings(source))


def test_settings_are_handed_the_environment() -> None:
    assert not list(past_settings("import os\nmade = Settings.from_env(os.environ)"))


def test_what_may_read_the_environment_still_does() -> None:
    for name in ENVIRONMENT_ALLOWED:
        assert list(past_settings((ROOT / name).read_text("utf-8"))), f"{name} needs no exception any more"


def test_the_page_of_settings_is_the_declarations() -> None:
    assert PAGE.read_text("utf-8") == settings_page(), "run python -m config.table --write"


def test_running_names_what_must_be_set() -> None:
    running = (ROOT / "docs" / "running.md").read_text("utf-8")
    for one in declared(Settings):
        if one.default is MISSING and not one.origin.otherwise:
            assert f"`{one.variable}`" in running


def test_every_document_names_settings_that_exist() -> None:
    known = {one.variable for one in declared(Settings)}
    prefixes = re.compile(r"`((?:CORROBORATE|LDAP|SMTP|WEB|TLS|LISTEN|SESSION|EXPORT|KEEP)_[A-Z_]+)\b")
    told = {name for path in (ROOT / "docs").rglob("*.md") for name in prefixes.findall(path.read_text("utf-8"))}
    assert told <= known | TESTS_ONLY, sorted(told - known)


#: Variables of the tests and the benchmarks, which the portal never reads.
TESTS_ONLY = frozenset({"CORROBORATE_FACES", "CORROBORATE_MODELS_DIR", "CORROBORATE_REQUIRE_SERVICES"})
