"""Helpers for the tests of disclosure pages: reading a page, hidden fields, a whole draft, a decision."""

from __future__ import annotations

from datetime import timedelta

from app.calendar import today
from app.domain.disclosures.items import available
from app.policy import policy
from tests.disclosure_factory import CASE, answers
from tests.web.page_reading import hidden

PASSWORD = "corroborate-demo"
ASKER, OFFICER, RECORDS, AUDITOR = "d.lark", "y.hazel", "b.juniper", "w.sparrow"


def url(disclosure, end: str = "") -> str:
    return f"/disclosures/{disclosure.number}{end}"


def draft_fields(recipient: str = "prosecutor", basis: str = "D2", **changes) -> dict:
    """Everything the form of a draft asks for this recipient and basis."""
    rules = policy().disclosure
    fields = {
        "recipient_kind": recipient,
        "shown_recipient": recipient,
        "basis": basis,
        "shown_basis": basis,
        "purpose": "criminal_prosecution",
        "immigration": "no",
        **answers(rules.minimum.facts),
        "items": [f"{thing.kind}:{thing.uid}" for thing in available(CASE)],
    }
    for prefix, facts in (
        ("to_", rules.addressee.facts),
        ("kind_", rules.recipients[recipient].facts),
        ("fact_", rules.bases[basis].facts),
        ("identity_", rules.identity.facts),
    ):
        fields |= {prefix + name: value for name, value in answers(facts).items()}
    return {**fields, **changes}


def decision_of(client, disclosure, verb: str, **changes) -> dict:
    given = hidden(client, url(disclosure, "/decide"), "#decision form")
    form = {
        **given,
        "decision": verb,
        "text": "The disclosure is lawful on this basis.",
        "reason": "The recipient is who it says, and no more is asked for than needed.",
        "password": PASSWORD,
        "included": [item.uid for item in disclosure.items],
        "release_by": (today() + timedelta(days=30)).isoformat(),
    }
    return {**form, **changes}
