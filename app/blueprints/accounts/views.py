"""Sign-in, terms, own notifications and sessions, and the report of misuse."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from app.access.actor import current_actor
from app.access.directory import lookup
from app.access.guard import needs, public
from app.access.scoping import find
from app.access.sessions import (
    SignInRefused,
    accept_terms,
    end_current_session,
    end_session,
    locked_until,
)
from app.access.sessions import (
    sign_in as open_session,
)
from app.blueprints.accounts.addresses import own_address, page_before
from app.blueprints.accounts.forms import MisuseForm, SignInForm, TermsForm, mail_form
from app.blueprints.home.links import address_for
from app.clauses import enforces
from app.domain.notices import mail as mail_choices
from app.domain.notices.notifications import sentence
from app.domain.oversight.misuse import report_misuse as domain_report
from app.extensions import db, page_asked, settings
from app.models.accounts import LoginSession, TermsAcceptance
from app.models.base import Model, now
from app.models.oversight import MisuseReport, Notification
from app.models.peers import LineUp
from app.once import Making
from app.policy import policy
from app.policy.refused import Refused
from app.steps import Why, take_step
from app.unit_of_work import unit_of_work
from app.web.pages import page, redirect_after_post
from app.workflow.engine import subjects

bp = Blueprint("account", __name__)
PER_PAGE = 25


# Sign-in ---------------------------------------------------------------------------------------------------


@bp.get("/sign-in")
@public("nobody can sign in without it (ACC-3)")
def sign_in() -> ResponseReturnValue:
    onward = own_address(request.args.get("next"))
    if g.get("actor") is not None:
        return redirect(onward or url_for("home.index"))
    form = SignInForm(formdata=None, next=onward or "")
    return _sign_in_page(form)


@bp.post("/sign-in")
@public("nobody can sign in without it (ACC-3)")
def sign_in_post() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate():
        return _sign_in_page(form), 422
    name = form.username.data or ""
    try:
        open_session(name, form.password.data or "")
    except SignInRefused as refusal:
        until = locked_until(name)
        answer = Response(_sign_in_page(form, failure=str(refusal), until=until), 401 if until is None else 429)
        if until is not None:
            answer.headers["Retry-After"] = str(max(1, round((until - now()).total_seconds())))
        return answer
    return redirect_after_post(own_address(form.next.data) or url_for("home.index"))


@enforces("AUD-3", "LIM-9")
def _sign_in_page(form: SignInForm, **failure: object) -> str:
    """Render the sign-in page, with the notices of official business and misuse above the form."""
    notices = [policy().notice("official-business"), policy().notice("misuse")]
    return page("accounts/sign_in.html", form=form, notices=notices, **{"failure": None, "until": None, **failure})


@bp.post("/sign-out")
@public("signing out harms nobody and must work when the session is already gone")
def sign_out() -> ResponseReturnValue:
    end_current_session()
    flash("You are signed out.", "success")
    return redirect_after_post(url_for("account.sign_in"))


# Terms -----------------------------------------------------------------------------------------------------


@bp.route("/terms", methods=["GET", "POST"])
@needs("portal.use")
def terms() -> ResponseReturnValue:
    """Show and accept the terms; before acceptance the guard lets through only this endpoint and signing out."""
    if request.method == "GET":
        return _terms_page(TermsForm(formdata=None, next=own_address(request.args.get("next")) or ""))
    form = TermsForm()
    if not form.validate():
        return _terms_page(form), 422
    accept_terms(g.account)
    return redirect_after_post(own_address(form.next.data) or url_for("home.index"))


def _terms_page(form: TermsForm) -> str:
    rows = select(TermsAcceptance).where(
        TermsAcceptance.account_id == current_actor().id, TermsAcceptance.version == policy().terms.version
    )
    return page("accounts/terms.html", form=form, terms=policy().terms, accepted=db.session.scalars(rows).first())


# Notifications ---------------------------------------------------------------------------------------------


@bp.get("/notifications")
@needs("portal.use")
def notifications() -> ResponseReturnValue:
    return _notifications_page()


def _notifications_page() -> str:
    actor = current_actor()
    rows = select(Notification).where(Notification.account_id == actor.id).order_by(Notification.id.desc())
    pages = db.paginate(rows, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    items = [(row, sentence(row, actor), _way(row)) for row in pages.items]
    waiting = db.session.scalar(
        select(func.count(Notification.id)).where(Notification.account_id == actor.id, Notification.read_at.is_(None))
    )
    return page(
        "notices/notifications.html",
        "notices/_notifications.html",
        items=items,
        pages=pages,
        waiting=waiting,
        now=now(),
    )


def _way(row: Notification) -> str | None:
    if row.kind in ("misuse_reported", "sample_changed"):
        return url_for("oversight.misuse") if current_actor().can("misuse.read") else None
    if row.kind in ("arrest_uncorroborated", "arrest_dated_before"):
        return url_for("workload.arrests") if current_actor().can("figures.read") else None
    if row.kind == "copies_listed":
        return url_for("retention.left_copies") if current_actor().can("retention.read") else None
    if row.subject_key is None:
        return None
    if row.kind in ("sample_drawn", "sample_due"):
        return url_for("samples.show", uid=row.subject_key) if current_actor().can("gallery.sample") else None
    if row.kind == "sample_overdue":
        return url_for("imports.index") if current_actor().can("gallery.imports") else None
    model = subjects().get(row.subject_type or "")
    if model is not None and issubclass(model, Model):
        subject = find(model, row.subject_key, current_actor())
    else:
        subject = find(LineUp, row.subject_key, current_actor()) if row.subject_type == LineUp.subject_type else None
    return address_for(subject, current_actor()) if subject is not None else None


@bp.post("/notifications/read")
@needs("portal.use")
def read_notifications() -> ResponseReturnValue:
    """Mark one notification of one's own as read, or all of them."""
    wanted = select(Notification).where(Notification.account_id == current_actor().id, Notification.read_at.is_(None))
    if request.form.get("uid"):
        wanted = wanted.where(Notification.uid == request.form["uid"])
    with unit_of_work() as rows:
        for row in rows.scalars(wanted).all():
            row.read_at = now()
    return _notifications_page() if "HX-Request" in request.headers else redirect_after_post(_back_to_list())


