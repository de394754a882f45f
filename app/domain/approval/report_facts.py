"""The facts of a report, gathered from the records; what is not recorded is passed on as such (SRC-7 to SRC-9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from app.access.clearance import narrative_for
from app.audit.policy_texts import kept, rule_of, words_of
from app.calendar import day_of
from app.documents.approval.facts import (
    AuthorizedUse,
    Concluded,
    CustodyEntry,
    Decision,
    Judgment,
    NegativeReason,
    PolicyVersion,
    Replacement,
    ReportFacts,
    ReportKind,
    Step,
)
from app.documents.errors import FactsError
from app.documents.examination.facts import Candidate, FeatureComparison, GalleryPhotograph
from app.documents.facts import Person, Picture
from app.documents.identification.facts import Algorithm, FaceBox, Gallery, Probe
from app.domain.accounts.naming import UNIT, here, person_of
from app.domain.algorithms.registry import entry_of, longest_review
from app.domain.approval.judged import DatedJudgment, judgments
from app.domain.approval.separations import supervisor
from app.domain.examination.ending import examined
from app.domain.examination.printed_check import checked_items, rest
from app.domain.examination.printed_contradictions import printed_contradictions, printed_peers
from app.domain.gallery.photographs import stored
from app.domain.identification.preparation import recipe_of_row
from app.domain.identification.recipes import steps_in_words
from app.domain.requests.provenance import source_of
from app.domain.requests.seriousness import basis_answers
from app.extensions import settings, stores
from app.imaging import decode, display_copy
from app.matching.nist import nist_status
from app.models import Account, BackgroundCheck, FRRequest, GalleryPhoto, Report, Round, Search
from app.models.base import filled
from app.policy import policy
from app.policy.facts import answered
from app.workflow.history import steps_of

PHOTO_SIDE = 1200
OUTCOMES = {
    "approved": "Approved as a possible match candidate: an investigative lead",
    "not_approved": "Not approved",
}


def _use(request: FRRequest) -> AuthorizedUse:
    use, facts = policy().use(request.use_id or ""), basis_answers(request)
    return AuthorizedUse(use.id, use.text, (*facts, ("Narrative", narrative_for(request, None) or None)))


def _steps(request: FRRequest, marks: Mapping[str, str]) -> tuple[Step, ...]:
    """Return the steps, each in the words of the policy that it was taken under."""
    steps = []
    for row in steps_of(request):
        rule = rule_of(row)
        clauses = tuple(rule.authority) if rule is not None else ()
        who = person_of(row.actor, _part(request, row.actor)) if row.actor else Person("The portal")
        steps.append(Step(here(row.created_at), words_of(row), clauses, who, marks.get(row.policy_version)))
    return tuple(steps)


def _marks(request: FRRequest, judged: Iterable[DatedJudgment]) -> dict[str, str]:
    """Return a mark for each policy version that a step or a judgment names, numbered as they came to be used."""
    named = [(row.created_at, row.policy_version) for row in steps_of(request)]
    named += [(row.at, row.policy_version) for row in judged]
    digests = dict.fromkeys(digest for _, digest in sorted(named) if digest)
    return {digest: f"P{n}" for n, digest in enumerate(digests, 1)}


def _policies(marks: Mapping[str, str]) -> tuple[PolicyVersion, ...]:
    found = {digest: kept(digest) for digest in marks}
    return tuple(
        PolicyVersion(mark, digest, digest == policy().version or bool((row := found[digest]) and row.texts))
        for digest, mark in marks.items()
    )


def _part(request: FRRequest, account: Account) -> str:
    """Return the person's part in this request, in words."""
    if account.id == request.requester_id:
        return "requesting investigator"
    if account.id == request.discussing_supervisor_id:
        return "supervisor of the requesting investigator"
    if account.id in supervisor(request):
        return "supervisor"
    if any(review.peer_id == account.id for round_ in request.rounds for review in round_.peer_reviews):
        return "peer reviewer"
    return "examiner"


