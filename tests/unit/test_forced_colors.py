"""In forced colors the browser drops our backgrounds and border colors: every choice needs a rule of its own there."""

from __future__ import annotations

import re
from pathlib import Path

CSS = Path(__file__).resolve().parents[2] / "app" / "static" / "css"
#: what says in a selector that something is chosen, current or decided
CHOSEN = re.compile(
    r":checked|\[aria-(pressed|current|selected|sort)|\.is-(active|current|done|excluded|retained)\b|--chosen\b|cor-sort--"
)
#: what forced colors take away or make all alike; opacity, weight and strokes through stay
DROPPED = re.compile(r"(?:^|[;\s])(?:background|border|box-shadow|color|outline|stroke)[a-z-]*:")
FORCED = re.compile(r"@media \(forced-colors: active\) \{\n((?:  .*\n)+)\}")


def selectors(css: str) -> set[str]:
    """The selectors whose colors forced colors take away, one at a time; the commas within `:is(…)` part none."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    found = set()
    for head, body in re.findall(r"([^{}]+)\{([^{}]*)\}", css):
        if DROPPED.search(body):
            found |= {" ".join(part.split()) for part in re.split(r",(?![^(]*\))", head.rsplit("\n", 1)[-1])}
    return found


def test_whatever_shows_a_choice_shows_it_in_forced_colors_too():
    plain, forced = set(), set()
    for path in sorted(CSS.glob("*.css")):
        text = path.read_text("utf-8")
        forced |= selectors("".join(FORCED.findall(text)))
        plain |= selectors(FORCED.sub("", text))
    chosen = {one for one in plain if CHOSEN.search(one)}
    assert len(chosen) > 15, "the style sheets are not read any more"
    assert chosen - forced == set()
