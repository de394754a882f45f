"""The comparison of a round as a document: original probe and photographs with the examiner's marks (SRC-2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from app.clauses import enforces
from app.documents import checks
from app.documents.errors import RenderError
from app.documents.examination.contradictions import require_contradictions
from app.documents.examination.facts import Contradictions
from app.documents.facts import Person
from app.documents.typeset import Frame, Rendered, environment, typeset

TITLE = "Comparison with marks"
NOTICE = "A candidate is not an identification. Marks are an examiner's working notes, not a finding of identity."

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A part of an original as JPEG, and which: (left, top, width, height) in pixels of the original."""

    jpeg: bytes
    part: tuple[float, float, float, float]
    caption: str


@dataclass(frozen=True, slots=True)
class PrintedMark:
    """A numbered mark; `kind` is "point", "line" or "region", its points are pixels of the originals."""

    number: int
    kind: str
    label: str
    probe: Points
    photo: Points
    note: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The probe beside one photograph. `photo` is None when it left the repository since.

    `policy_version`: under which the candidate was compared; None before that, or where it was not recorded.
    """

    title: str
    result: str
    probe: Picture
    photo: Picture | None
    marks: tuple[PrintedMark, ...]
    policy_version: str | None = None


@dataclass(frozen=True, slots=True)
class ComparisonFacts:
    """Everything the document states."""

    department: str
    unit: str
    request_number: str
    case_number: str
    round_number: int
    examiner: Person
    began_at: datetime
    printed_at: datetime
    printed_by: Person
    probe_sha256: str
    comparisons: tuple[Comparison, ...]
    #: (which candidate, what contradicts it) of each whose background was checked
    contradictions: tuple[tuple[str, Contradictions], ...]
    policy_version: str
    demonstration: bool


@enforces("SRC-2")
def render_comparison(facts: ComparisonFacts) -> Rendered:
    """The document as PDF, read back: RenderError when a note is not in the finished file."""
    pictures: dict[str, tuple[bytes, str]] = {}
    for number, one in enumerate(facts.comparisons, 1):
        pictures[f"probe-{number}"] = (one.probe.jpeg, "image/jpeg")
        if one.photo is not None:
            pictures[f"photo-{number}"] = (one.photo.jpeg, "image/jpeg")
    pdf = typeset(_page(facts), pictures, f"{facts.request_number}/comparison/{facts.round_number}")
    texts = checks.page_texts(pdf)
    for one in facts.comparisons:
        for mark in one.marks:
            if checks.missing_words(texts, (mark.note,)) is not None:
                raise RenderError(f"The document lacks the note of mark {mark.number} of {one.title} (SRC-2).")
    for _title, found in facts.contradictions:
        require_contradictions(pdf, found)
    return Rendered(pdf, hashlib.sha256(pdf).hexdigest(), len(texts))


def _page(facts: ComparisonFacts) -> str:
    frame = Frame(
        title=TITLE,
        number=facts.request_number,
        kind="Request",
        css="comparison",
        department=facts.department,
        unit=facts.unit,
        case_number=facts.case_number,
        dated=facts.printed_at,
        demonstration=facts.demonstration,
        notice=NOTICE,
    )
    return environment().get_template("comparison.html").render(doc=frame, facts=facts)
