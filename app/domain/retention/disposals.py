"""Disposals: proposed, approved by two others, declined, withdrawn (RET-1 to RET-11).

Every verb needs an open unit of work and raises Refused; none commits. What execution does is in erasure.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app import audit
from app.access.actor import Actor
from app.access.capabilities import check_capability
from app.clauses import enforces
from app.domain.notices.notifications import tell
from app.domain.numbers import draw
from app.domain.retention.eligibility import Target, label, locked, not_due, reasons, standing_of, under_way
from app.domain.retention.holds import key_of
from app.domain.retention.known import known_of, written
from app.extensions import db, stores
from app.models.accounts import Account
from app.models.base import now
from app.models.engine import Job
from app.models.retention import CaseRecord, Disposal, DisposalItem, PersonFile
from app.outbox import ask_once
from app.policy import policy
from app.policy.names import DisposalVerb
from app.policy.reasons import gives_reason
from app.workflow.engine import advance, explain, refuse_if

JOB = "disposal"
#: while one of these steps leads on, the portal is executing the disposal
EXECUTION: tuple[DisposalVerb, ...] = ("begin", "finish")


def approvers() -> list[int]:
    """Return the accounts that may approve disposals, as last seen in the directory."""
    people = db.session.scalars(select(Account).where(Account.enabled.is_(True)))
    return [account.id for account in people if "disposal.approve" in policy().capabilities_of(account.roles)]


@enforces("RET-10")
def with_their_files(targets: Sequence[Target]) -> list[Target]:
    """Return the chosen records, and the files on associated persons that nothing else keeps.

    Case records first: a file goes only after every record it belongs to. A file that is held, or belongs to another
    record that is kept, stays.
    """
    records = [target for target in targets if isinstance(target, CaseRecord)]
    files = [target for target in targets if isinstance(target, PersonFile)]
    chosen = {record.id for record in records}
    for record in records:
        for link in record.people:
            file = link.file
            if file in files or file.disposed_at is not None or under_way(file) is not None:
                continue
            kept = [other.case_record_id for other in file.links if other.record.disposed_at is None]
            suspect = any(other.role == "suspect" for other in file.links)
            if not suspect and set(kept) <= chosen and not_due(file) is None:
                files.append(file)
    return [*records, *files]


@enforces("RET-11")
def propose(actor: Actor, targets: Sequence[Target], reason: str) -> Disposal:
    """Propose records for disposal; files on their associated persons come along. Raises Refused."""
    check_capability(actor, "disposal.propose")
    refuse_if("reason_given", not gives_reason(policy(), reason), "Write the reason.")
    # always in one order, so that two proposals at once wait for each other instead of for ever
    for target in sorted(targets, key=key_of):
        locked(target)
    disposal = Disposal(
        number=draw("DP"), key_id=stores().keys.create(), policy_version=policy().version, proposed_by_id=actor.id
    )
    sources: dict[str, list[str]] = {}
    for target in with_their_files(list(dict.fromkeys(targets))):
        item = DisposalItem()
        if isinstance(target, CaseRecord):
            item.case_record = target
        else:
            item.person_file = target
        if target.disposed_at is None:
            standing = standing_of(target)
            item.earliest_on, item.why = standing.earliest, reasons(standing)
            known = known_of(target) if isinstance(target, CaseRecord) else None
            item.known = None if known is None else written(known)
            if known is not None and known.sources:
                sources[label(target)] = list(known.sources)
        disposal.items.append(item)
    disposal.seal(reason=reason.strip(), sources=sources)
    db.session.add(disposal)
    db.session.flush()
    audit.record("disposal.drafted", disposal, actor=actor, disposal=disposal.number)
    advance(disposal, "propose", actor, items=[key_of(item.target) for item in disposal.items])
    tell("disposal_proposed", set(approvers()) - {actor.id}, disposal)
    return disposal


@enforces("RET-11")
def approve(disposal: Disposal, actor: Actor, *, password_confirmed: bool) -> Job | None:
    """Approve as the first or second of two; after the second the execution is asked for. Raises Refused."""
    refused = explain(disposal, "approve", actor, password_confirmed=password_confirmed)
    if refused is not None:
        raise refused
    second = disposal.state == "once_approved"
    moment = now()
    if second:
        # set before the step: an approved disposal without two approvers would break the table's own check
        disposal.second_approver_id, disposal.second_approved_at = actor.id, moment
    with db.session.no_autoflush:
        advance(disposal, "approve", actor, password_confirmed=password_confirmed)
    if not second:
        disposal.first_approver_id, disposal.first_approved_at = actor.id, moment
        db.session.flush()
        tell("disposal_approved_once", set(approvers()) - {actor.id, disposal.proposed_by_id}, disposal)
        return None
    tell("disposal_approved", [disposal.proposed_by_id], disposal)
    return ask_for_execution(disposal)


def ask_for_execution(disposal: Disposal) -> Job:
    """Have the approved disposal executed by a worker; asked for again only after a run gave up."""
    return ask_once(JOB, disposal.number)


@enforces("RET-11")
def decline(disposal: Disposal, actor: Actor, reason: str) -> None:
    """Decline a proposal; nothing of it is erased. Raises Refused."""
    advance(disposal, "decline", actor, reason=reason)
    disposal.seal(decline_reason=reason.strip(), declined_by=actor.id)
    tell("disposal_declined", [disposal.proposed_by_id, disposal.first_approver_id], disposal)


@enforces("RET-11")
def withdraw(disposal: Disposal, actor: Actor, reason: str) -> None:
    """Withdraw one's own proposal before its execution begins. Raises Refused."""
    advance(disposal, "withdraw", actor, reason=reason)
    disposal.seal(withdrawal_reason=reason.strip())
    tell("disposal_withdrawn", [disposal.first_approver_id, disposal.second_approver_id], disposal)
