"""The unit's work: who has it, how it is handed over, how long it takes (SRC-2, SRC-4, AUD-2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from sqlalchemy import select

from app.access.actor import Actor, current_actor
from app.access.guard import needs
from app.blueprints.fact_fields import mark
from app.blueprints.options import options_of
from app.blueprints.review.queue import unavailable_examiners
from app.blueprints.shared_forms import VersionForm
from app.blueprints.workload.forms import PassOnForm, PeriodFilter, WorkFilter
from app.csv_lines import csv_line
from app.domain.requests import clearances
from app.domain.requests.arrests import HEADINGS, by_year, dated_before, uncorroborated
from app.domain.serving import of_numbers
from app.domain.workload import turnaround
from app.domain.workload import verbs as workload
from app.domain.workload.overview import deadline, unassigned
from app.extensions import db
from app.models import Account, FRRequest
from app.models.base import filled, now
from app.policy import policy
from app.policy.facts import Fault
from app.policy.names import RequestVerb
from app.policy.refused import Refused
from app.steps import Answer, Why, take_step
from app.web.downloads import whole_file
from app.web.pages import page

bp = Blueprint("workload", __name__)
PER_PAGE = 50
#: condition -> the field of the form that it is about
FIELDS = {"receiver_may_examine": "receiver", "hand_over_noted": "notes"}


@dataclass(frozen=True, slots=True)
class WorkloadLine:
    """A request in the supervisor's list. `holder` is empty where nobody has it."""

    item: FRRequest
    due: datetime
    overdue: bool
    holder: str
    gone: bool


# The supervisor --------------------------------------------------------------------------------------------


