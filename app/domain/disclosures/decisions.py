"""The decision on a disclosure, and what follows from it: package, fetch, receipt, expiry (EXT-7, ACC-12).

Every function needs an open unit of work and raises Refused; none commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, select

from app import audit
from app.access.actor import Actor, system_actor
from app.calendar import end_of, today
from app.clauses import enforces
from app.domain.accounts.people import holders_of
from app.domain.disclosures.claims import claim_of
from app.domain.disclosures.contradictions import contradictions_of
from app.domain.notices.notifications import tell
from app.extensions import db, stores
from app.models.base import filled, now
from app.models.disclosures import Disclosure, DisclosureDecision, DisclosurePackage
from app.models.engine import Job, Transition
from app.outbox import ask
from app.policy import policy
from app.policy.names import DisclosureVerb
from app.policy.refused import Refused
from app.storage import BlobRef
from app.unit_of_work import after_commit
from app.workflow.engine import advance, explain

DECISION_JOB, PACKAGE_JOB = "disclosure_decision", "disclosure_package"
NONE: Mapping[str, str] = MappingProxyType({})


def default_release_by() -> date:
    """Return the last day of release that a decision form proposes."""
    return today() + timedelta(days=policy().disclosure.approval.default_days)


@enforces("EXT-7")
def approve(
    disclosure: Disclosure,
    actor: Actor,
    *,
    text: str,
    reason: str,
    included: set[str],
    conditions: str = "",
    release_by: date | None = None,
    answers: Mapping[str, str] = NONE,
    password_confirmed: bool,
) -> DisclosureDecision:
    """The Agency Privacy Officer approves in writing; `included` are the uids of the items let out.

    The decision is rendered as a document by a job; nothing leaves before it is kept.
    """
    decision = _grant(
        "approve",
        "approved",
        disclosure,
        actor,
        text=text,
        reason=reason,
        included=included,
        conditions=conditions,
        release_by=release_by,
        answers=answers,
        password_confirmed=password_confirmed,
    )
    ask(DECISION_JOB, decision.uid, f"{DECISION_JOB}:{decision.uid}")
    return decision


@enforces("ACC-12")
def determine(
    disclosure: Disclosure,
    actor: Actor,
    *,
    text: str,
    reason: str,
    included: set[str],
    conditions: str = "",
    release_by: date | None = None,
    answers: Mapping[str, str] = NONE,
    password_confirmed: bool,
) -> DisclosureDecision:
    """Another person finds the release lawful, where no approval of the Agency Privacy Officer is needed."""
    return _grant(
        "determine",
        "determined",
        disclosure,
        actor,
        text=text,
        reason=reason,
        included=included,
        conditions=conditions,
        release_by=release_by,
        answers=answers,
        password_confirmed=password_confirmed,
    )


def _grant(
    verb: DisclosureVerb,
    kind: str,
    disclosure: Disclosure,
    actor: Actor,
    *,
    text: str,
    reason: str,
    included: set[str],
    conditions: str,
    release_by: date | None,
    answers: Mapping[str, str],
    password_confirmed: bool,
) -> DisclosureDecision:
    last = release_by or default_release_by()
    facts = {
        "text": text,
        "reason": reason,
        "included": sorted(included),
        "release_by": last,
        "until": last.isoformat(),
        "answers": answers,
        "password_confirmed": password_confirmed,
        "basis": disclosure.basis,
        "submission": disclosure.submission,
    }
    _check(disclosure, verb, actor, facts)
    # named first: an approved row without its last day would break the table's own check
    disclosure.release_by = last
    advance(disclosure, verb, actor, **facts)
    for item in disclosure.items:
        item.included = item.uid in included
    words = {"text": text, "reason": reason, "conditions": conditions}
    decision = _keep(disclosure, actor, kind, last, words, answers)
    tell("disclosure_approved", [disclosure.asked_by_id], disclosure)
    return decision


def _check(disclosure: Disclosure, verb: DisclosureVerb, actor: Actor, facts: dict[str, Any]) -> None:
    """Raise Refused where the step would be refused, before any column is changed."""
    refused = explain(disclosure, verb, actor, **facts)
    if refused is not None:
        raise refused


def _keep(
    disclosure: Disclosure,
    actor: Actor,
    kind: str,
    release_by: date | None,
    words: Mapping[str, str],
    answers: Mapping[str, str] = NONE,
) -> DisclosureDecision:
    """Keep a decision with its words, and with what spoke against the form at that moment, each with its answer."""
    against = [
        {"said": one.said, "reason": one.reason, "answer": answers.get(one.key, "").strip()}
        for one in contradictions_of(disclosure)
    ]
    row = DisclosureDecision(
        disclosure=disclosure,
        submission=disclosure.submission,
        asked_by_id=disclosure.asked_by_id,
        decided_by_id=actor.id,
        kind=kind,
        policy_version=policy().version,
        release_by=release_by,
    )
    row.seal(**{name: text.strip() for name, text in words.items()}, contradictions=against)
    db.session.add(row)
    db.session.flush()
    return row


@enforces("EXT-7", "ACC-12")
def refuse(
    disclosure: Disclosure,
    actor: Actor,
    *,
    text: str,
    reason: str,
    answers: Mapping[str, str] = NONE,
    password_confirmed: bool,
) -> None:
    """Refuse the disclosure in writing; the Agency Privacy Officer's refusal is rendered as a document too."""
    advance(
        disclosure,
        "refuse",
        actor,
        text=text,
        reason=reason,
        password_confirmed=password_confirmed,
        basis=disclosure.basis,
        submission=disclosure.submission,
    )
    decision = _keep(disclosure, actor, "refused", None, {"text": text, "reason": reason}, answers)
    if "disclosure.decide" in actor.capabilities:
        ask(DECISION_JOB, decision.uid, f"{DECISION_JOB}:{decision.uid}")
    tell("disclosure_refused", [disclosure.asked_by_id], disclosure)


