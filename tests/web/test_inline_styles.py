"""No page carries a style attribute: the policy on content (app/web/headers.py) lets none of ours apply."""

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


def test_no_template_and_no_code_that_writes_html_holds_a_style_attribute() -> None:
    assert len(FILES) > 200
    assert [str(path.relative_to(ROOT)) for path in FILES if STYLE.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("bad", ['<p class="a" style="color:red">', "<div\n style = 'x'>", '{"style": "x"}', "<style>"])
def test_the_search_finds_one(bad: str) -> None:
    assert STYLE.search(bad)