@bp.get("/workload")
@needs("work.assign")
def index() -> str:
    """Every open request of the unit by due time, and who has it."""
    chosen, moment, gone = WorkFilter(request.args), now(), unavailable_examiners()
    rows = workload.open_work(
        current_actor(), gone, moment, show=chosen.show.data or "", priority=chosen.priority.data or ""
    )
    pages = db.paginate(rows, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    return page(
        "workload/index.html",
        filter=chosen,
        lines=[_line(one, gone, moment) for one in pages.items],
        pages=pages,
        total=workload.count_open_work(current_actor(), gone, moment),
        now=moment,
        priorities=policy().request.priorities,
    )


def _line(item: FRRequest, gone: set[int], moment: datetime) -> WorkloadLine:
    holder = "" if item.examiner is None or unassigned(item) else item.examiner.titled
    due = deadline(item)
    return WorkloadLine(item, due, moment > due, holder, item.examiner_id in gone)


@bp.get("/workload/<number>")
@needs("work.assign", of=FRRequest)
def show(subject: FRRequest) -> str:
    """Who had the request, with the notes, and the form that assigns it."""
    return _assign_page(subject, _form(subject))


def _assign_page(subject: FRRequest, form: PassOnForm, refusal: Why = None) -> str:
    return page(
        "workload/show.html",
        item=subject,
        form=form,
        refusal=refusal,
        options=options_of(subject),
        now=now(),
        due=deadline(subject),
        history=workload.history(subject),
        priorities=policy().request.priorities,
        held=subject.examiner is not None and not unassigned(subject),
        open=subject.has("due"),
        missing=clearances.missing(subject),
        namers=clearances.namers() if subject.reserved else [],
    )


@bp.post("/workload/<number>/assign")
@needs("work.assign", of=FRRequest)
def assign(subject: FRRequest) -> Answer:
    """AUD-2: assign the request, or give what one examiner has to another."""
    return _passed(
        "assign",
        subject,
        workload.assign,
        _assign_page,
        "is with {}.",
        url_for("workload.show", number=subject.number),
    )


# The examiner ----------------------------------------------------------------------------------------------


@bp.post("/workload/<number>/take")
@needs("basis.confirm", of=FRRequest)
def take(subject: FRRequest) -> Answer:
    """Take a submitted request that nobody has."""
    actor = current_actor()

    def again(why: Why) -> str:
        if isinstance(why, Refused):
            raise why
        abort(409)

    return take_step(
        subject,
        "take",
        VersionForm(),
        lambda: workload.take(subject, actor),
        again=again,
        done=f"{subject.number} is yours.",
        to=url_for("review.work", number=subject.number),
    )


@bp.get("/workload/<number>/hand-over")
@needs("examination.work", of=FRRequest)
def hand_over(subject: FRRequest) -> str:
    """The form by which the examiner who has the request passes it on; for anybody else it does not exist."""
    _only_its_holder(subject, current_actor())
    return _hand_over_page(subject, _form(subject))


@bp.post("/workload/<number>/hand-over")
@needs("examination.work", of=FRRequest)
def hand_over_post(subject: FRRequest) -> Answer:
    """SRC-2: pass the request, and an open round, on to another examiner."""
    _only_its_holder(subject, current_actor())
    return _passed("hand_over", subject, workload.hand_over, _hand_over_page, "is with {} now.", url_for("home.index"))


def _only_its_holder(subject: FRRequest, actor: Actor) -> None:
    """Answer 404 to others: the list of receivers would show a later peer who examines (SRC-4)."""
    if subject.examiner_id != actor.id or "hand_over" not in options_of(subject):
        abort(404)


def _hand_over_page(subject: FRRequest, form: PassOnForm, refusal: Why = None) -> str:
    round_ = subject.current_round if subject.state == "under_examination" else None
    done = len(round_.dispositions) if round_ else 0
    return page(
        "workload/hand_over.html",
        item=subject,
        form=form,
        refusal=refusal,
        round=round_,
        done=done,
        now=now(),
        due=deadline(subject),
        listed=len(round_.search.candidates) if round_ else 0,
    )


# Both ------------------------------------------------------------------------------------------------------


def _form(subject: FRRequest, *, posted: bool = False) -> PassOnForm:
    people = workload.receivers(subject)
    return PassOnForm(people) if posted else PassOnForm(people, version=subject.version, formdata=None)


def _passed(verb: RequestVerb, subject: FRRequest, step: Any, shown: Any, done: str, to: str) -> Answer:
    """Take the step with the receiver as the directory has them now; a refusal is also put at its field."""
    form, actor, found = _form(subject, posted=True), current_actor(), []

    def sound() -> bool:
        if not form.validate():
            return False
        chosen = db.session.scalars(select(Account).where(Account.uid == (form.receiver.data or ""))).one_or_none()
        found.append(workload.receiver_of(chosen))
        return True

    def again(why: Why) -> str:
        if isinstance(why, Refused) and why.rule_id in FIELDS:
            mark(form, [Fault(FIELDS[why.rule_id], why.reason, why.rule_id)], ())
        return shown(subject, form, why)

    return take_step(
        subject,
        verb,
        form,
        lambda: step(subject, actor, found[0], form.notes.data or ""),
        again=again,
        sound=sound,
        done=lambda: f"{subject.number} {done.format(filled(subject.examiner).titled)}",
        to=to,
    )


# Figures ---------------------------------------------------------------------------------------------------


@bp.get("/workload/figures")
@needs("figures.read")
def figures() -> str:
    """Show the turnaround and the open work in figures, without any case."""
    chosen, moment = PeriodFilter(request.args), now()
    return page(
        "workload/figures.html",
        filter=chosen,
        found=turnaround.figures(moment, chosen.chosen),
        days=chosen.chosen,
        rule=policy().request.workload,
        priorities=policy().request.priorities,
        duration_text=duration_text,
    )


@bp.get("/workload/figures/arrests")
@needs("figures.read")
def arrests() -> str:
    """Show arrests by year and evidence in hand (AUD-7); those made on none are listed by the request's number."""
    return page(
        "workload/arrests.html",
        years=by_year(),
        listed=uncorroborated(current_actor()),
        dated=dated_before(current_actor()),
        headings=HEADINGS,
        rule=policy().request.evidence,
        now=now(),
    )


@bp.get("/workload/figures/arrests.csv")
@needs("figures.read")
def arrests_csv() -> Response:
    """Send the yearly figures of arrests as a file (AUD-7)."""
    lines = [csv_line(HEADINGS), *(csv_line(year.cells()) for year in by_year())]
    return whole_file(of_numbers("arrests"), "".join(lines).encode(), "text/csv", "arrests.csv")


def duration_text(length: timedelta) -> str:
    """Return a duration in its two largest units: `2 d 4 h`, `3 h 10 min`, `12 min`."""
    minutes = round(length.total_seconds() / 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {rest} min" if hours else f"{rest} min"
