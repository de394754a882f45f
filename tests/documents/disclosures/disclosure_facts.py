"""Facts of fictitious disclosures for the document tests."""

import tomllib
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from app.documents.disclosures.facts import (
    Basis,
    DecidedItem,
    DecisionFacts,
    Enclosure,
    LetterFacts,
    Outcome,
    Recipient,
)
from app.documents.facts import Person
from tests.documents.approval.documents_facts import EASTERN, START

_CLAUSES = Path(__file__).resolve().parents[3] / "config" / "policy" / "clauses.toml"
EXT_7 = next(c["text"] for c in tomllib.loads(_CLAUSES.read_text("utf-8"))["clause"] if c["id"] == "EXT-7")
ASKER = Person("Dara Nobodysson", "Detective", "asked for it", "Example Squad")
OFFICER = Person("Yuri Imaginary", "Director", "Agency Privacy Officer", "Legal Matters")
ONWARD = "The recipient keeps this secure and confidential and passes nothing on without the department's approval."

_SHARED = {
    "department": "Example Police Department",
    "unit": "Facial Recognition Unit",
    "number": "D-2026-000004",
    "case_number": "2026-041-004512",
    "dated": START + timedelta(days=2),
    "recipient": Recipient("Prosecutor with jurisdiction", "Una Fabricated", "Example County District Attorney"),
    "basis": Basis(
        "D2", "Required by law", EXT_7, ("EXT-7", "EXT-1"), (("Law that requires it", "Example Procedure Law 245.20"),)
    ),
    "purpose": "Criminal prosecution",
    "conditions": "Only for the prosecution named above.",
    "policy_version": "9f2c" * 16,
}


def decision(**changes) -> DecisionFacts:
    facts = DecisionFacts(
        **_SHARED,
        outcome=Outcome.PARTLY,
        text="The reports of the case and the submitted image may go to the prosecutor.",
        reason="The discovery law requires it.\nThe second image shows a bystander alone.",
        necessity="No more than what the reports of this case rest on.",
        identity="Called back at the number of the office; letter of 20 November 2026.",
        items=(
            DecidedItem("Possible match report R-2026-000012", "ab" * 32, included=True),
            DecidedItem("Image 1 of FR-2026-000034, as submitted", "cd" * 32, included=True),
            DecidedItem("Image 2 of FR-2026-000034, as submitted", "ef" * 32, included=False, note="A bystander alone"),
        ),
        asked_by=ASKER,
        asked_at=START,
        decided_by=OFFICER,
        decided_at=START + timedelta(days=2),
        release_by=date(2026, 12, 22),
    )
    return replace(facts, **changes)


def letter(**changes) -> LetterFacts:
    facts = LetterFacts(
        **_SHARED,
        enclosures=(
            Enclosure("reports/R-2026-000012.pdf", "Possible match report", "ab" * 32, 214_113),
            Enclosure(
                "reports/R-2026-000009.pdf",
                "Possible match report",
                "12" * 32,
                198_000,
                "Recalled on 2026-11-21 and replaced: do not rely on it",
            ),
            Enclosure("originals/FR-2026-000034-1.jpg", "Image as submitted", "cd" * 32, 1_204_113),
            Enclosure("decision.pdf", "Written decision of the Agency Privacy Officer", "34" * 32, 88_000),
        ),
        sent_by=ASKER,
        onward=ONWARD,
        lead=True,
        agreement=None,
        signing_key="56" * 32,
        verify_page="https://portal.example/verify",
        checking=("SHA256SUMS", "manifest.json"),
    )
    return replace(facts, **changes)


__all__ = ["ASKER", "EASTERN", "EXT_7", "OFFICER", "ONWARD", "decision", "letter"]