def return_for_changes(disclosure: Disclosure, actor: Actor, reason: str) -> None:
    """Send the request back for changes; an approval given before no longer counts."""
    advance(disclosure, "return_for_changes", actor, reason=reason, submission=disclosure.submission)
    disclosure.release_by = None
    discard_unfetched(disclosure)
    _keep(disclosure, actor, "returned", None, {"reason": reason})
    tell("disclosure_returned", [disclosure.asked_by_id], disclosure)


def keep_decision_document(decision: DisclosureDecision, stored: BlobRef) -> None:
    """Keep the rendered decision; the first one is kept, for a decision is rendered once."""
    if decision.document_blob_id is not None:
        return
    decision.document_blob_id, decision.document_sha256 = stored.id, stored.sha256
    db.session.flush()
    audit.record(
        "disclosure.decision_rendered",
        decision.disclosure,
        actor=system_actor(),
        decision=decision.uid,
        sha256=stored.sha256,
    )


@enforces("EXT-7", "ACC-12")
def release(disclosure: Disclosure, actor: Actor) -> Job:
    """Have the package built, while basis and decision hold."""
    advance(disclosure, "release", actor, package=_next(disclosure))
    return _ask_for_package(disclosure)


@enforces("EXT-7")
def reissue(disclosure: Disclosure, actor: Actor, reason: str) -> Job:
    """Have another package built while basis and decision still hold; an unfetched one is destroyed."""
    advance(disclosure, "reissue", actor, reason=reason, package=_next(disclosure))
    disclosure.seal(reissue_reason=reason.strip())
    discard_unfetched(disclosure)
    return _ask_for_package(disclosure)


def released_by(disclosure: Disclosure) -> int | None:
    """Return the account that asked for the package being built."""
    steps = select(Transition.actor_id).where(
        Transition.subject_type == disclosure.subject_type,
        Transition.subject_id == disclosure.id,
        Transition.verb.in_(("release", "reissue")),
    )
    return db.session.scalars(steps.order_by(Transition.id.desc()).limit(1)).first()


@enforces("EXT-7", "ACC-12")
def finish_release(
    disclosure: Disclosure, stored: BlobRef, sums_sha256: str, withheld: Sequence[str] = ()
) -> DisclosurePackage:
    """Keep the built package, to be fetched once; basis and decision are checked again.

    withheld: uids of the items of which it holds a line alone.
    """
    number = _next(disclosure)
    advance(
        disclosure,
        "finish_release",
        system_actor(),
        package=number,
        size=stored.size,
        sha256=stored.sha256,
        sums_sha256=sums_sha256,
        withheld=withheld,
    )
    built = now()
    last = end_of(filled(disclosure.release_by))
    expires_at = min(built + timedelta(hours=policy().disclosure.package.expires_hours), last)
    package = DisclosurePackage(
        disclosure=disclosure,
        number=number,
        released_by_id=released_by(disclosure),
        blob_id=stored.id,
        sha256=stored.sha256,
        size=stored.size,
        sums_sha256=sums_sha256,
        withheld=list(withheld),
        built_at=built,
        expires_at=expires_at,
    )
    db.session.add(package)
    db.session.flush()
    tell("disclosure_released", [disclosure.asked_by_id, package.released_by_id], disclosure)
    return package


