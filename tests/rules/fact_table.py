"""What each question of each rule accepts, written down apart from the rules: `facts.toml` beside this module.

`python -m tests.rules.fact_table --write` writes it anew after a rule changed; whoever does reads the difference.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

from app.policy import policy
from app.policy.base import Fact, Rule
from app.policy.types import Policy

TABLE = Path(__file__).with_name("facts.toml")
BOUNDS = ("required", "min_length", "max_length", "min_words", "min_value", "max_value", "must_be")
_HEAD = (
    "# What each question accepts: a copy apart from the rules, so that a bound cannot go without a test that fails.\n"
)


def asking(rules: Policy) -> dict[str, Rule]:
    """Every rule that asks for facts, by its id."""
    return {rule.id: rule for rule in rules.rules.values() if getattr(rule, "facts", ())}


def accepted(fact: Fact) -> dict[str, Any]:
    """The bounds of one question that bind its kind."""
    typed = fact.kind in ("text", "long")
    kept = {name: getattr(fact, name) for name in BOUNDS if typed or not name.endswith(("_length", "_words"))}
    return {
        name: value for name, value in kept.items() if value not in (None, "") and (name, value) != ("min_words", 0)
    }


def written() -> dict[str, dict[str, dict[str, Any]]]:
    """Rule id -> fact -> bounds, as the table has them."""
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


def page(rules: Policy) -> str:
    """The table that the rules of today would give."""
    lines = [_HEAD]
    for rule_id, rule in asking(rules).items():
        lines.append(f'["{rule_id}"]')
        for fact in rule.facts:  # type: ignore[attr-defined]
            stated = ", ".join(f"{name} = {toml_of(value)}" for name, value in accepted(fact).items())
            lines.append(f"{fact.name} = {{ {stated} }}")
        lines.append("")
    return "\n".join(lines)


def toml_of(value: Any) -> str:
    """A value as TOML writes it: text, a number, yes or no, or a list of them."""
    if isinstance(value, list):
        return "[" + ", ".join(toml_of(one) for one in value) + "]"
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def give(table: Path, text: str) -> None:
    """Write the table where the command says `--write`, else print it."""
    if "--write" in sys.argv:
        table.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    give(TABLE, page(policy()))
