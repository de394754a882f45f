"""The page on which the supervisor named in a request confirms or denies the discussion (AUD-1)."""

from __future__ import annotations

from flask import abort, redirect, url_for
from flask_wtf import FlaskForm
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as WerkzeugResponse

from app import audit
from app.access.actor import current_actor
from app.access.clearance import private_for
from app.access.guard import needs
from app.access.scoping import visible
from app.blueprints.first_rows import first_rows
from app.blueprints.options import options_of
from app.blueprints.requests.blueprint import bp
from app.blueprints.requests.forms import EvidenceJudgmentForm, discussed_form, purposes_in
from app.blueprints.requests.status import standing
from app.blueprints.shared_forms import ReasonForm
from app.domain.requests import clearances, ledger, outcomes
from app.domain.requests import verbs as domain
from app.domain.requests.copies import copies_of
from app.domain.requests.earlier_refusals import earlier_refusals
from app.domain.requests.provenance import told_of
from app.domain.requests.purposes import answered_purposes, answers_open
from app.domain.requests.retractions import retracted, told
from app.domain.requests.seriousness import basis_answers, not_a_crime
from app.extensions import db
from app.models.base import now
from app.models.requests import FRRequest
from app.steps import Answer, Why, take_step
from app.web.pages import page

PER_PAGE = 25


