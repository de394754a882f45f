"""The supervisor's verb on an answer to a contradiction: to agree with it or not, in words (SRC-3, SRC-5)."""

from __future__ import annotations

from app.access.actor import Actor
from app.clauses import enforces
from app.domain.examination.contradictions import Contradiction, contradictions_of, of_nominee
from app.domain.examination.verbs import awaits_agreement
from app.domain.notices.notifications import tell
from app.extensions import db
from app.models import AnswerJudgment, FRRequest
from app.models.base import filled
from app.policy import policy
from app.policy.examination.answers import agreement_fault
from app.policy.facts import Fault
from app.policy.names import RequestVerb
from app.policy.refused import Refused
from app.workflow import advance


def to_judge(request: FRRequest) -> list[Contradiction]:
    """Return what a supervisor may judge now: of the nominee everything, before a nomination what would hold one."""
    round_ = request.current_round
    if round_ is None:
        return []
    if request.state != "under_examination":
        return of_nominee(round_)
    checks = [check for check in round_.background_checks if check.awaits or check.judgments]
    return [one for check in checks for one in contradictions_of(round_, check.candidate) if one.holds]


@enforces("SRC-3", "SRC-5", "EXT-2")
def judge(request: FRRequest, actor: Actor, check_uid: str, rule_id: str, *, agreed: bool, words: str) -> None:
    """Record what a supervisor says of one answer; it stays, whatever is said later. Raises Refused."""
    found = to_judge(request)
    one = next((one for one in found if (one.check.uid, one.rule_id) == (check_uid, rule_id)), None)
    rule = policy().review.inconsistency_agreement
    if one is None:
        raise Refused(rule.id, "No such contradiction waits for a supervisor.")
    verb: RequestVerb = "agree_to_answer" if agreed else "decline_answer"
    others = [other.words for each in found for other in each.judgments if each.rule_id != rule_id]
    wrong = agreement_fault(policy(), words, one.text, [one.answer.text, *others])
    if wrong:
        raise Refused(rule.id, f"{one.title}: {wrong}", faults=[Fault("words", wrong, rule.id)])
    advance(request, verb, actor, check=one.check.uid, contradiction=one)
    row = AnswerJudgment(
        check=one.check, rule=rule_id, supervisor_id=actor.id, agreed=agreed, policy_version=policy().version
    )
    row.seal(words=words.strip(), about=one.about)
    db.session.add(row)
    db.session.flush()
    db.session.expire(one.check, ["judgments"])
    if one.check.awaits:
        one.check.awaits = awaits_agreement(contradictions_of(filled(request.current_round), one.check.candidate))
    tell("answer_judged", [request.examiner_id], request)
