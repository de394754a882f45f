"""The examiner's verbs: compare each candidate by hand, check the background, nominate one or none (SRC-2, SRC-3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app import audit
from app.access.actor import Actor
from app.clauses import enforces
from app.domain.accounts.people import who_may
from app.domain.examination import drafts, replaced
from app.domain.examination.background_conditions import against_of
from app.domain.examination.conditions import open_candidates
from app.domain.examination.contradictions import Contradiction, contradictions_of, found_anew, lacking
from app.domain.examination.worksheet_conditions import worksheet_faults
from app.domain.examination.worksheets import known_features
from app.domain.notices.notifications import tell
from app.extensions import db
from app.models import BackgroundCheck, Candidate, Disposition, FRRequest, Round
from app.models.base import filled, now
from app.outbox import ask
from app.policy import policy
from app.policy.examination.answers import GROUND, SOURCE
from app.policy.examination.background import check_items, compare
from app.policy.examination.dispositions import disposition_fault
from app.policy.refused import Refused
from app.workflow import advance
from app.workflow.engine import refuse_if

#: the verdict that takes a candidate out of the round
EXCLUDED = "excluded"


def begin(request: FRRequest, actor: Actor) -> Round:
    """Open a round on the last finished search: the first, or after a continuation a fresh one. Raises Refused."""
    finished = [search for search in request.searches if search.state == "finished"]
    search = finished[-1] if finished else None
    round_ = (
        Round(request=request, search=search, number=len(request.rounds) + 1, examiner_id=actor.id) if search else None
    )
    if round_ is not None:
        db.session.add(round_)
        db.session.flush()
    advance(
        request, "begin_examination", actor, round=round_.uid if round_ else None, search=search.uid if search else None
    )
    request.examiner_id = actor.id
    return filled(round_)


def open_round(request: FRRequest, actor: Actor) -> Round:
    """Return the round this person examines now. Raises Refused when it is not theirs, or not open."""
    round_ = request.current_round
    if request.state != "under_examination" or round_ is None:
        raise Refused("WF-examine", "No examination is open.")
    if round_.examiner_id != actor.id:
        raise Refused("actor_is_examiner", "Another examiner works on this round.")
    return round_


@enforces("SRC-2", "CAP-6")
def dispose(
    request: FRRequest,
    actor: Actor,
    candidate: Candidate,
    verdict: str,
    features: Mapping[str, Any],
    note: str,
    justification: str = "",
) -> Disposition:
    """Exclude a candidate on a lasting difference or a reason, retain it with the full worksheet, or compare nothing.

    `features`: {component: {"verdict": …, "note": …, "parts": …}}. `justification`
    answers for unexplained differences in lasting components; the supervisor reads it. Raises Refused.
    """
    round_ = open_round(request, actor)
    rule = policy().review.dispositions.get(verdict)
    if rule is None or candidate.search_id != round_.search_id:
        raise Refused("facial-identification", "Choose what becomes of a candidate of this search.")
    refuse_if("nominee_retained", candidate.photo.removed_at is not None, "The photograph left the repository.")
    faults = worksheet_faults(features, complete=rule.full_worksheet)
    if faults:
        raise Refused(rule.id, faults[0].message, faults=faults)
    features = known_features(features)
    wrong = disposition_fault(policy(), rule, features, note)
    if wrong:
        raise Refused(rule.id, wrong)
    row = round_.disposition_of(candidate)
    recorded = {"features": features, "note": note.strip(), "justification": justification.strip()}
    if row is not None and (row.verdict, dict(row.private)) == (verdict, recorded):
        drafts.forget(request, actor, drafts.worksheet_page(round_, candidate))
        return row
    if verdict == EXCLUDED:
        replaced.remember(round_, actor, candidate, row)
    else:
        replaced.forget(round_, actor, candidate)
    if row is None:
        row = Disposition(round=round_, candidate=candidate, verdict=verdict)
        db.session.add(row)
    row.verdict = verdict
    row.seal(**recorded)
    db.session.flush()
    drafts.forget(request, actor, drafts.worksheet_page(round_, candidate))
    audit.record("candidate.disposed", request, candidate=candidate.uid, disposition=verdict)
    return row


@enforces("SRC-2")
def take_back(request: FRRequest, actor: Actor, candidate: Candidate) -> str:
    """Undo an exclusion within the seconds of the rule and restore what it replaced. Raises Refused.

    Answers what is recorded of the candidate now: a verdict, or "open". A worksheet that was typed and not recorded is
    a draft again.
    """
    round_, rule = open_round(request, actor), policy().review.taking_back
    row = round_.disposition_of(candidate)
    if row is None or row.verdict != EXCLUDED:
        raise Refused(rule.id, "No exclusion of this candidate stands.")
    late = f"The exclusion was recorded more than {rule.count} seconds ago. Compare the candidate anew to change it."
    refuse_if(rule.id, replaced.seconds_left(round_, actor, row) <= 0, late)
    before, unsent = replaced.standing_before(round_, actor, candidate)
    if before is None:
        db.session.delete(row)
    else:
        row.verdict = before["verdict"]
        row.seal(**{name: value for name, value in before.items() if name != "verdict"})
    if unsent:
        drafts.keep(request, actor, drafts.worksheet_page(round_, candidate), unsent)
    replaced.forget(round_, actor, candidate)
    db.session.flush()
    db.session.expire(round_, ["dispositions"])
    standing = row.verdict if before is not None else "open"
    audit.record("disposition.taken_back", request, candidate=candidate.uid, disposition=EXCLUDED, standing=standing)
    return standing


@enforces("SRC-2", "CAP-6")
def ranking(round_: Round, actor: Actor) -> list[Candidate]:
    """Return the candidates by rank, for the examiner alone and only when each has a disposition. Raises Refused."""
    refuse_if("actor_is_examiner", round_.examiner_id != actor.id, "Another examiner works on this round.")
    waiting = len(open_candidates(round_))
    refuse_if("blind-order", waiting > 0, f"{waiting} candidates have no disposition yet.")
    return sorted(round_.search.candidates, key=lambda candidate: candidate.rank)


def next_open(round_: Round, after: int = 0) -> Candidate | None:
    """Return the next candidate without a disposition in the order shown, from `after` on and then from the start."""
    waiting = open_candidates(round_)
    return next((c for c in waiting if c.shown_order > after), waiting[0] if waiting else None)


@enforces("SRC-3")
def check_background(
    request: FRRequest,
    actor: Actor,
    candidate: Candidate,
    items: Mapping[str, Any],
    answers: Mapping[str, str] | None = None,
) -> BackgroundCheck:
    """Record the detailed background check of a retained candidate. Raises Refused when an item is missing.

    `answers`: {id of an inconsistency, alone or with _ground or _source: answer}. What is unanswered may be answered
    later; it bars the nomination until then. How each rule judged stays with the check, for the record of the person
    may change; what any check of this person in the matter found before stays with it too.
    """
    round_ = open_round(request, actor)
    disposition = round_.disposition_of(candidate)
    if disposition is None or disposition.verdict != "retained":
        raise Refused("background-check", "The background of a retained candidate is checked; retain it first.")
    against = replace(against_of(request, candidate.person, None), items=items)
    faults = check_items(policy(), against)
    if faults:
        raise Refused("background-check", faults[0].message, faults=faults)
    before = contradictions_of(round_, candidate)
    row = round_.background_of(candidate)
    if row is None:
        row = BackgroundCheck(round=round_, candidate=candidate)
        db.session.add(row)
    parts = {rule + part for rule in policy().review.inconsistencies for part in ("", GROUND, SOURCE)}
    row.seal(items=dict(items), answers={name: text.strip() for name, text in (answers or {}).items() if name in parts})
    compared = compare(policy(), against)
    row.seal(
        compared=[{"rule": one.rule.id, "status": one.status, "text": one.text} for one in compared],
        contradictions=found_anew(compared, before),
    )
    db.session.flush()
    asked = row.awaits
    row.awaits = awaits_agreement(contradictions_of(round_, candidate))
    if row.awaits and not asked:
        tell("answer_waits", who_may(request, "agree_to_answer"), request)
    db.session.flush()
    drafts.forget(request, actor, drafts.background_page(round_, candidate))
    audit.record("background.recorded", request, candidate=candidate.uid)
    return row


def awaits_agreement(found: list[Contradiction]) -> bool:
    """Tell whether a supervisor has to judge an answer before the nomination: it is whole, and nobody agrees."""
    whole = not lacking(one for one in found if one.holds)
    return whole and any(one.holds and not one.agreed for one in found)


@enforces("SRC-7")
def conclude_none(request: FRRequest, actor: Actor, reason: str, retained_reason: str = "") -> None:
    """Conclude that no candidate is identified; a negative report follows, and prints both reasons. Raises Refused.

    `retained_reason`: why nobody of those retained is put forward, asked where somebody was.
    """
    round_ = open_round(request, actor)
    given = {"reason": reason, "retained_reason": retained_reason}
    advance(request, "conclude_none", actor, search=round_.search.uid, **given)
    replaced.forget_past(request, all_of_them=True)
    round_.concluded_at = now()
    round_.seal(conclusion=reason, retained_reason=retained_reason)
    ask("negative_report", request.number, f"negative:{request.number}:{round_.number}")


@enforces("SRC-7")
def conclude_empty(request: FRRequest, actor: Actor) -> None:
    """Conclude a search that listed nobody; a negative report follows. Raises Refused."""
    search = request.current_search
    advance(request, "conclude_empty", actor, search=search.uid if search else None)
    ask("negative_report", request.number, f"negative:{request.number}:{filled(search).uid}")
