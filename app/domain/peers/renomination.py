"""Second nominations of a person: something new comes before fresh peers, not another vote (SRC-6, FAIR-1)."""

from __future__ import annotations

from datetime import date

from app.access.actor import Actor
from app.calendar import day_of, today
from app.clauses import enforces
from app.domain.examination.background_conditions import nominee_in
from app.domain.examination.earlier_verdicts import EarlierVerdict, earlier_verdicts, grounds_for, told_verdicts
from app.domain.examination.verbs import open_round
from app.domain.gallery.same_picture import is_same_picture
from app.domain.matters.photographs import of_same_photograph
from app.extensions import db
from app.models import Candidate, FRRequest, NewGround, ProbeImage, Round
from app.models.base import filled
from app.policy import policy
from app.policy.examination.answers import substance_fault, substance_words
from app.policy.facts import Fault
from app.policy.refused import Refused
from app.policy.words import says_something
from app.workflow import advance
from app.workflow.facts import Facts
from app.workflow.registry import condition


@enforces("SRC-6", "FAIR-1")
def open_doubts(round_: Round, candidate: Candidate) -> list[EarlierVerdict]:
    """Return the earlier verdicts against this person that nothing new has met since."""
    against = [one for one in earlier_verdicts(round_, candidate) if one.stands_against]
    grounds = grounds_for(round_, candidate) if against else []
    return [one for one in against if not _met(one, round_, candidate, grounds)]


def _met(doubt: EarlierVerdict, round_: Round, candidate: Candidate, grounds: list[NewGround]) -> bool:
    before = filled(doubt.round.nominee)
    if not is_same_picture(before.photo, candidate.photo):
        return True
    if not _same_picture(doubt.round.search.image, round_.search.image):
        return True
    return any(_meets(ground, doubt) for ground in grounds)


def _meets(ground: NewGround, doubt: EarlierVerdict) -> bool:
    if ground.kind == "mistake":
        return ground.round_id == doubt.review.round_id
    later = ground.created_at > doubt.at
    return later and date.fromisoformat(ground.private["obtained_on"]) >= day_of(doubt.at)


def _same_picture(one: ProbeImage, other: ProbeImage) -> bool:
    """Tell whether two probes are one picture: an edited copy is no other probe."""
    if one.sha256 == other.sha256:
        return True
    return other.id in of_same_photograph([one.id])


@condition("something_new", "SRC-6", "FAIR-1", written_by=("nominate",), chosen_as="nominee")
def something_new(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_, nominee = request.current_round, nominee_in(request, facts)
    if round_ is None or nominee is None:
        return None
    doubts = open_doubts(round_, nominee)
    if not doubts:
        return None
    read = told_verdicts(round_, doubts, actor)
    told = "; ".join(dict.fromkeys(f"{one.where}: {one.label.lower()}" if one.where else one.label for one in read))
    return f"Peers did not support this person before ({told}), and nothing new is before the peers."


@enforces("SRC-6")
def record_information(
    request: FRRequest, actor: Actor, candidate: Candidate, text: str, source: str, obtained_on: date | None
) -> NewGround:
    """Record what is known now, and was not, of a person whom a peer did not support. Raises Refused."""
    round_, rule = open_round(request, actor), policy().review.renomination
    doubts = open_doubts(round_, candidate)
    if candidate.search_id != round_.search_id or not doubts:
        raise Refused(rule.id, "No earlier verdict stands against this candidate.")
    idle = policy().review.inconsistency_answer.idle
    earlier = [str(one.private["text"]) for one in grounds_for(round_, candidate)]
    faults = []
    wrong = substance_fault(rule, text, "", earlier, idle)
    if wrong:
        faults.append(Fault("text", f"What is new: {wrong}", rule.id))
    if not says_something(source, rule.min_source) or substance_words(rule, source, "", idle) == 0:
        faults.append(Fault("source", f"Name the source in at least {rule.min_source} characters.", rule.id))
    since = max(day_of(one.at) for one in doubts)
    if obtained_on is None or not since <= obtained_on <= today():
        known = all(one.where for one in told_verdicts(round_, doubts, actor))
        day = str(since) if known else "the day of the verdict"
        faults.append(
            Fault("obtained_on", f"What is new was obtained from {day} on, and not later than today.", rule.id)
        )
    if faults:
        raise Refused(rule.id, faults[0].message, faults=faults)
    advance(request, "record_information", actor, round=round_.uid)
    given = {"source": source.strip(), "obtained_on": filled(obtained_on).isoformat()}
    return _keep(round_, candidate, "information", actor, text, **given)


@enforces("SRC-6", "SRC-5")
def record_mistake(request: FRRequest, actor: Actor, text: str) -> NewGround:
    """Record a supervisor's word that a peer review of the last round was mistaken, and how. Raises Refused."""
    round_, rule = request.current_round, policy().review.renomination
    if round_ is None or round_.nominee is None or not round_.peer_reviews:
        raise Refused(rule.id, "The last round has no peer review.")
    wrong = substance_fault(rule, text, "", (), policy().review.inconsistency_answer.idle)
    if wrong:
        raise Refused(rule.id, f"The mistake: {wrong}", faults=[Fault("text", f"The mistake: {wrong}", rule.id)])
    advance(request, "record_mistake", actor, round=round_.uid)
    return _keep(round_, round_.nominee, "mistake", actor, text)


def _keep(round_: Round, candidate: Candidate, kind: str, actor: Actor, text: str, **sealed: str) -> NewGround:
    row = NewGround(
        round=round_,
        person_id=candidate.person_id,
        kind=kind,
        recorded_by_id=actor.id,
        policy_version=policy().version,
    )
    row.seal(text=text.strip(), **sealed)
    db.session.add(row)
    db.session.flush()
    return row
