"""The look-back of a sealing order: every search, report and disclosure that showed the person before (CAP-3).

Lines hold numbers, days and accounts: no face, no name of the person, no score. A search showed all photographs of a
listed person, so lines go by the person; `direct` says that the photograph itself was the one listed. An area that
shows repository photographs elsewhere adds a function to LOOKERS.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, or_, select

from app.calendar import day_of
from app.clauses import enforces
from app.domain.approval.verbs import recipients
from app.domain.disclosures.claims import claim_of
from app.domain.sealing.seen import in_words, viewing
from app.domain.serving import shows_one_of
from app.extensions import db
from app.models import (
    Account,
    AuditEvent,
    Candidate,
    Disclosure,
    DisclosureDocument,
    DisclosureItem,
    DisclosurePackage,
    FRRequest,
    GalleryPhoto,
    LineUpPlace,
    PersonFile,
    ProbeImage,
    ProficiencyPicture,
    Report,
    Round,
    Search,
)
from app.models.base import filled
from app.policy import policy
from app.policy.names import EventName

#: what a line tells of -> its heading
KINDS = {
    "candidate": "Listed as a candidate",
    "nominated": "Nominated",
    "report": "Reported",
    "disclosure": "In a disclosure",
    "view": "Looked at",
    "person_file": "Personal information file",
    "foil": "Shown to a peer beside another",
}


@dataclass(frozen=True, slots=True)
class Showing:
    """One showing. subject: the number of the request, disclosure or line.

    at: ISO 8601, UTC; empty where nothing was sent.
    path, sha256: of a copy in a case folder, which is the department's record and stays.
    """

    kind: str
    subject_type: str
    subject: str
    at: str
    case_number: str = ""
    detail: str = ""
    direct: bool = False
    report: str = ""
    path: str = ""
    sha256: str = ""

    @property
    def moment(self) -> datetime | None:
        """When it was shown, as a time with its zone."""
        return datetime.fromisoformat(self.at).replace(tzinfo=UTC) if self.at else None

    def stored(self) -> dict[str, Any]:
        return asdict(self)


Looker = Callable[[Sequence[GalleryPhoto]], Iterable[Showing]]


def candidates(photos: Sequence[GalleryPhoto]) -> Iterable[Showing]:
    """Yield every search that listed the person, with the examiners' findings."""
    ids = {photo.id for photo in photos}
    rows = (
        select(Candidate)
        .join(Search, Candidate.search_id == Search.id)
        .where(Candidate.person_id.in_({photo.person_id for photo in photos}))
        .order_by(Search.id)
    )
    for found in db.session.scalars(rows):
        request = found.search.request
        verdicts = [disposition.verdict.replace("_", " ") for disposition in found.dispositions]
        yield Showing(
            "candidate",
            "request",
            request.number,
            _moment(found.search.finished_at),
            request.case_number,
            ", ".join(dict.fromkeys(verdicts)) or "not compared",
            found.photo_id in ids,
        )


def _rounds(photos: Sequence[GalleryPhoto]) -> list[Round]:
    people = {photo.person_id for photo in photos}
    rows = select(Round).join(Candidate, Round.nominee_id == Candidate.id).where(Candidate.person_id.in_(people))
    return list(db.session.scalars(rows.order_by(Round.id)))


def nominations(photos: Sequence[GalleryPhoto]) -> Iterable[Showing]:
    """Yield every round in which the person was nominated."""
    ids = {photo.id for photo in photos}
    for round_ in _rounds(photos):
        request, judged = round_.request, [review.decision for review in round_.final_reviews]
        detail = f"round {round_.number}, {len(round_.peer_reviews)} peer reviews"
        detail += "".join(f", {decision.replace('_', ' ')}" for decision in judged)
        yield Showing(
            "nominated",
            "request",
            request.number,
            _moment(round_.nominated_at),
            request.case_number,
            detail,
            filled(round_.nominee).photo_id in ids,
        )


def reports_about(photos: Sequence[GalleryPhoto]) -> list[Report]:
    """Return the delivered possible match reports that name the person."""
    rounds = [round_.id for round_ in _rounds(photos)]
    rows = select(Report).where(
        Report.round_id.in_(rounds), Report.kind == "possible_match", Report.delivered_at.is_not(None)
    )
    return list(db.session.scalars(rows.order_by(Report.id)))


