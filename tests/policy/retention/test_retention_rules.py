"""The loader refuses a retention/rules.toml whose tables do not fit together."""

import re

import pytest

from app.policy.loader import PolicyError, load
from app.policy.retention.validation import PRINCIPLES
from app.policy.types import Policy

EVENT = """
[[event]]
id = "forgotten"
title = "Forgotten"
text = "It was forgotten."
authority = ["RET-1"]
effective = 2026-01-01
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("years = 10\n", "", "arson_4: a class kept 'years_after_closure' needs years"),
        ('keep = "permanent"\n', 'keep = "permanent"\nyears = 5\n', "homicide: a class kept 'permanent' has no years"),
        ("years = 10\n", "years = 0\n", "arson_4: Expected `int` >= 1"),
        ('ends_with = "located"\n', "", "missing_person: a class kept 'permanent_until' needs ends_with"),
        ('ends_with = "located"', 'ends_with = "lost"', "missing_person: unknown event 'lost'"),
        ("age = 55\n", "", "child_victims_act: a class kept 'until_age' needs age"),
        ('person = "child_victim"\n', "", "child_victims_act: a class kept 'until_age' needs person"),
        (
            '"course_sexual_conduct_child_1"]',
            '"unheard_of"]',
            "child_victims_act: unknown class 'unheard_of' is excepted",
        ),
        ('"course_sexual_conduct_child_1"]', '"violation"]', "only classes kept permanently can be excepted"),
        ("after_death = 5\n", "", "file_suspect: a file with its own period needs after_death"),
        ("with_case = true\n", "with_case = true\nafter_death = 5\n", "file_associated: a file kept with its case"),
        ('role = "associated"', 'role = "criminal_or_suspect"', "file: each role needs exactly one rule"),
        ('id = "hold_wins"', 'id = "hold_may_win"', "principle hold_wins: the rule is missing"),
        ('id = "hold_wins"', 'id = "hold_may_win"', "hold_may_win: no code applies this principle"),
        ("", EVENT, "forgotten: no class ends with this event"),
        ('authority = ["RET-3"]', 'authority = ["RET-33"]', "other_felony: unknown clause 'RET-33'"),
    ],
)
def test_a_broken_retention_file_is_refused(broken, old: str, new: str, message: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(message)):
        load(broken("retention/rules.toml", old, new))


def test_a_policy_without_a_way_to_close_a_case_is_refused(copy) -> None:
    path = copy / "retention/rules.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"\[\[closure\]\]\n(.+\n)+", "", text), encoding="utf-8")
    with pytest.raises(PolicyError, match="no case could ever be closed"):
        load(copy)


def test_every_principle_stands_in_the_file(rules: Policy) -> None:
    assert set(rules.retention.principles) == set(PRINCIPLES)
