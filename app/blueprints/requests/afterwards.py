"""After the basis is confirmed: document it; after the report: read it, corroborate, record the outcome."""

from __future__ import annotations

from flask import Response, abort, request, url_for
from flask_wtf import FlaskForm

from app import audit
from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.fact_fields import answers, mark
from app.blueprints.options import options_of
from app.blueprints.requests.blueprint import bp
from app.blueprints.requests.drafts import own_draft
from app.blueprints.requests.forms import FACT, DocumentForm, arrest_form, evidence_form, outcome_form
from app.domain.requests import ledger, outcomes
from app.domain.requests import verbs as domain
from app.domain.serving import clear
from app.extensions import stores
from app.models.approval import EvidenceItem, Report
from app.models.requests import FRRequest
from app.policy import policy
from app.policy.evidence import ARREST
from app.policy.facts import outcomes_after
from app.policy.forms import Outcome
from app.policy.refused import Refused
from app.steps import Answer, Why, take_step
from app.storage import BlobCorrupt, KeyDestroyed, UnknownBlob
from app.web.pages import page, pdf_download

DEPENDS = "The item is recorded. It depends on the result, so it does not suffice alone."
AWAITS = "The item is recorded. It counts once the supervisor named in the request agrees to it; they are told."
UNCITED = " It does not cite where it stood before the result, so it counts as obtained now."


@bp.get("/requests/<number>/document")
@needs("request.file", of=FRRequest)
def documentation(subject: FRRequest) -> str:
    own_draft(subject)
    form = DocumentForm(formdata=None, version=subject.version)
    return page("requests/document.html", item=subject, form=form, refusal=None)


@bp.post("/requests/<number>/document")
@needs("request.file", of=FRRequest)
def document(subject: FRRequest) -> Answer:
    """REQ-5: the requester says where the confirmation is documented."""
    form, actor = DocumentForm(), current_actor()
    return take_step(
        subject,
        "document",
        form,
        lambda: domain.document(subject, actor, form.reference.data or "", form.note.data or ""),
        again=lambda why: page("requests/document.html", item=subject, form=form, refusal=why),
        done="The documentation is recorded. The facial recognition unit goes on.",
        to=url_for("requests.show", number=subject.number),
    )


@bp.get("/reports/<number>")
@needs("report.read", of=Report)
def report(subject: Report) -> Response:
    """The delivered PDF, checked against the digest recorded when it was rendered."""
    if subject.delivered_at is None or subject.blob_id is None or subject.sha256 is None:
        abort(404)
    try:
        data = stores().blobs.get(subject.blob_id, subject.key_id, subject.sha256)
    except (UnknownBlob, KeyDestroyed):
        abort(404)
    except BlobCorrupt:
        abort(500, "The stored report is not the one that was delivered. The unit must look into it.")
    cleared = clear(subject, current_actor())
    audit.sent("report.downloaded", subject.request, report=subject.number)
    return pdf_download(cleared, data, f"{subject.number}.pdf")


@bp.get("/requests/<number>/corroboration")
@needs("request.file", of=FRRequest)
def corroboration(subject: FRRequest) -> str:
    """Show the form for one item, with what is on record; a result that is no lead leaves nothing to corroborate."""
    own_draft(subject)
    why = options_of(subject).why("record_corroboration")
    if why is not None and why.rule_id == "result_to_corroborate":
        abort(404)
    return _evidence_page(subject, evidence_form(formdata=None, data={"version": subject.version}))


@bp.post("/requests/<number>/corroboration")
@needs("request.file", of=FRRequest)
def corroborate(subject: FRRequest) -> Answer:
    """Record one item of evidence other than the result (USE-8)."""
    form, actor = evidence_form(), current_actor()
    kind, facts = form["kind"].data or "", answers(form, FACT, policy().request.evidence.facts)
    kept: list[EvidenceItem] = []

    def again(why: Why) -> str:
        if isinstance(why, Refused):
            mark(form, ledger.faults_of_item(subject, kind, facts), [FACT])
        return _evidence_page(subject, form, why)

    return take_step(
        subject,
        "record_corroboration",
        form,
        lambda: kept.append(outcomes.record_corroboration(subject, actor, kind, facts)),
        again=again,
        done=lambda: _told(kept[-1]),
        to=url_for("requests.show", number=subject.number),
    )


