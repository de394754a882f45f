"""Final review: the queue, the whole file with its decision, and the report on its way to the case file."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, request, url_for
from flask.typing import ResponseReturnValue

from app import audit
from app.access.actor import Actor, current_actor
from app.access.guard import needs
from app.blueprints.approval.decisions import (
    choice_named,
    choices_in,
    offered,
    only_without_nominee,
    rule_of,
)
from app.blueprints.approval.forms import DecisionForm
from app.blueprints.approval.queue import PARTS, parts_of
from app.blueprints.approval.rounds import viewers_of
from app.blueprints.first_rows import FirstRows
from app.blueprints.options import options_of
from app.blueprints.shared_forms import VersionForm
from app.domain.approval import verbs as approvals
from app.domain.approval.request_file import gather_file
from app.domain.examination.conditions import nominee_left
from app.domain.requests import clearances
from app.domain.workload.overview import due_at
from app.extensions import db
from app.models import FRRequest
from app.models.base import filled, now
from app.policy.names import RequestVerb
from app.steps import Answer, Why, apart, take_step
from app.web.pages import page

bp = Blueprint("approval", __name__)
PER_PAGE = 25
#: the parts of the queue that have pages of their own
PAGED = ("waiting", "answers", "peers", "repeats", "undelivered")


@bp.get("/final-review")
@needs("approval.decide")
def index() -> ResponseReturnValue:
    """Show what waits for a supervisor, and what is decided and not yet with its investigator."""
    actor, only = current_actor(), request.args.get("show", "")
    pages = None
    if only in PAGED:
        pages = db.paginate(PARTS[only].rows(actor), per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
        parts = {only: FirstRows(PARTS[only].shown(pages.items, actor), len(pages.items))}
    else:
        parts = parts_of(actor)
    return page("approval/index.html", parts=parts, pages=pages, now=now())


@bp.get("/final-review/<number>")
@needs("approval.decide", of=FRRequest)
def file(subject: FRRequest) -> ResponseReturnValue:
    """The whole file of a request on one page (SRC-5)."""
    return _file_page(subject, DecisionForm(formdata=None, version=subject.version))


def _file_page(subject: FRRequest, form: DecisionForm, why: Why = None) -> str:
    """The page of a file; records which faces it shows. Raises Refused for whoever may not read it.

    `why`: what stands in the way of a decision sent; what was typed stays before the person.
    """
    actor = current_actor()
    approvals.check_may_read_file(subject, actor)
    found = gather_file(subject, current_actor())
    audit.viewed("faces.viewed", subject, page="approval.file", faces=found.faces)
    choices, blocked = offered(subject)
    form.decision.choices = [(choice.value, choice.label) for choice in choices]
    if len(choices) == 1:
        form.decision.data = choices[0].value
    rules = {choice.value: rule_of(choice, subject.state) for choice in choices_in(subject)}
    return page(
        "approval/file.html",
        item=subject,
        file=found,
        form=form,
        **apart(why),
        choices=choices,
        unavailable=blocked,
        rules=rules,
        missing=clearances.missing(subject),
        namers=clearances.namers() if subject.reserved else [],
        nominee_gone=only_without_nominee(subject) and nominee_left(subject),
        viewers=viewers_of(found, url_for("approval.file", number=subject.number), actor),
        due_at=due_at(subject),
        delivery=approvals.last_delivery(subject),
        result=approvals.result_of(subject),
        now=now(),
    )


@bp.post("/final-review/<number>/decision")
@needs("approval.decide", of=FRRequest)
def decide(subject: FRRequest) -> Answer:
    """Approve, do not approve, continue; recall a report, or have it replaced. The password is asked for again."""
    approvals.check_may_read_file(subject, current_actor())
    form = DecisionForm()
    form.decision.choices = [(choice.value, choice.label) for choice in choices_in(subject)]
    form.decision.validate_choice = False
    choice = choice_named(form.decision.data or "")

    def sound() -> bool:
        if form.validate() and choice is None:
            form.decision.errors = ["Choose one of the decisions."]
        return not form.errors

    return take_step(
        subject,
        choice.verb if choice else "decide",
        form,
        lambda: filled(choice).do(subject, current_actor(), form.reason.data, password_confirmed=True),
        again=lambda why: _file_page(subject, form, why),
        sound=sound,
        done=lambda: f"{subject.number}: {filled(choice).done}",
        to=url_for("approval.file", number=subject.number),
    )


# The report ------------------------------------------------------------------------------------------------


@bp.get("/reports/prepare/<number>")
@needs("report.prepare", "approval.decide", of=FRRequest)
def prepare(subject: FRRequest) -> ResponseReturnValue:
    """Show the state of a request's report, which its examiner prepares here (SRC-8)."""
    return _report_page(subject)


def _report_page(subject: FRRequest, refusal: Why = None) -> str:
    actor = current_actor()
    if not actor.can("approval.decide") and subject.examiner_id != actor.id:
        abort(404)  # the page names the examiner; whoever may become a peer must not know (SRC-4)
    delivery = approvals.last_delivery(subject)
    return page(
        "approval/prepare.html",
        "approval/_delivery.html",
        item=subject,
        refusal=refusal,
        delivery=delivery,
        kind=approvals.due_kind(subject),
        result=approvals.result_of(subject),
        options=options_of(subject),
        may_read_file=actor.can("approval.decide"),
        reports=list(reversed(subject.reports)),
        now=now(),
    )


@bp.post("/reports/prepare/<number>")
@needs("report.prepare", of=FRRequest)
def prepare_report(subject: FRRequest) -> Answer:
    """The examiner prepares the report; a job renders and delivers it."""
    return _report_step(subject, "prepare_report", approvals.prepare_report, "The report is being prepared.")


@bp.post("/reports/prepare/<number>/retry")
@needs("report.prepare", "approval.decide", of=FRRequest)
def retry(subject: FRRequest) -> Answer:
    """Ask again for a delivery that gave up."""
    return _report_step(subject, "deliver_report", approvals.retry_delivery, "The delivery is tried again.")


def _report_step(
    subject: FRRequest, verb: RequestVerb, act: Callable[[FRRequest, Actor], object], words: str
) -> Answer:
    return take_step(
        subject,
        verb,
        VersionForm(),
        lambda: act(subject, current_actor()),
        again=lambda why: _report_page(subject, why),
        done=f"{subject.number}: {words}",
        to=url_for("approval.prepare", number=subject.number),
    )
