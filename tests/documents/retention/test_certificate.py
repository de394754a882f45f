"""The certificate of a disposal: what it must say, read back from the finished file."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest

from app.documents import checks
from app.documents.errors import FactsError, RenderError
from app.documents.facts import Person
from app.documents.retention import certificate as certificates
from app.documents.retention.certificate import CertificateFacts, Copy, ItemFacts, RuleCited, render_certificate

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
RULE = RuleCited(
    "Case records of a violation or traffic infraction are kept at least 1 year.", "RET-5", date(2016, 3, 2)
)
HOLD = RuleCited("A record under hold is not disposed of, whatever its period.", "RET-11")
ERASED = ItemFacts(
    what="Case 2026-075-00001",
    allowed_from=date(2016, 3, 2),
    rules=(RULE,),
    erased_at=NOON,
    requests=("FR-2026-000001", "FR-2026-000002"),
    keys=3,
    blobs=1204,
    rows=(("Candidates listed", 50), ("Images of requests", 2)),
    sources=("Violation or traffic infraction, 2 Mar 2015: Docket 2015-000117.",),
    copies=(Copy("R-2026-000001", "2026-075-00001/R-2026-000001/R-2026-000001.pdf", "ab" * 32),),
)
SPARED = ItemFacts(
    what="Case 2026-075-00002",
    allowed_from=date(2017, 3, 2),
    rules=(HOLD,),
    erased_at=None,
    spared_because="Kept: a hold is in force.",
)


def facts(*items: ItemFacts, **changes) -> CertificateFacts:
    given = {
        "department": "Example Police Department",
        "number": "DP-2026-000001",
        "demonstration": False,
        "proposed_by": Person("Bo Juniper", "Records Officer", None, "Records Section"),
        "proposed_at": NOON,
        "first_approver": Person("Pat Aspen", "Records Officer"),
        "first_approved_at": NOON + timedelta(hours=1),
        "second_approver": Person("Yael Hazel", "Agency Privacy Officer"),
        "second_approved_at": NOON + timedelta(hours=2),
        "started_at": NOON,
        "ended_at": NOON + timedelta(hours=3),
        "checked_at": NOON + timedelta(hours=4),
        "policy_version": "cd" * 32,
        "items": items,
    }
    return CertificateFacts(**{**given, **changes})


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return render_certificate(facts(ERASED, SPARED)).pdf


def said(pdf: bytes) -> str:
    return " ".join(checks.page_texts(pdf))


def missing(pdf: bytes, *words: str) -> list[str]:
    """Return which of these words the file does not say."""
    told = said(pdf)
    return [one for one in words if one not in told]


@pytest.mark.clause("RET-11")
def test_it_says_what_under_which_rule_from_which_day_and_who_approved(pdf):
    assert not missing(
        pdf,
        "DP-2026-000001",
        "Case 2026-075-00001",
        "2016-03-02",
        "RET-5",
        "Bo Juniper",
        "Pat Aspen",
        "Yael Hazel",
        "2026-11-24 12:00:00 UTC",
        "2026-11-24 13:00:00 UTC",
        "2026-11-24 14:00:00 UTC",
        "3 data keys, 1,204 encrypted files, 52 database rows",
        "Candidates listed: 50, Images of requests: 2",
        "Docket 2015-000117.",
        "Ran until 2016-03-02.",
        "FR-2026-000002",
        "1 record erased, 1 spared",
    )
    whole = "".join(said(pdf).split())
    assert "cd" * 32 in whole, "the policy version"
    assert "ab" * 32 in whole, "the digest of the delivered copy"


@pytest.mark.clause("RET-11")
def test_it_says_what_was_checked_by_whom_and_what_was_not(pdf):
    assert not missing(
        pdf,
        "By the portal, 2026-11-24 16:00:00 UTC",
        "3 data keys of the records erased: none can be used any more. 1,204 encrypted files: none is left",
        "whether they are true was not checked again",
        "No person inspected the erasure itself.",
        "Backups, which hold what was erased as long as they are kept",
    )
    told = "The minimum period of each erased record had run, and no hold was in force"
    assert missing(pdf, told), "nobody knows that"


@pytest.mark.clause("RET-11")
def test_a_certificate_of_nothing_erased_claims_no_look():
    spared = render_certificate(facts(SPARED)).pdf
    assert not missing(
        spared,
        "Nothing was erased, so nothing was looked for.",
        "0 records erased, 1 spared",
        "No report of these records was delivered",
    )
    assert missing(spared, "none can be used any more")


@pytest.mark.clause("RET-11")
def test_it_says_what_was_spared_and_why_and_which_copies_remain(pdf):
    told = said(pdf)
    spared, remain = told.index("Spared"), told.index("Copies that remain")
    assert "Case 2026-075-00002" in told[spared:]
    assert "Kept: a hold is in force." in told[spared:]
    assert "R-2026-000001" in told[remain:]


def test_the_same_facts_give_the_same_bytes(pdf):
    assert render_certificate(facts(ERASED, SPARED)).pdf == pdf


def test_a_demonstration_says_so():
    assert "Demonstration" in checks.page_texts(render_certificate(facts(ERASED, demonstration=True)).pdf)[0]


def test_a_hundred_records_stand_on_as_many_pages_as_they_need():
    many = [dataclasses.replace(ERASED, what=f"Case 2026-075-{n:05d}") for n in range(100)]
    rendered = render_certificate(facts(*many))
    assert rendered.pages > 5
    assert not missing(rendered.pdf, "Case 2026-075-00099")


@pytest.mark.parametrize(
    "change", [{"spared_because": "Kept."}, {"erased_at": None}], ids=["erased and spared", "neither"]
)
def test_a_record_is_either_erased_or_spared(change):
    with pytest.raises(FactsError, match="either erased or spared"):
        dataclasses.replace(ERASED, **change)


def test_a_certificate_about_nothing_cannot_be_made():
    with pytest.raises(FactsError, match="at least one record"):
        facts()


@pytest.mark.clause("RET-11")
def test_a_file_that_lacks_a_record_or_an_approver_is_not_a_certificate(monkeypatch):
    real = certificates.typeset
    monkeypatch.setattr(certificates, "typeset", lambda html, *rest: real(html.replace("Yael Hazel", "-"), *rest))
    with pytest.raises(RenderError, match="Yael Hazel"):
        render_certificate(facts(ERASED))