def fail_release(disclosure: Disclosure, cause: str) -> None:
    """Record that the package could not be built; nothing left, and it can be released again."""
    advance(disclosure, "fail_release", system_actor(), reason=cause, package=_next(disclosure))
    disclosure.seal(release_failure=cause.strip())
    tell("disclosure_failed", [disclosure.asked_by_id, *holders_of("disclosure.custody")], disclosure)


@enforces("EXT-7", "ACC-12")
def begin_fetch(disclosure: Disclosure, actor: Actor, session: str | None) -> DisclosurePackage:
    """Begin or resume the download: until the package has arrived it belongs to this person in this session."""
    facts = fetch_facts(disclosure, session)
    _check(disclosure, "begin_fetch", actor, facts)
    if claim_of(disclosure) is None:
        advance(disclosure, "begin_fetch", actor, **facts)
    return filled(disclosure.current_package)


@enforces("EXT-7", "ACC-12")
def fetch(disclosure: Disclosure, actor: Actor, session: str | None) -> DisclosurePackage:
    """Record that the last byte arrived: the package is fetched, and `package_single_use` refuses a second time."""
    package = disclosure.current_package
    advance(disclosure, "fetch", actor, **fetch_facts(disclosure, session))
    package = filled(package)
    package.fetched_at, package.fetched_by_id = now(), actor.id
    return package


def withheld(disclosure: Disclosure, actor: Actor, session: str | None) -> Refused | None:
    """Return the rule that now keeps this person in this session from getting the package, or None."""
    return explain(disclosure, "fetch", actor, **fetch_facts(disclosure, session))


def fetch_facts(disclosure: Disclosure, session: str | None) -> dict[str, Any]:
    """Gather what the steps of a download check and record."""
    package = disclosure.current_package
    number, sha256 = (package.number, package.sha256) if package else (None, None)
    withheld = package.withheld if package else []
    return {"package": number, "sha256": sha256, "session": session, "withheld": withheld}


@enforces("ACC-12")
def acknowledge(disclosure: Disclosure, actor: Actor, received_by: str, how: str, on: date | None) -> None:
    """Record the receipt."""
    package = disclosure.current_package
    receipt = {"received_by": received_by.strip(), "how": how.strip(), "on": on}
    facts = {"receipt": receipt, "package": package.number if package else None}
    _check(disclosure, "acknowledge", actor, facts)
    # written first: an acknowledged row without its receipt would break the table's own check
    disclosure.received_on, disclosure.acknowledged_by_id = on, actor.id
    advance(disclosure, "acknowledge", actor, **facts)
    disclosure.seal(receipt={"received_by": receipt["received_by"], "how": receipt["how"]})


@enforces("EXT-7")
def expire_due() -> int:
    """End decisions past their last day and packages not fetched in time; returns how many."""
    moment = now()
    late = select(Disclosure).where(Disclosure.state == "approved", Disclosure.release_by < today())
    unfetched = (
        select(Disclosure)
        .join(DisclosurePackage)
        .where(
            Disclosure.state == "released",
            DisclosurePackage.expires_at <= moment,
            DisclosurePackage.fetched_at.is_(None),
        )
        .distinct()
    )
    found = 0
    for disclosure in [*db.session.scalars(late), *db.session.scalars(unfetched)]:
        package = disclosure.current_package
        if disclosure.state == "released" and (package.fetched_at is not None or package.expires_at > moment):
            continue  # an earlier package was left; the present one counts
        advance(disclosure, "expire", system_actor())
        discard_unfetched(disclosure)
        tell("disclosure_expired", [disclosure.asked_by_id], disclosure)
        found += 1
    return found


def discard_unfetched(disclosure: Disclosure) -> None:
    """Destroy the bytes of unfetched packages, which nobody may fetch any more."""
    for package in disclosure.packages:
        if package.fetched_at is None:
            after_commit(partial(stores().blobs.destroy, package.blob_id))


def _next(disclosure: Disclosure) -> int:
    return len(disclosure.packages) + 1


def _ask_for_package(disclosure: Disclosure) -> Job:
    """Ask for one job each time a package is asked for, also after one that gave up."""
    asked = db.session.scalar(
        select(func.count(Job.id)).where(Job.kind == PACKAGE_JOB, Job.subject_id == disclosure.number)
    )
    return ask(PACKAGE_JOB, disclosure.number, f"{PACKAGE_JOB}:{disclosure.number}:{(asked or 0) + 1}")
