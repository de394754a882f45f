"""The check of the audit trail: chain, anchors, each step paired with its event, the texts of the policies it names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import audit
from app.audit.anchors import AnchorForged, read_anchors
from app.audit.chain import COLUMNS, Fault, verify
from app.audit.policy_texts import kept, rules_as_of, versions
from app.extensions import db, settings, stores
from app.models.accounts import Account
from app.models.engine import AuditEvent, Transition
from app.policy import policy
from app.web.formats import plural
from app.workflow.pairing import unpaired

#: faults a check keeps to show; all are counted
SHOWN = 20


@contextmanager
def one_moment() -> Iterator[Session]:
    """Open a session that reads everything as of one time, so that concurrent work is no fault."""
    with Session(db.engine) as session:
        if session.get_bind().dialect.name == "postgresql":
            # SQLite reads so by itself; PostgreSQL would look anew for each statement
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


def through(session: Session) -> int:
    """Return the number of the newest event."""
    return session.scalar(select(func.max(AuditEvent.sequence))) or 0


def faults(session: Session) -> Iterator[Fault]:
    """Yield every fault found. Raises AnchorForged."""
    columns = [getattr(AuditEvent, name) for name in (*COLUMNS, "digest")]
    links = session.execute(select(*columns).order_by(AuditEvent.sequence).execution_options(yield_per=1000))
    yield from verify(links, read_anchors(settings().anchor_dir, stores().signer))
    yield from unpaired(session)
    yield from unsound_texts(session)


def unsound_texts(session: Session) -> Iterator[Fault]:
    """Yield each policy version whose kept texts do not stand up to its digest, and each whose row or texts are gone.

    The first event under a version keeps its texts, so only versions from before the first of all lack them.
    """
    known = {row.digest: row for row in versions(session)}
    for digest in known:
        found = kept(digest, session)
        if found is not None and found.fault is not None:
            yield Fault(f"policy version {digest}", found.fault)
    began = min((row.kept_at for row in known.values() if row.kept_at is not None), default=None)
    for digest, first in _first_named(session):
        if digest not in known:
            yield Fault(f"policy version {digest}", "is named by events, but its row is gone")
        elif known[digest].kept_at is None and began is not None and first > began:
            yield Fault(f"policy version {digest}", "was first applied after texts were kept, but its texts are gone")


def _first_named(session: Session) -> list[tuple[str, datetime]]:
    """Return each policy version that events name, with the moment of the first one."""
    first = select(func.min(AuditEvent.sequence)).group_by(AuditEvent.policy_version)
    rows = select(AuditEvent.policy_version, AuditEvent.at).where(AuditEvent.sequence.in_(first))
    return [
        (row.policy_version, datetime.fromisoformat(row.at))
        for row in session.execute(rows.order_by(AuditEvent.policy_version))
    ]


def uncompared(session: Session) -> Iterator[str]:
    """Yield a sentence for each policy version whose texts are not kept: its steps were held against no rule of it.

    That is no fault of the trail: versions from before texts were kept have only their digest.
    """
    counted = select(Transition.policy_version, func.count()).group_by(Transition.policy_version)
    for version, count in session.execute(counted.order_by(func.min(Transition.id))):
        if version != policy().version and rules_as_of(version, session) is None:
            under_it = f"{plural(count, 'step')} under it could not be compared with the rules of the day"
            yield f"The texts of policy version {version} are not kept here: {under_it}."


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a check: the last event read, the count of faults, sentences about the first ones.

    `uncompared`: a sentence for each policy version whose rules were not there to compare with.
    """

    through: int
    faults: int
    shown: tuple[str, ...]
    uncompared: tuple[str, ...]


def check() -> Result:
    """Check the whole trail now, and record the check and its result as an event."""
    shown: list[str] = []
    found = 0
    with one_moment() as session:
        last = through(session)
        try:
            for fault in faults(session):
                found += 1
                if len(shown) < SHOWN:
                    shown.append(str(fault))
        except AnchorForged as error:
            found, shown = found + 1, [*shown[: SHOWN - 1], f"{error}."]
        without = tuple(uncompared(session))
    audit.viewed("audit.checked", through=last, faults=found)
    return Result(last, found, tuple(shown), without)


@dataclass(frozen=True, slots=True)
class Check:
    """A past check: when, by whom, up to which event, and how many faults it found."""

    at: datetime
    by: str
    through: int
    faults: int


def last_check(*, whole: bool = False) -> Check | None:
    """Return the newest check; with `whole` the newest that found no fault."""
    clean = "0," if whole else ""
    checked = (AuditEvent.event == "audit.checked") & AuditEvent.keys.contains(f'"faults":{clean}', autoescape=True)
    # as earlier versions of the portal recorded it
    before = AuditEvent.keys.contains(f'"check":"chain","faults":{clean}', autoescape=True)
    wanted = checked | ((AuditEvent.event == "audit.read") & before)
    found = (
        select(AuditEvent.at, AuditEvent.keys, Account.name)
        .outerjoin(Account, Account.id == AuditEvent.actor_id)
        .where(wanted)
    )
    newest = db.session.execute(found.order_by(AuditEvent.sequence.desc()).limit(1)).first()
    if newest is None:
        return None
    told = json.loads(newest.keys)
    kept = told.get("filter", told)
    return Check(datetime.fromisoformat(newest.at), newest.name or "", kept["through"], kept["faults"])
