"""What no template holds: a style attribute, which the policy on content refuses; a command for whom has no shell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: inside a tag, and set by the script as markup
STYLE = re.compile(r"""<[a-z][^<>]*\sstyle\s*=|["']style["']\s*:|setAttribute\(["']style|<style\b""", re.IGNORECASE)
FILES = sorted(
    path
    for folder in ("app/templates", "app/blueprints", "app/web", "app/static/js")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".html", ".py", ".js"}
)

#: the pages of administrators, who have the command line
COMMANDS_ON = {"app/templates/algorithms/changes.html", "app/templates/gallery/imports.html"}


def test_only_pages_of_administrators_name_a_command() -> None:
    pages = [path for path in FILES if path.suffix == ".html"]
    named = {path for path in pages if re.search(r"\bflask [a-z]+ [a-z]+", path.read_text("utf-8"))}
    assert {str(path.relative_to(ROOT)) for path in named} == COMMANDS_ON


def test_no_template_and_no_code_that_writes_html_holds_a_style_attribute() -> None:
    assert len(FILES) > 200
    assert [str(path.relative_to(ROOT)) for path in FILES if STYLE.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("bad", ['<p class="a" style="color:red">', "<div\n style = 'x'>", '{"style": "x"}', "<style>"])
def test_the_search_finds_one(bad: str) -> None:
    assert STYLE.search(bad)