def _probe(request: FRRequest, search: Search) -> Probe:
    image, face = search.image, search.face
    shown = stores().blobs.get(filled(image.shown_blob_id), request.key_id, filled(image.shown_sha256))
    picture = Picture(shown, image.sha256)
    scale = picture.size[0] / image.width
    left, top, right, bottom = (value * scale for value in face.box)
    rules = policy().request
    source, basis = source_of(image), rules.lawful_bases.get(image.obtained or "")
    return Probe(
        picture=picture,
        face=FaceBox(left, top, right - left, bottom - top),
        source=_with_facts(source, image.private.get("source_facts", {})),
        obtained=_with_facts(basis, image.private.get("obtained_facts", {})),
        taken_at=here(image.taken_at),
    )


def _with_facts(rule: Any, given: Mapping[str, Any]) -> str | None:
    if rule is None:
        return None
    given_words = answered(rule.facts, given)
    stated = [f"{label}{'' if label.endswith('?') else ':'} {answer}" for label, answer in given_words if answer]
    return "\n".join([rule.title, *stated])


def _custody(request: FRRequest, search: Search) -> tuple[CustodyEntry, ...]:
    image, derived = search.image, search.derived
    prepared = (
        (
            CustodyEntry(
                here(derived.created_at),
                f"Prepared image {derived.number} made from the original: "
                + " ".join(steps_in_words(recipe_of_row(derived))),
                person_of(derived.made_by, "examiner"),
                derived.sha256,
            ),
        )
        if derived
        else ()
    )
    searched = f"Searched as prepared image {derived.number}" if derived else "Searched"
    return (
        CustodyEntry(
            here(image.created_at),
            "Original received and stored, write-once and encrypted",
            person_of(request.requester, "requesting investigator"),
            image.sha256,
        ),
        *prepared,
        CustodyEntry(
            here(search.created_at),
            "Selected as the probe",
            person_of(search.examiner, "examiner"),
            search.probe_sha256,
        ),
        CustodyEntry(
            here(search.finished_at),
            f"{searched}; digest checked on reading",
            Person("The portal"),
            derived.sha256 if derived else search.probe_sha256,
        ),
    )


def _algorithm(search: Search) -> Algorithm | None:
    if search.algorithm_digest is None:
        return None
    entry = entry_of(search.algorithm_digest)
    if entry is None:
        # it left the catalogue since: nothing is said of it beyond what the search recorded
        return Algorithm(filled(search.algorithm), None, None, search.algorithm_digest, "Not recorded with the search.")
    status = nist_status(entry, search.algorithm_digest, day_of(filled(search.finished_at)), longest_review())
    return Algorithm(filled(search.algorithm), entry.developer, entry.version, search.algorithm_digest, status.reason)


def _gallery(search: Search) -> Gallery | None:
    if search.gallery_generation is None:
        return None
    return Gallery(str(search.gallery_generation), search.gallery_photos, search.gallery_people)


def _candidate(round_: Round, issued: datetime) -> Candidate:
    nominee = filled(round_.nominee)
    if nominee.photo.removed_at is not None:
        raise FactsError("The candidate's photograph left the repository; it is not reported (CAP-3).")
    person, private = nominee.person, nominee.person.private
    photos = [nominee.photo, *(p for p in person.photos if p.id != nominee.photo_id and p.removed_at is None)]
    sheet, given = policy().review.worksheet, filled(round_.disposition_of(nominee)).private.get("features", {})
    verdicts = {verdict.value: verdict.label for verdict in sheet.verdicts}
    compared = [
        FeatureComparison(
            feature.label,
            verdicts.get((given.get(feature.value) or {}).get("verdict") or ""),
            (given.get(feature.value) or {}).get("note") or None,
        )
        for feature in sheet.features
    ]
    check = round_.background_of(nominee)
    return Candidate(
        record_number=nominee.photo.record_number,
        name=private.get("name") or None,
        birth_date=date.fromisoformat(private["born_on"]) if private.get("born_on") else None,
        photographs=tuple(
            GalleryPhotograph(Picture(_gallery_copy(photo), photo.sha256), photo.taken_on) for photo in photos[:4]
        ),
        comparison=tuple(compared),
        background=_background(check),
        contradictions=printed_contradictions(round_, nominee, until=issued),
        items=checked_items(check) if check is not None else (),
        peers=printed_peers(round_),
    )