def reports(photos: Sequence[GalleryPhoto]) -> Iterable[Showing]:
    """Yield every delivered report, with the place of its file and who has it."""
    for report in reports_about(photos):
        names = _names(recipients(report))
        recalled = f"; recalled {day_of(report.recalled_at)}" if report.recalled_at else ""
        yield Showing(
            "report",
            "request",
            report.request.number,
            _moment(report.delivered_at),
            report.request.case_number,
            f"received by {', '.join(names)}{recalled}",
            shows_one_of(report, photos),
            report.number,
            filled(report.receipt)["path"],
            filled(report.sha256),
        )


def items_about(photos: Sequence[GalleryPhoto]) -> list[DisclosureItem]:
    """Return the disclosure items that are one of those reports."""
    about = {report.id for report in reports_about(photos)}
    rows = select(DisclosureItem).where(DisclosureItem.report_id.in_(about)).order_by(DisclosureItem.id)
    return [item for item in db.session.scalars(rows) if item.disclosure.erased_at is None]


def disclosures(photos: Sequence[GalleryPhoto]) -> Iterable[Showing]:
    """Yield every disclosure that asks for, or handed out, such a report."""
    for item in items_about(photos):
        disclosure, report = item.disclosure, filled(item.report)
        fetched = [package.fetched_at for package in holding(item) if package.fetched_at]
        recipient = policy().disclosure.recipients.get(disclosure.recipient_kind or "")
        detail = f"{recipient.title if recipient else 'recipient not stated'}, {disclosure.stands.title.lower()}, "
        detail += f"package fetched {len(fetched)}×" if fetched else _unfetched(item)
        yield Showing(
            "disclosure",
            "disclosure",
            disclosure.number,
            _moment(max(fetched, default=None)),
            disclosure.case_number,
            detail,
            shows_one_of(report, photos),
            report.number,
        )


def holding(item: DisclosureItem) -> list[DisclosurePackage]:
    """Return the packages of a disclosure that enclose an item, not a line in its place."""
    if not item.included:
        return []
    return [package for package in item.disclosure.packages if item.uid not in package.withheld]


def _unfetched(item: DisclosureItem) -> str:
    held = holding(item)
    if not held:
        return "in no package, not handed out"
    begun = item.disclosure.current_package in held and claim_of(item.disclosure) is not None
    return "download begun" if begun else "in a package, not handed out"


def views(photos: Sequence[GalleryPhoto]) -> Iterable[Showing]:
    """Yield from the audit trail who saw or took one of the photographs: a line for each person, way and subject."""
    last: dict[tuple[Any, ...], tuple[AuditEvent, int]] = {}
    for event in _seen(photos):
        keys = json.loads(event.keys)
        # the repository's own page is about the person, whose id says nothing outside this database
        subject = event.subject_id if event.subject_type in ("request", "disclosure", "line_up") else ""
        number = str(keys.get("report") or "")
        key = (event.actor_id, in_words(event, keys.get("page", "")), event.subject_type if subject else "", subject)
        last[(*key, number)] = (event, last.get((*key, number), (event, 0))[1] + 1)
    for (actor_id, did, kind, subject, number), (event, times) in last.items():
        who = ", ".join(_names([actor_id])) or "the portal"
        yield Showing(
            "view", kind, subject, event.at[:19], _case_of(subject), f"{who} {did}, {times}×", True, report=number
        )


def _seen(photos: Sequence[GalleryPhoto]) -> list[AuditEvent]:
    """Return the events of SEEN that name one of the photographs, or a file that held one."""
    # a booking photograph that was submitted as a probe is the same file
    probes = select(ProbeImage).where(ProbeImage.sha256.in_({photo.sha256 for photo in photos}))
    images = list(db.session.scalars(probes))
    faces = sorted({photo.uid for photo in photos} | {image.uid for image in images})
    held = [report for report in reports_about(photos) if shows_one_of(report, photos)]
    among = or_(
        DisclosureItem.report_id.in_([report.id for report in held]),
        DisclosureItem.image_id.in_([image.id for image in images]),
    )
    items = list(db.session.scalars(select(DisclosureItem).where(among)))
    documents = select(DisclosureDocument.uid).where(DisclosureDocument.sha256.in_({photo.sha256 for photo in photos}))
    names: dict[EventName, list[str]] = {
        "faces.viewed": faces,
        "comparison.printed": faces,
        "probe.register_printed": faces,
        "report.downloaded": [report.number for report in held],
        "disclosure.item_viewed": [item.uid for item in items],
        "disclosure.document_viewed": list(db.session.scalars(documents)),
    }
    found = {event.sequence: event for name, ones in names.items() for event in viewing(name, ones)}
    found |= {event.sequence: event for item in items for event in _sent_with(item)}
    return [found[sequence] for sequence in sorted(found)]


