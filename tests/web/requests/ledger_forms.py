"""Forms of the ledger of evidence as a detective fills them in."""

from __future__ import annotations

from datetime import datetime

from app.calendar import local

#: where it stood before any result, with its day and writer
CITED = {
    "fact_stood_in": "Complaint follow-up DD5 No. 12 in the case management system",
    "fact_stood_on": "2026-11-23",
    "fact_stood_by": "Detective Heron of the squad",
}
#: an item that stands without the result, obtained after the matter and before any report of today
ITEM = {
    "kind": "property_found",
    "fact_what": "The bag of the owner was found in the apartment, with her papers in it.",
    "fact_source": "Search of the apartment on a warrant",
    "fact_thing_number": "Property invoice 7000123",
    "fact_obtained_on": "2026-11-22",
    "fact_speaks": "for",
    "fact_stands_alone": "yes",
    "fact_why": "The bag was found on a tip, before any image was compared.",
    "fact_shown_or_told": "no_person",
    **CITED,
}
#: a line-up made from the candidate's photograph
LINE_UP = ITEM | {
    "kind": "photo_line_up",
    "fact_what": "The clerk chose the photograph of the candidate from an array of six.",
    "fact_source": "The clerk of the store",
    "fact_why": "The clerk saw the person from two yards away.",
}


#: where an arrest stood that was made before the result
ON_RECORD = {
    "fact_ground": "on_warrant",
    "fact_record_in": "Arrest report 26-104712 of the precinct",
    "fact_record_by": "Officer Heron",
}


def before_result(at: datetime, **more: str) -> dict[str, str]:
    """An arrest of before the result, with the record that cites it, made the same day."""
    there = local(at)
    return arrested(at, **(ON_RECORD | {"fact_record_on": f"{there:%Y-%m-%d}"} | more))


def arrested(at: datetime, **more: str) -> dict[str, str]:
    """An arrest made at a moment, as the form has it."""
    there = local(at)
    return {
        "fact_arrest_number": "M26600002",
        "fact_arrested_on": f"{there:%Y-%m-%d}",
        "fact_arrested_time": f"{there:%H:%M}",
        **more,
    }