def _gallery_copy(photo: GalleryPhoto) -> bytes:
    data = stored(photo)
    return display_copy(decode(data).bgr, PHOTO_SIDE)


def _background(check: BackgroundCheck | None) -> str | None:
    """Return the findings that stand in no table of items."""
    if check is None:
        return None
    given, lines, tabled = rest(check), [], {item.name for item in policy().review.silence.items}
    for fact in policy().review.background.facts:
        if fact.name in tabled:
            continue
        words = {choice.value: choice.label for choice in fact.choices}
        answer = str(given.get(fact.name) or "")
        mark = "" if fact.label.endswith("?") else ":"
        # what only some answers ask for is not applicable after the others
        left = "not recorded" if fact.required else "not applicable"
        lines.append(f"{fact.label}{mark} {words.get(answer, answer) or left}")
    return "\n".join(lines)


def _decision(round_: Round | None) -> Decision | None:
    if round_ is None or not round_.final_reviews:
        return None
    last = round_.final_reviews[-1]
    if last.decision not in OUTCOMES:
        return None
    return Decision(person_of(last.supervisor, "supervisor"), here(last.created_at), OUTCOMES[last.decision])


def _concluded(request: FRRequest) -> Concluded | None:
    """Return who took the step from which the negative result follows."""
    steps = [row for row in steps_of(request) if row.target == "negative" and row.actor is not None]
    if not steps:
        return None
    last = steps[-1]
    return Concluded(person_of(filled(last.actor), _part(request, filled(last.actor))), here(last.created_at))


def _supersedes(report: Report) -> Replacement | None:
    old = report.replaces
    if old is None:
        return None
    return Replacement(old.number, old.private.get("recall_reason", ""), here(old.recalled_at))


def gather(report: Report) -> ReportFacts:
    """Gather everything the report states. Raises StorageError, and FactsError when the records contradict its kind."""
    request, round_ = report.request, report.round
    search = round_.search if round_ is not None else filled(request.current_search)
    possible = report.kind == ReportKind.POSSIBLE_MATCH
    concluded = None if possible else _concluded(request)
    decision = _decision(round_)
    judged = (*judgments(request), DatedJudgment("This report", report.created_at, policy().version))
    marks = _marks(request, judged)
    negative = NegativeReason.NOT_APPROVED if decision is not None else NegativeReason.NO_CANDIDATE
    return ReportFacts(
        kind=ReportKind(report.kind),
        department=settings().department,
        unit=UNIT,
        report_number=report.number,
        request_number=request.number,
        case_number=request.case_number,
        issued_at=here(report.created_at),
        prepared_by=person_of(report.prepared_by, "examiner") or (concluded.who if concluded else None),
        requester=person_of(request.requester, "requesting investigator"),
        requested_at=here(request.submitted_at),
        use=_use(request),
        steps=_steps(request, marks),
        custody=_custody(request, search),
        policy_version=policy().version,
        policy_effective=max(rule.effective for rule in policy().rules.values()),
        policies=_policies(marks),
        judged=tuple(Judgment(row.what, here(row.at), marks.get(row.policy_version)) for row in judged),
        algorithm=_algorithm(search),
        gallery=_gallery(search),
        probe=_probe(request, search),
        decision=decision,
        candidate=_candidate(filled(round_), report.created_at) if possible else None,
        negative_reason=None if possible else negative,
        concluded=concluded,
        examined=examined(search, round_),
        demonstration=settings().demonstration,
        supersedes=_supersedes(report),
    )