def _sent_with(item: DisclosureItem) -> Iterable[AuditEvent]:
    """Yield the downloads of packages that held an item."""
    numbers = {package.number for package in holding(item)}
    rows = select(AuditEvent).where(
        AuditEvent.event == "disclosure.package_sent", AuditEvent.subject_id == item.disclosure.number
    )
    return [event for event in db.session.scalars(rows) if json.loads(event.keys)["package"] in numbers]


def person_files(photos: Sequence[GalleryPhoto]) -> Iterable[Showing]:
    """Yield the personal information files about the person, which are not part of the repository."""
    people = {photo.person_id for photo in photos}
    rows = select(PersonFile).where(PersonFile.gallery_person_id.in_(people), PersonFile.disposed_at.is_(None))
    for file in db.session.scalars(rows.order_by(PersonFile.id)):
        cases = ", ".join(link.record.case_number for link in file.links)
        yield Showing(
            "person_file", "person_file", file.uid, _moment(file.created_at), cases, "kept until its own period ends"
        )


def foils(photos: Sequence[GalleryPhoto]) -> Iterable[Showing]:
    """Yield every line-up in which a photograph of the person was a foil."""
    people, ids = {photo.person_id for photo in photos}, {photo.id for photo in photos}
    shown = GalleryPhoto.id == func.coalesce(LineUpPlace.photo_id, ProficiencyPicture.photo_id)
    rows = (
        select(LineUpPlace)
        .outerjoin(ProficiencyPicture, LineUpPlace.picture_id == ProficiencyPicture.id)
        .join(GalleryPhoto, shown)
        .where(GalleryPhoto.person_id.in_(people))
        .order_by(LineUpPlace.id)
    )
    for place in db.session.scalars(rows):
        line_up, round_ = place.line_up, place.line_up.round
        if place.is_subject:
            continue
        detail = f"line {line_up.number}, {line_up.ended or 'open'}"
        detail += "" if round_ else ", a comparison whose truth is known"
        yield Showing(
            "foil",
            "request" if round_ else "",
            round_.request.number if round_ else "",
            _moment(line_up.created_at),
            round_.request.case_number if round_ else "",
            detail,
            filled(place.of_repository).id in ids,
        )


LOOKERS: list[Looker] = [candidates, nominations, reports, disclosures, views, person_files, foils]


@enforces("CAP-3")
def look_back(photos: Sequence[GalleryPhoto]) -> list[Showing]:
    """Return everything that showed these photographs' people, by kind in the order of LOOKERS, then by time."""
    photos = list(photos)
    if not photos:
        return []
    return [line for looker in LOOKERS for line in looker(photos)]


def counts(lines: Iterable[Showing]) -> dict[str, int]:
    """Count the lines by kind, kinds in their order."""
    kinds = [line.kind for line in lines]
    return {kind: kinds.count(kind) for kind in KINDS if kind in kinds}


def _moment(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds")[:19] if at is not None else ""


def _case_of(number: str) -> str:
    if not number:
        return ""
    asked = select(FRRequest.case_number).where(FRRequest.number == number)
    of_disclosure = select(Disclosure.case_number).where(Disclosure.number == number)
    return db.session.scalar(asked) or db.session.scalar(of_disclosure) or ""


def _names(ids: Iterable[int | None]) -> list[str]:
    known = [account_id for account_id in ids if account_id is not None]
    rows = select(Account.display_name).where(Account.id.in_(known)).order_by(Account.display_name)
    return list(db.session.scalars(rows))
