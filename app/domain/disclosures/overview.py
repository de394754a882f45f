"""Whose turn it is with a disclosure, for lists and the home page, by the same rules that later allow the step."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, false, func, literal, select
from sqlalchemy.orm import selectinload

from app.access.actor import Actor
from app.access.scoping import visible
from app.clauses import enforces
from app.domain.disclosures.contradictions import for_the_officer
from app.domain.disclosures.leaving import stopped, touched
from app.extensions import db
from app.models.disclosures import Disclosure, DisclosurePackage, Incident
from app.models.engine import Transition
from app.policy import policy
from app.policy.names import DisclosureVerb
from app.policy.types import Next
from app.workflow.options import Options, options

DECISIONS: tuple[DisclosureVerb, ...] = ("approve", "determine")
#: a package is fetched first, its receipt recorded afterwards
HANDING_OUT: tuple[DisclosureVerb, ...] = ("fetch", "acknowledge")


#: what is asked where something in it has left the repository since
STOPPED = "Something in it has left the repository: return it, withdraw it, or have another package released"


def may_decide(options: Options) -> bool:
    """Tell whether the person may decide on this disclosure; its basis says whether only the officer may."""
    if not options.permits(*DECISIONS):
        return False
    basis = policy().disclosure.bases.get(options.subject.basis or "")
    return "disclosure.decide" in options.actor.capabilities or (
        basis is not None and basis.decided_by != "privacy_officer" and not for_the_officer(options.subject)
    )


def task(disclosure: Disclosure, actor: Actor) -> str:
    """Return what this person is asked to do with the disclosure now; empty when nothing."""
    if stopped(disclosure):
        officer = disclosure.asked_by_id != actor.id and options(disclosure, actor).permits("return_for_changes")
        return STOPPED if officer or disclosure.asked_by_id == actor.id else ""
    return next((step.text for step in disclosure.stands.next if _asked(disclosure, step, actor)), "")


def _asked(disclosure: Disclosure, step: Next, actor: Actor) -> bool:
    """Tell whether this person is asked for a due step."""
    if step.verb in DECISIONS:
        return may_decide(options(disclosure, actor))
    return disclosure.asked_by_id == actor.id and _ready(disclosure, step)


def _ready(disclosure: Disclosure, step: Next) -> bool:
    """Tell whether a step due in the state can be taken yet: a receipt follows only a fetched package."""
    if step.verb not in HANDING_OUT:
        return True
    package = disclosure.current_package
    return package is not None and (package.fetched_at is not None) is (step.verb == "acknowledge")


def words(disclosure: Disclosure) -> str:
    """Return what is asked of the person whose turn it is; empty when it is nobody's."""
    if stopped(disclosure):
        return STOPPED
    return next((step.text for step in disclosure.stands.next if _ready(disclosure, step)), "")


def waiting_for(actor: Actor) -> Select[Disclosure]:
    """Return the disclosures that wait for this person (`task` is not empty), longest waiting first."""
    rows = visible(Disclosure, actor).options(selectinload(Disclosure.packages))
    packed = select(literal(1)).select_from(DisclosurePackage).where(DisclosurePackage.disclosure_id == Disclosure.id)
    turn = Disclosure.awaiting() & ~Disclosure.taking(*DECISIONS)
    turn &= ~Disclosure.taking(*HANDING_OUT) | packed.correlate(Disclosure).exists()
    own = (Disclosure.asked_by_id == actor.id) & turn
    return rows.where(own | _to_decide(actor)).order_by(Disclosure.state_since, Disclosure.id)


@enforces("ACC-12", "EXT-7")
def _to_decide(actor: Actor) -> ColumnElement[bool]:
    """`may_decide` of many: not who asked for it, or ever submitted it; the basis says whether the officer must."""
    if not any(
        actor.can(row.capability) for row in policy().workflow("disclosure").transitions if row.verb in DECISIONS
    ):
        return false()
    asked = (
        select(literal(1))
        .select_from(Transition)
        .where(
            Transition.subject_type == "disclosure",
            Transition.subject_id == Disclosure.id,
            Transition.verb.in_(("submit", "resubmit")),
            Transition.actor_id == actor.id,
        )
    )
    waits = Disclosure.taking(*DECISIONS) & (Disclosure.asked_by_id != actor.id)
    waits &= ~asked.correlate(Disclosure).exists()
    if "disclosure.decide" in actor.capabilities:
        return waits | Disclosure.id.in_(_stopped(actor))
    bases = policy().disclosure.bases.values()
    return waits & Disclosure.basis.in_([basis.id for basis in bases if basis.decided_by != "privacy_officer"])


@enforces("CAP-3", "EXT-7")
def _stopped(actor: Actor) -> list[int]:
    """Return the keys of the disclosures of others that what left the repository stops: the officer returns them."""
    handed = Disclosure.taking("release", "fetch")
    rows = select(Disclosure).where(handed, Disclosure.asked_by_id != actor.id, touched())
    rows = rows.options(selectinload(Disclosure.packages), selectinload(Disclosure.items))
    return [one.id for one in db.session.scalars(rows) if stopped(one)]


def open_incidents() -> int:
    """Count the incidents that are not closed."""
    return db.session.scalar(select(func.count(Incident.id)).where(~Incident.having("final"))) or 0