def _back_to_list() -> str:
    number = page_asked()
    return url_for("account.notifications", page=number if number > 1 else None)


@bp.route("/notifications/mail", methods=["GET", "POST"])
@needs("portal.use")
def mail() -> ResponseReturnValue:
    """Show and save which kinds of notifications also come by e-mail."""
    actor = current_actor()
    form = mail_form(mail_choices.offered(actor), mail_choices.choices(actor), posted=request.method == "POST")
    if request.method == "POST" and form.validate():
        wanted = [name for name, chosen in form.data.items() if chosen is True]
        with unit_of_work():
            mail_choices.choose(actor, wanted)
        flash("Your choice is kept.", "success")
        return redirect_after_post(url_for("account.mail"))
    entry = lookup(actor.name)
    return page(
        "notices/mail.html",
        form=form,
        kinds=mail_choices.offered(actor),
        sends=bool(settings().smtp_url),
        address=entry.mail if entry else "",
        urgent=[p for p in policy().request.priorities.values() if p.always_mails],
    )


# Own sessions ----------------------------------------------------------------------------------------------


@bp.get("/sessions")
@needs("portal.use")
def sessions() -> ResponseReturnValue:
    own = settings()
    return page(
        "accounts/sessions.html",
        sessions=_open_sessions(),
        now=now(),
        current=g.session_uid,
        idle=own.session_idle_minutes,
        longest=own.session_hours,
    )


@bp.post("/sessions/end")
@needs("portal.use")
def end_others() -> ResponseReturnValue:
    """End one other session of one's own, or all others."""
    wanted = request.form.get("uid")
    others = [row for row in _open_sessions() if row.uid != g.session_uid and wanted in (None, "", row.uid)]
    if wanted and not others:
        abort(404)
    for row in others:
        end_session(row, "ended by its owner")
    flash("The session is ended." if len(others) == 1 else f"{len(others)} sessions are ended.", "success")
    return redirect_after_post(url_for("account.sessions"))


def _open_sessions() -> list[LoginSession]:
    # one that was left idle is ended only when somebody comes with it again; it is closed all the same
    unused = now() - timedelta(minutes=settings().session_idle_minutes)
    rows = select(LoginSession).where(
        LoginSession.account_id == current_actor().id,
        LoginSession.ended_at.is_(None),
        LoginSession.expires_at > now(),
        LoginSession.last_seen_at > unused,
    )
    return list(db.session.scalars(rows.order_by(LoginSession.last_seen_at.desc())))


# Misuse ----------------------------------------------------------------------------------------------------


@bp.get("/report-misuse")
@needs("portal.use")
def report_misuse() -> ResponseReturnValue:
    return _misuse_page(MisuseForm(formdata=None, page=own_address(request.args.get("page")) or page_before()))


@bp.post("/report-misuse")
@needs("portal.use")
def report_misuse_post() -> ResponseReturnValue:
    form, actor = MisuseForm(), current_actor()

    def again(why: Why) -> str:
        if isinstance(why, Refused):
            form.what.errors = [why.detail]
        return _misuse_page(form)

    return take_step(
        None,
        "report_misuse",
        form,
        lambda: domain_report(actor, form.what.data or "", form.page.data or "", named=not form.unnamed.data),
        makes=Making(MisuseReport),
        again=again,
        done="Your report is with the integrity officers. Nobody else can read it.",
        to=url_for("home.index"),
    )


def _misuse_page(form: MisuseForm) -> str:
    return page("oversight/report_misuse.html", form=form, notice=policy().notice("report-misuse"))