def _told(item: EvidenceItem) -> str:
    standing = ledger.standing_of(item)
    told = AWAITS if standing.awaits else DEPENDS
    return told + UNCITED if standing.dating == "uncited" else told


def _evidence_page(subject: FRRequest, form: FlaskForm, refusal: Why = None) -> str:
    rule = policy().request.evidence
    return page("requests/corroboration.html", item=subject, form=form, rule=rule, refusal=refusal)


@bp.get("/requests/<number>/arrest")
@needs("request.file", of=FRRequest)
def arrest(subject: FRRequest) -> str:
    """Show the form by which an arrest is reported."""
    own_draft(subject)
    return _arrest_page(subject, arrest_form(formdata=None, data={"version": subject.version}))


@bp.post("/requests/<number>/arrest")
@needs("request.file", of=FRRequest)
def report_arrest(subject: FRRequest) -> Answer:
    """Take the report of an arrest, whatever it rests on (USE-8, AUD-7)."""
    form, actor = arrest_form(), current_actor()
    facts = answers(form, FACT, policy().request.outcomes[ARREST].facts)

    def again(why: Why) -> str:
        if isinstance(why, Refused):
            mark(form, ledger.faults_of_arrest(subject, facts), [FACT])
        return _arrest_page(subject, form, why)

    return take_step(
        subject,
        "report_arrest",
        form,
        lambda: outcomes.report_arrest(subject, actor, facts),
        again=again,
        done="The arrest is on record. The request stays open until its outcome is recorded.",
        to=url_for("requests.show", number=subject.number),
    )


def _arrest_page(subject: FRRequest, form: FlaskForm, refusal: Why = None) -> str:
    rule = policy().request.outcomes[ARREST]
    return page("requests/arrest.html", item=subject, form=form, rule=rule, refusal=refusal)


@bp.get("/requests/<number>/outcome")
@needs("request.file", of=FRRequest)
def outcome(subject: FRRequest) -> str:
    own_draft(subject)
    empty = outcome_form(None, subject.result, formdata=None, data={"version": subject.version})
    return _outcome_page(subject, empty)


@bp.post("/requests/<number>/outcome")
@needs("request.file", of=FRRequest)
def close(subject: FRRequest) -> Answer:
    """USE-8: how the case ended; an arrest demands its corroborating evidence."""
    form, actor = posted_outcome(subject), current_actor()
    chosen, rule = form["outcome"].data or "", _outcome(subject, form)
    if "choose" in request.form:
        return _outcome_page(subject, form)
    if chosen != request.form.get("shown_outcome", ""):
        return _outcome_page(subject, form, note="Answer the questions of the outcome you chose, then save."), 422
    facts = answers(form, FACT, rule.facts) if rule else {}

    def again(why: Why) -> str:
        if isinstance(why, Refused):
            mark(form, outcomes.faults_of(subject, chosen, facts), [FACT])
        return _outcome_page(subject, form, refusal=why)

    return take_step(
        subject,
        "close",
        form,
        lambda: outcomes.close(subject, actor, chosen, facts),
        again=again,
        done=f"The outcome is recorded; {subject.number} is closed.",
        to=url_for("requests.show", number=subject.number),
    )


@bp.post("/requests/<number>/outcome/questions")
@needs("request.file", of=FRRequest)
def outcome_questions(subject: FRRequest) -> str:
    """The questions of the outcome just chosen, for the page to swap in; nothing is saved."""
    own_draft(subject)
    form = posted_outcome(subject)
    return page("requests/_outcome_facts.html", item=subject, form=form, outcome=_outcome(subject, form))


def posted_outcome(subject: FRRequest) -> FlaskForm:
    """The outcome form for the outcome that was posted, filled with what was typed."""
    form = outcome_form(request.form.get("outcome"), subject.result)
    form["shown_outcome"].data = form["outcome"].data or ""
    return form


def _outcome_page(subject: FRRequest, form: FlaskForm, *, note: str | None = None, refusal: Why = None) -> str:
    chosen = _outcome(subject, form)
    return page("requests/outcome.html", item=subject, form=form, outcome=chosen, note=note, refusal=refusal)


def _outcome(subject: FRRequest, form: FlaskForm) -> Outcome | None:
    """The outcome that was chosen, if it is one after this result: the form asks the questions of no other."""
    return next((o for o in outcomes_after(policy(), subject.result) if o.id == form["outcome"].data), None)
