"""A reason says why: words that only agree, put off or point elsewhere are none, wherever one is demanded."""

from __future__ import annotations

import ast

import pytest

from app.policy.facts import check_ground
from app.policy.reasons import gives_reason
from app.policy.types import Policy
from app.workflow.registry import CONDITIONS
from tests.sources import source_tree
from tests.unit.test_areas import ROOT

CLAUSES = pytest.mark.clause("AUD-1", "REQ-4", "SRC-2", "SRC-5", "EXT-7")
IDLE = [
    "ok", "OK.", "O.K.", "o k", "Okay!", "yes", "Yes, yes.", "y e s", "no", "n/a", "see above", "See narrative.",
    "as discussed",
    "As discussed with the supervisor.", "Discussed by phone with the lieutenant", "Agreed.", "approved",
    "noted", "same as before", "per our discussion", "as told", "ｙｅｓ", "оk", "ok\u200b", "ok 1",
    "To be determined later.",
    "ok " * 30, "see above / as discussed / ok / thanks",
]  # fmt: skip
#: what is asked for there names a thing and is no reason
NAMES = {
    "app/policy/examination/answers.py": "the source of an answer, whose words are counted beside it",
    "app/policy/examination/background.py": "the source of an alibi",
    "app/domain/peers/renomination.py": "the source of what is new, whose words are counted beside it",
    "app/domain/retention/schedule.py": "the edition of the schedule",
    "app/domain/sealing/conditions.py": "the number of an order, and who gave it",
    "app/domain/sealing/notices.py": "how a notice was sent",
    "app/domain/sealing/copies.py": "how a notice was sent",
    "app/domain/disclosures/incident_conditions.py": "the reference of a report",
    "app/domain/disclosures/designations.py": "a title",
    "app/policy/reasons.py": "the rule itself",
}


@CLAUSES
@pytest.mark.parametrize("text", IDLE, ids=ascii)
def test_words_that_only_agree_or_point_elsewhere_are_no_reason_bypass(rules: Policy, text: str) -> None:
    assert not gives_reason(rules, text)
    assert CONDITIONS["reason_given"](None, None, {"reason": text})


@CLAUSES
@pytest.mark.parametrize(
    "text",
    ["The repository grew since.", "Blurred.", "Same coat as on the still.", "Order 4711", "Нос шире.", "Zu dunkel"],
)
def test_a_reason_of_its_own_is_one(rules: Policy, text: str) -> None:
    assert gives_reason(rules, text)
    assert CONDITIONS["reason_given"](None, None, {"reason": text}) is None


@pytest.mark.clause("REQ-4", "USE-1")
@pytest.mark.parametrize(
    "text", ["ok " * 30, "As discussed, as stated above, see the report and the notes of the case."]
)
def test_an_answer_on_which_a_request_rests_says_something_of_its_own_bypass(rules: Policy, text: str) -> None:
    asked = tuple(fact for fact in rules.uses["USE-1"].facts if fact.name == "why_believed")
    found = check_ground(rules, asked, {"why_believed": text}, "USE-1")
    assert [fault.field for fault in found] == ["why_believed"]


def test_whatever_else_is_asked_for_in_words_is_asked_by_the_rule_of_reasons() -> None:
    """`says_something` alone is for what names a thing; each such place is listed with what it names."""
    asking = set()
    for path in sorted((ROOT / "app").rglob("*.py")):
        names = {
            node.func.id
            for node in ast.walk(source_tree(path))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        if "says_something" in names:
            asking.add(str(path.relative_to(ROOT)))
    # substance_fault counts the words of its own rule
    assert asking == set(NAMES)