@bp.get("/discussions")
@needs("discussion.confirm")
def discussions() -> str:
    """The requests in which this supervisor is named: those to answer first."""
    actor = current_actor()
    own = FRRequest.discussing_supervisor_id == actor.id
    rows = visible(FRRequest, actor).where(own, FRRequest.having("filed"))
    rows = rows.options(joinedload(FRRequest.requester))
    waits = (FRRequest.state == "submitted") & FRRequest.discussion_confirmed_at.is_(None)
    waiting = first_rows(rows.where(waits).order_by(FRRequest.id))
    answered = rows.where(~waits).order_by(FRRequest.id.desc())
    unjudged = first_rows(rows.where(ledger.with_unjudged()).order_by(FRRequest.id)).items
    pages = db.paginate(answered, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    return page(
        "requests/discussions.html",
        waiting=waiting,
        evidence=[row for row in unjudged if row.takes("judge_evidence") and ledger.awaiting(row)],
        pages=pages,
        now=now(),
        answered=[(item, standing(item)) for item in pages.items],
    )


@bp.get("/discussions/<number>")
@needs("discussion.confirm", of=FRRequest)
def discussion(subject: FRRequest) -> str:
    return _discussion_page(named(subject), ReasonForm(version=subject.version, formdata=None))


@bp.get("/discussions/<number>/confirm")
@bp.get("/discussions/<number>/deny")
@needs("discussion.confirm", of=FRRequest)
def back_to_discussion(subject: FRRequest) -> WerkzeugResponse:
    """Reloading the answer to a refused form leads to the discussion's page."""
    return redirect(url_for("requests.discussion", number=named(subject).number))


@bp.post("/discussions/<number>/confirm")
@needs("discussion.confirm", of=FRRequest)
def confirm_discussion(subject: FRRequest) -> Answer:
    """Yes: the use and its reasons were discussed; an answer on its purpose may still send it back (LIM-2 to LIM-7)."""
    named(subject)
    form, actor = discussed_form(not_a_crime(subject) is not None, bool(retracted(subject))), current_actor()
    agreed: list[bool] = []

    def answers() -> dict[str, str]:
        return {rule: answer or "" for rule, answer in purposes_in(form).items()}

    def stated() -> dict[str, str]:
        return {name: form[name].data or "" for name in ("crime", "because", "changed") if name in form}

    def again(why: Why) -> str:
        return _discussion_page(subject, ReasonForm(version=subject.version, formdata=None), why, discussed=form)

    def done() -> str:
        if agreed == [True]:
            return f"{subject.number}: the discussion is confirmed."
        return f"{subject.number} goes back: your answers on its purpose are not those of the request."

    return take_step(
        subject,
        "confirm_discussion",
        form,
        lambda: agreed.append(
            domain.confirm_discussion(subject, actor, answers(), (form["shown"].data or "").split(), stated())
        ),
        again=again,
        done=done,
        to=url_for("requests.discussions"),
    )


@bp.post("/discussions/<number>/deny")
@needs("discussion.confirm", of=FRRequest)
def deny_discussion(subject: FRRequest) -> Answer:
    """No: it was not discussed, or is not supported; the request goes back to its author with the reason."""
    named(subject)
    form, actor = ReasonForm(), current_actor()
    return take_step(
        subject,
        "deny_discussion",
        form,
        lambda: domain.deny_discussion(subject, actor, form.reason.data or ""),
        again=lambda why: _discussion_page(subject, form, why),
        done=f"{subject.number}: the investigator is told that the discussion is not confirmed.",
        to=url_for("requests.discussions"),
    )


@bp.get("/discussions/<number>/evidence/<uid>")
@needs("discussion.confirm", of=FRRequest)
def back_from_evidence(subject: FRRequest, uid: str) -> WerkzeugResponse:
    """Reloading the answer to a refused form leads to the discussion's page."""
    return redirect(url_for("requests.discussion", number=named(subject).number))


@bp.post("/discussions/<number>/evidence/<uid>")
@needs("discussion.confirm", of=FRRequest)
def judge_evidence(subject: FRRequest, uid: str) -> Answer:
    """Say whether an item of evidence is as it was recorded; without that it does not count (USE-8)."""
    named(subject)
    form, actor = EvidenceJudgmentForm(prefix=uid[:8]), current_actor()
    agreed = form.answer.data == "agree"

    def again(why: Why) -> str:
        return _discussion_page(subject, ReasonForm(version=subject.version, formdata=None), why, judged=(uid, form))

    return take_step(
        subject,
        "judge_evidence",
        form,
        lambda: outcomes.judge_evidence(subject, actor, uid, agreed=agreed, words=form.reason.data or ""),
        again=again,
        done=f"{subject.number}: your word on the item of evidence is recorded.",
        to=url_for("requests.discussion", number=subject.number),
    )


def named(subject: FRRequest) -> FRRequest:
    """Answer 404 to anybody but the supervisor named in the request, whatever else they may read."""
    if subject.discussing_supervisor_id != current_actor().id:
        abort(404)
    return subject


def _discussion_page(
    subject: FRRequest,
    form: ReasonForm,
    refusal: Why = None,
    discussed: FlaskForm | None = None,
    judged: tuple[str, EvidenceJudgmentForm] | None = None,
) -> str:
    faces = [image.uid for image in subject.current_images if image.shown_blob_id]
    if faces:
        audit.viewed("faces.viewed", subject, page="requests.discussion", faces=faces)
    unjudged = ledger.awaiting(subject) if subject.takes("judge_evidence") else []
    no_crime, refused = not_a_crime(subject), earlier_refusals(subject)
    changed = bool(retracted(subject))
    answer = discussed or discussed_form(no_crime is not None, changed, version=subject.version, formdata=None)
    answer["shown"].data = " ".join(one.id for one in refused)
    return page(
        "requests/discussion.html",
        item=subject,
        private=private_for(subject, current_actor()),
        form=form,
        discussed=answer,
        purposes=[] if answers_open(subject, current_actor()) else answered_purposes(subject),
        copies=copies_of(subject),
        told_of=told_of,
        basis_answers=basis_answers(subject),
        no_crime=no_crime,
        changed=told(subject),
        refused=refused,
        refusal=refusal,
        awaiting=[(row, _judgment_form(subject, row.uid, judged)) for row in unjudged],
        options=options_of(subject),
        standing=standing(subject),
        missing=clearances.missing(subject),
        namers=clearances.namers() if subject.reserved else [],
    )


def _judgment_form(
    subject: FRRequest, uid: str, judged: tuple[str, EvidenceJudgmentForm] | None
) -> EvidenceJudgmentForm:
    if judged is not None and judged[0] == uid:
        return judged[1]
    return EvidenceJudgmentForm(formdata=None, prefix=uid[:8], version=subject.version)
