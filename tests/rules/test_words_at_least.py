"""Words that say something and are too few: the least number of characters is a rule of its own beside idle words.

The numbers stand here, not read from the rules: one that a rule loses is missed.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.domain.retention import known
from app.policy import policy
from app.policy.facts import check_source
from app.workflow.registry import CONDITIONS

#: nineteen and twenty characters that say something
SHORT, ENOUGH = "The nose is broader", "The nose is broader."


@pytest.mark.clause("LIM-1")
def test_why_it_is_no_body_worn_camera_takes_thirty_characters():
    for words, wrong in (("Camera 7 of a shop, by e-mail", True), ("Camera 7 of a shop, by e-mail.", False)):
        given = {"camera": "Shop at the corner", "why_no_body_worn_camera": words}
        fields = [fault.field for fault in check_source(policy(), "surveillance_still", given, said=["axon-1.jpg"])]
        assert ("why_no_body_worn_camera" in fields) is wrong, len(words)


@pytest.mark.clause("EXT-7", "ACC-12")
def test_a_decision_on_a_disclosure_and_its_reason_take_twenty_characters_each():
    written = CONDITIONS["decision_written"]
    assert written(None, None, {"text": ENOUGH, "reason": ENOUGH}) is None
    assert "the decision in at least 20" in written(None, None, {"text": SHORT, "reason": ENOUGH})
    assert "the reason in at least 20" in written(None, None, {"text": ENOUGH, "reason": SHORT})


@pytest.mark.clause("RET-11")
@pytest.mark.parametrize(
    ("offense", "kept_as"),
    [("Murder in the second degree", "homicide"), ("Burglary of a store", "other_felony"), ("Menacing", "misdemeanor")],
)
def test_the_words_of_an_offense_suggest_its_class(monkeypatch, offense, kept_as):
    request = SimpleNamespace(private={"facts": {"offense": offense}})
    monkeypatch.setattr(known, "requests_of", lambda _record: [request])
    assert known.suspected(None) == [policy().retention.classes[kept_as]]
