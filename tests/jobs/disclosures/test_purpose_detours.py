"""A purpose that nobody decided on: chosen of no list, kept for another recipient, changed later (ACC-13)."""

from __future__ import annotations

import pytest

from app.domain.disclosures import verbs as disclosures
from app.extensions import db
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.disclosure_factory import (
    CASE,
    REASON,
    TEXT,
    refused,
    required_items,
    values,
)
from tests.drawn_gallery import needs_models

pytestmark = [needs_models, pytest.mark.clause("ACC-13")]
GRANTED = {"text": TEXT, "reason": REASON, "password_confirmed": True}


def refusal_of(rule, verb, *given, **named) -> None:
    with refused(rule), unit_of_work():
        verb(*given, **named)
    db.session.rollback()


@pytest.mark.parametrize("purpose", ["personal_interest", "official_business", "", "criminal_investigation "])
def test_no_purpose_of_ones_own_is_official_business_bypass(disclose, people, purpose):
    """By the form: a word that is on no list is not kept, and an empty one lets nothing be filed."""
    disclosure, asker = disclose("draft"), people.actor("d.lark")
    stated = values(purpose=purpose or None)
    if purpose:
        refusal_of("purpose_serves_recipient", disclosures.save_draft, disclosure, asker, stated)
        assert disclosure.purpose in policy().disclosure.purposes
        return
    with unit_of_work():
        disclosures.save_draft(disclosure, asker, stated)
    refusal_of("purpose_serves_recipient", disclosures.submit, disclosure, asker)


def test_a_purpose_does_not_pass_on_to_another_recipient_bypass(disclose, people):
    """By splitting: chosen for the one who may have it, then the recipient is changed."""
    disclosure, asker = disclose("draft", recipient="law_enforcement"), people.actor("d.lark")
    tried = 0
    for kind, rule in policy().disclosure.recipients.items():
        foreign = [one for one in policy().disclosure.purposes if one not in rule.purposes]
        for purpose in foreign[:2]:
            with unit_of_work():
                disclosures.save_draft(disclosure, asker, values(kind, rule.bases[0], purpose=purpose))
            refusal_of("purpose_serves_recipient", disclosures.submit, disclosure, asker)
            tried += 1
    assert tried > 10


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("purpose_text", "business " * 5),
        ("purpose_text", "x" * 40),
        ("necessity", "As is written down for the purpose of it all."),
        ("necessity", "as above"),
        ("necessity", "…… …… …… …… ……"),
    ],
)
def test_neither_use_nor_minimum_is_told_by_filling_its_field_bypass(disclose, people, field, said):
    disclosure, asker = disclose("draft"), people.actor("d.lark")
    same = {"purpose_text": "As is written down, for the purpose of it all!"} if field == "necessity" else {}
    with unit_of_work():
        disclosures.save_draft(disclosure, asker, values(**{**same, field: said}))
    refusal_of("minimum_stated", disclosures.submit, disclosure, asker)


def test_what_was_decided_for_one_purpose_leaves_for_no_other_bypass(disclose, people):
    """By waiting for the decision, and by changing what came back: the earlier word counts for nothing then."""
    disclosure, asker, decider = disclose("approved"), people.actor("d.lark"), people.actor("b.juniper")
    other = values(purpose="criminal_investigation", purpose_text="Another detective is curious about the person.")
    assert disclosure.purpose == "criminal_prosecution"
    for verb, given in (
        (disclosures.save_draft, other),
        (disclosures.set_items, required_items(CASE)[:1]),
        (disclosures.set_items, []),
    ):
        refusal_of("WF-disclosure-submit", verb, disclosure, asker, given)
    disclose.lapse(disclosure)
    assert disclosure.state == "expired"
    refusal_of("WF-disclosure-release", disclosures.release, disclosure, asker)
    again = disclose("returned")
    with unit_of_work():
        disclosures.save_draft(again, asker, other)
    with unit_of_work():
        disclosures.resubmit(again, asker)
    refusal_of("WF-disclosure-release", disclosures.release, again, asker)
    mine, theirs = {item.uid for item in again.items}, {item.uid for item in disclosure.items}
    for included in (mine | theirs, theirs, {"0" * 32}, set()):
        refusal_of("items_included", disclosures.determine, again, decider, included=included, **GRANTED)
    assert again.current_decision is None or again.current_decision.kind == "returned"
