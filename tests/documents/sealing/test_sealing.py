"""The certificate of a sealing: what it must say, read back from the finished file (CAP-3)."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest

from app.documents import checks
from app.documents.errors import FactsError, RenderError
from app.documents.retention.certificate import Copy
from app.documents.sealing import certificate as certificates
from app.documents.sealing.certificate import (
    LineFacts,
    NoticeFacts,
    RecordFacts,
    SealingFacts,
    render_sealing,
)

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
pytestmark = pytest.mark.clause("CAP-3")


def facts(**changes) -> SealingFacts:
    given = {
        "department": "Example Police Department",
        "number": "SO-2026-000007",
        "demonstration": True,
        "kind": "sealed",
        "order_number": "IND-70123-2026",
        "authority": "Criminal Court of the Example City",
        "dated": date(2026, 11, 20),
        "received_by": "Records Officer Bo Juniper",
        "received_at": NOON,
        "removed_at": NOON + timedelta(seconds=1),
        "ended_at": NOON + timedelta(seconds=9),
        "checked_at": NOON + timedelta(seconds=9),
        "generation": 1207,
        "policy_version": "cd" * 32,
        "keys": 2,
        "blobs": 2,
        "templates": 1,
        "index": "Each worker keeps its index in memory.",
        "records": (
            RecordFacts("R-0071-1", "removed", "ab" * 32),
            RecordFacts("R-0071-2", "left_before", "ef" * 32),
            RecordFacts("R-0071-3", "not_held", None),
        ),
        "requests": ("FR-2026-000031",),
        "lines": (
            LineFacts(
                "Listed as a candidate", "2026-10-01 09:30:00", "FR-2026-000021", "2026-075-01234", "", "retained", True
            ),
            LineFacts(
                "Reported",
                "2026-10-02 10:00:00",
                "FR-2026-000021",
                "2026-075-01234",
                "R-2026-000004",
                "received by Dana Lark",
                True,
            ),
            LineFacts(
                "In a disclosure",
                "",
                "D-2026-000002",
                "2026-075-01234",
                "R-2026-000004",
                "prosecutor, submitted, not handed out",
                False,
            ),
        ),
        "copies": (Copy("R-2026-000004", "2026-075-01234/R-2026-000004/R-2026-000004.pdf", "12" * 32),),
        "notices": (
            NoticeFacts("The requesting investigator", "FR-2026-000021", NOON),
            NoticeFacts("The Agency Privacy Officer", "D-2026-000002", None),
        ),
    }
    return SealingFacts(**{**given, **changes})


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return render_sealing(facts()).pdf


def test_it_says_what_by_which_order_when_and_where_it_was_shown(pdf):
    said = " ".join(checks.page_texts(pdf))
    for words in (
        "SO-2026-000007",
        "IND-70123-2026",
        "Criminal Court of the Example City",
        "2026-11-20",
        "Bo Juniper",
        "2026-11-24 12:00:01 UTC",
        "generation 1,207",
        "R-0071-1",
        "Removed and destroyed",
        "Had left before this order",
        "Not held here; kept out from now on",
        "2 data keys, 2 encrypted files, 1 face template",
        "FR-2026-000031",
        "Listed as a candidate",
        "received by Dana Lark",
        "another photograph of the person",
        "Not sent",
        "Not sent when this was certified",
        "CAP-3",
        "1 photograph sealed and destroyed",
        "Demonstration",
    ):
        assert words in said, words
    whole = "".join(said.split())
    for digest in ("ab" * 32, "cd" * 32, "12" * 32, "2026-075-01234/R-2026-000004/R-2026-000004.pdf"):
        assert digest in whole
    assert not list(checks.pictures(pdf)), "no face"


def test_the_same_facts_give_the_same_bytes(pdf):
    assert render_sealing(facts()).pdf == pdf


def test_an_order_that_found_nothing_and_was_seen_by_nobody(monkeypatch):
    nothing = dict.fromkeys(("records", "lines", "copies", "notices", "requests"), ())
    rendered = render_sealing(facts(**nothing, keys=0, blobs=0, templates=0))
    said = " ".join(checks.page_texts(rendered.pdf))
    assert "No record of the person was held here." in said
    assert "No search, report, disclosure or page had shown them." in said
    assert "No report with these photographs was delivered" in said


def test_no_certificate_without_the_order_or_without_a_record(monkeypatch):
    with pytest.raises(FactsError):
        facts(order_number="")
    monkeypatch.setattr(certificates.checks, "missing_words", lambda texts, wanted: wanted[-1])
    with pytest.raises(RenderError, match="R-0071-3"):
        render_sealing(dataclasses.replace(facts()))
