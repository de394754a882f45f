"""Sign-in, lock-out, and sessions that live on the server and can be ended at once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from flask import Flask, g, request, session
from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import joinedload

from app import audit
from app.access.acknowledgement import last_version, standing_of
from app.access.actor import Actor, actor_of
from app.access.directory import DirectoryEntry, authenticate, lookup
from app.calendar import today
from app.clauses import enforces
from app.extensions import db, settings
from app.models.accounts import Account, LoginSession, SignInFailure, TermsAcceptance
from app.models.base import now
from app.policy import policy
from app.unit_of_work import unit_of_work

FAILURES = 5  # CJIS AC-7: five attempts, then fifteen minutes
LOCK = timedelta(minutes=15)
TOKEN = "token"  # noqa: S105  (the name under which the cookie keeps it)


class SignInRefused(Exception):
    """Sign-in failed; the message is safe to show and does not say which part was wrong."""


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def locked_until(name: str) -> datetime | None:
    """Return when the lock of this name ends, or None when it is not locked."""
    recent = db.session.execute(
        select(func.count(), func.max(SignInFailure.created_at)).where(
            SignInFailure.name_digest == digest(name.lower()), SignInFailure.created_at > now() - LOCK
        )
    ).one()
    count, last = recent
    return last + LOCK if count >= FAILURES else None


@enforces("ACC-3", "ACC-8")
def sign_in(name: str, password: str) -> Account:
    """Open a session for this person. Raises SignInRefused, DirectoryUnavailable."""
    until = locked_until(name)
    if until is not None:
        raise SignInRefused("Sign-in is locked after five failures. Try again in 15 minutes.")
    entry = authenticate(name, password)
    if entry is None or not entry.roles:
        _fail(name, "credentials" if entry is None else "no_role")
        raise SignInRefused("The name or the password is wrong, or the account is not enabled for this portal.")
    token = secrets.token_urlsafe(32)
    with unit_of_work() as rows:
        account = sync_account(entry)
        rows.execute(delete(SignInFailure).where(SignInFailure.name_digest == digest(name.lower())))
        lasting = settings()
        opened = LoginSession(
            token_digest=digest(token),
            account_id=account.id,
            last_seen_at=now(),
            expires_at=now() + timedelta(hours=lasting.session_hours),
        )
        rows.add(opened)
        rows.flush()
        audit.record("session.signed_in", account, actor=account, session=opened.uid)
    session.clear()  # a session from before sign-in is worth nothing afterwards
    session[TOKEN] = token
    return account


def _fail(name: str, cause: str) -> None:
    with unit_of_work() as rows:
        rows.add(SignInFailure(name_digest=digest(name.lower())))
        rows.flush()
        audit.record("session.refused", name_digest=digest(name.lower()), cause=cause)
        until = locked_until(name)
        if until is not None:
            audit.record("session.locked", name_digest=digest(name.lower()), until=until.isoformat())


def sync_account(entry: DirectoryEntry) -> Account:
    """The account row for a directory entry, brought up to date; changes of role are events. Needs an open unit."""
    account = db.session.scalars(select(Account).where(Account.name == entry.name)).one_or_none()
    roles = sorted(entry.roles)
    if account is None:
        account = Account(
            name=entry.name,
            display_name=entry.display_name,
            title=entry.title,
            command=entry.command,
            roles=roles,
            enabled=entry.enabled,
        )
        db.session.add(account)
        db.session.flush()
        audit.record("account.seen", account, account=account.id)
        return account
    added, removed = sorted(set(roles) - set(account.roles)), sorted(set(account.roles) - set(roles))
    if added or removed or account.enabled != entry.enabled:
        audit.record("account.changed", account, account=account.id, added=added, removed=removed)
    changed = (account.display_name, account.title, account.command) != (entry.display_name, entry.title, entry.command)
    if changed and not (added or removed):
        audit.record("account.changed", account, account=account.id, added=[], removed=[])
    account.display_name, account.title, account.command = entry.display_name, entry.title, entry.command
    account.roles, account.enabled = roles, entry.enabled
    return account


@enforces("ACC-2", "ACC-3", "ACC-8")
def load_person() -> None:
    """Identify the person before each request, by the session row and the directory."""
    g.actor, g.session_uid, g.terms_accepted = None, None, False
    token = session.get(TOKEN)
    if not token or request.endpoint == "static":
        return
    found, accepted, version = _session_of(token)
    idle = timedelta(minutes=settings().session_idle_minutes)
    if found is None or found.ended_at is not None:
        session.clear()
        return
    if now() >= min(found.expires_at, found.last_seen_at + idle):
        end_session(found, "expired")
        session.clear()
        return
    account = found.account
    entry = lookup(account.name)
    if entry is None or not entry.enabled or not entry.roles:
        end_all_sessions(account, "left the directory group or disabled")
        session.clear()
        return
    _bring_up_to_date(account, entry, found)
    g.session_uid = found.uid
    g.account = account
    g.actor = actor_of(account, entry.roles, today(), standing_of(version))
    g.terms_accepted = accepted


def _session_of(token: str) -> tuple[LoginSession | None, bool, str | None]:
    """Return the session of a token with its account, whether the person accepted the present terms, and the version of
    the policy that they acknowledged last.
    """
    accepted = exists().where(
        TermsAcceptance.account_id == LoginSession.account_id, TermsAcceptance.version == policy().terms.version
    )
    row = db.session.execute(
        select(LoginSession, accepted, last_version(LoginSession.account_id))
        .options(joinedload(LoginSession.account, innerjoin=True))
        .where(LoginSession.token_digest == digest(token))
    ).one_or_none()
    return (row[0], bool(row[1]), row[2]) if row is not None else (None, False, None)


def _bring_up_to_date(account: Account, entry: DirectoryEntry, found: LoginSession) -> None:
    # polling does not keep a session alive: only what a person does counts
    polling = request.headers.get("X-Poll") == "1" or request.endpoint == "images.show"
    stale = now() - found.last_seen_at > timedelta(seconds=60)
    moved = (
        set(account.roles) != entry.roles
        or not account.enabled
        or (account.display_name, account.title, account.command) != (entry.display_name, entry.title, entry.command)
    )
    if moved or (stale and not polling):
        with unit_of_work():
            if moved:
                sync_account(entry)
            if stale and not polling:
                found.last_seen_at = now()


def end_session(found: LoginSession, cause: str) -> None:
    """End one session at once."""
    with unit_of_work():
        found.ended_at, found.ended_because = now(), cause
        audit.record("session.ended", found.account, actor=found.account, session=found.uid, cause=cause)


def end_all_sessions(account: Account, cause: str) -> None:
    """End every session of a person at once (ACC-2)."""
    with unit_of_work() as rows:
        open_ones = rows.scalars(
            select(LoginSession).where(LoginSession.account_id == account.id, LoginSession.ended_at.is_(None))
        ).all()
        account.enabled = False
        audit.record("account.left", account, actor=account, account=account.id)
        for found in open_ones:
            found.ended_at, found.ended_because = now(), cause
            audit.record("session.ended", account, actor=account, session=found.uid, cause=cause)


def end_current_session() -> None:
    """Sign out."""
    token = session.get(TOKEN)
    found = (
        token
        and db.session.scalars(
            select(LoginSession).where(LoginSession.token_digest == digest(token), LoginSession.ended_at.is_(None))
        ).one_or_none()
    )
    if found:
        end_session(found, "signed out")
    session.clear()


@enforces("SRC-5", "ACC-3")
def confirm_password(actor: Actor, password: str) -> bool:
    """Check with the directory that the person who decides is the one signed in, with the same lock-out.

    Raises DirectoryUnavailable, SignInRefused when the name is locked.
    """
    if locked_until(actor.name) is not None:
        raise SignInRefused("Passwords are locked after five failures. Try again in 15 minutes.")
    entry = authenticate(actor.name, password)
    if entry is None:
        _fail(actor.name, "confirmation")
    return entry is not None


@enforces("ACC-11")
def accept_terms(account: Account) -> None:
    """Record that this person accepted the present version of the terms, once."""
    version = policy().terms.version
    with unit_of_work() as rows:
        known = select(TermsAcceptance.id).where(
            TermsAcceptance.account_id == account.id, TermsAcceptance.version == version
        )
        if rows.scalars(known).first() is None:
            rows.add(TermsAcceptance(account_id=account.id, version=version))
            audit.record("terms.accepted", account, actor=account, terms=version)


def init_sessions(app: Flask) -> None:
    @app.before_request
    def who_is_this() -> None:
        load_person()
        g.pop("saved", None)  # the session's own bookkeeping is no step of the person's
