"""Facts of made-up reports for the document tests: flat drawings for faces, visibly fictitious people."""

import hashlib
import io
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

from PIL import Image, ImageDraw

from app.documents.approval.facts import (
    AuthorizedUse,
    CustodyEntry,
    Decision,
    NegativeReason,
    ReportFacts,
    ReportKind,
    Step,
)
from app.documents.approval.manifest import Verification, verification
from app.documents.examination.facts import Candidate, Contradictions, FeatureComparison, GalleryPhotograph
from app.documents.facts import Person, Picture
from app.documents.identification.facts import Algorithm, FaceBox, Gallery, Probe

_NOTICES = Path(__file__).resolve().parents[3] / "config" / "policy" / "notices.toml"
_TEXTS = {notice["id"]: notice["text"] for notice in tomllib.loads(_NOTICES.read_text("utf-8"))["notice"]}
NOTICE = _TEXTS["no-probable-cause"]
LEAD_NOTICE = _TEXTS["lead-only"]
NEGATIVE_NOTICE = _TEXTS["negative-result"]
SECRET = b"a secret of the document tests"
EASTERN = timezone(timedelta(hours=-5), "EST")
START = datetime(2026, 11, 20, 9, 12, 5, tzinfo=EASTERN)
FEATURES = (
    "eyes",
    "ears",
    "nose",
    "mouth",
    "chin",
    "lips",
    "eyebrows",
    "hair and hairline",
    "scars",
    "marks",
    "tattoos",
)

REQUESTER = Person("Rosalind Nobodysson", "Detective", "requesting investigator", "Example Squad")
EXAMINER = Person("Ivo Fictional", "Detective Specialist", "examiner", "Facial Recognition Unit")
SUPERVISOR = Person("Noor Imaginary", "Sergeant", "supervisor", "Facial Recognition Unit")


def drawing(hue: str, kind: str = "JPEG", size: tuple[int, int] = (160, 200), **options) -> bytes:
    """A flat drawing; different hues give different pixels."""
    image = Image.new("RGB", size, "lightgrey")
    draw = ImageDraw.Draw(image)
    draw.ellipse((30, 40, 130, 170), fill=hue)
    draw.ellipse((55, 80, 70, 92), fill="black")
    draw.ellipse((90, 80, 105, 92), fill="black")
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def picture(hue: str, kind: str = "JPEG") -> Picture:
    data = drawing(hue, kind)
    return Picture(data, hashlib.sha256(b"original of " + data).hexdigest())


def candidate(**changes) -> Candidate:
    facts = Candidate(
        record_number="G-0004211",
        name="Quentin Madeupsky",
        birth_date=date(1988, 4, 3),
        photographs=(
            GalleryPhotograph(picture("peru"), date(2024, 6, 2)),
            GalleryPhotograph(picture("sienna", "PNG"), None),
        ),
        comparison=tuple(FeatureComparison(feature, "similar", None) for feature in FEATURES),
        background="The record shows no contradiction of place or time.",
        contradictions=Contradictions(True, (), ("alibi",)),
    )
    return replace(facts, **changes)


def possible_match(**changes) -> ReportFacts:
    facts = ReportFacts(
        kind=ReportKind.POSSIBLE_MATCH,
        department="Example Police Department",
        unit="Facial Recognition Unit",
        report_number="R-2026-000012",
        request_number="FR-2026-000034",
        case_number="2026-041-004512",
        issued_at=START + timedelta(days=1),
        prepared_by=EXAMINER,
        requester=REQUESTER,
        requested_at=START,
        use=AuthorizedUse(
            "USE-1",
            "Identify a person when there is a basis to believe they have committed a crime.",
            (("Suspected crime", "Robbery"), ("Basis", "Seen in the still.\nDescribed by the clerk.")),
        ),
        steps=(
            Step(START, "Request submitted", ("REQ-1", "REQ-2"), REQUESTER),
            Step(START + timedelta(hours=1), "Basis confirmed", ("REQ-4",), EXAMINER),
            Step(START + timedelta(hours=5), "Final review", ("SRC-5",), SUPERVISOR),
        ),
        custody=(CustodyEntry(START, "Uploaded", REQUESTER, "ab" * 32),),
        policy_version="9f2c" * 16,
        policy_effective=date(2026, 1, 1),
        algorithm=Algorithm("example-net", "Example Laboratory", "1.0", "cd" * 32, "No NIST evaluation record."),
        gallery=Gallery("generation-7", 1912, 304),
        probe=Probe(picture("rosybrown"), FaceBox(30, 40, 100, 130), "Shop camera", "Given by the owner", None),
        decision=Decision(SUPERVISOR, START + timedelta(hours=5), "Approved as an investigative lead"),
        candidate=candidate(),
    )
    return replace(facts, **changes)


def negative(**changes) -> ReportFacts:
    settled = {
        "kind": ReportKind.NEGATIVE,
        "candidate": None,
        "decision": None,
        "negative_reason": NegativeReason.NO_CANDIDATE,
    }
    return possible_match(**(settled | changes))


def verified(facts: ReportFacts) -> Verification:
    return verification(facts, SECRET, "https://portal.example/verify")


NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
