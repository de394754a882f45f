"""The page of a case record: its history, people, class, holds, and why it is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from sqlalchemy import select

from app.access.actor import current_actor
from app.access.guard import needs
from app.access.scoping import find
from app.blueprints.retention import forms
from app.blueprints.retention.blueprint import bp
from app.blueprints.retention.rendering import address_of, case_page
from app.domain.retention import holds, people_files
from app.domain.retention import verbs as retention
from app.extensions import db
from app.models import GalleryPerson
from app.models.retention import CaseRecord
from app.refusals import ActName
from app.steps import apart, take_step
from app.typed import whole_number_or
from app.workflow.engine import refuse_if

Act = Callable[[], Any]


def gallery_person(number: str | None) -> GalleryPerson | None:
    """Return the person of the repository with this number; None for no number. Raises Refused for an unknown one."""
    if not number:
        return None
    found = db.session.scalars(select(GalleryPerson).where(GalleryPerson.person_number == number)).one_or_none()
    refuse_if(people_files.RULE, found is None, "The photo repository has no person of this number.")
    return found


@bp.get("/retention/cases/<case_number>")
@needs("retention.read", of=CaseRecord)
def case(subject: CaseRecord) -> ResponseReturnValue:
    """One case record; `?what_if=` asks where it would stand in another class."""
    return case_page(subject, asked=request.args.get("what_if", ""))


def _step(record: CaseRecord, name: str, form: FlaskForm, verb: ActName, act: Act, said: str) -> ResponseReturnValue:
    return take_step(
        record,
        verb,
        form,
        act,
        again=lambda why: case_page(record, **apart(why), **{name: form}),
        done=said,
        to=address_of(record),
    )


@bp.post("/retention/cases/<case_number>/closing")
@needs("retention.keep", of=CaseRecord)
def close(subject: CaseRecord) -> ResponseReturnValue:
    form, actor = forms.ClosingForm(), current_actor()

    def act() -> None:
        retention.close_case(subject, actor, form.closure.data, form.on.data, form.note.data or "")

    return _step(subject, "closing", form, "close_case", act, "The closing is recorded. Confirm the class next.")


@bp.post("/retention/cases/<case_number>/reopening")
@needs("retention.keep", of=CaseRecord)
def reopen(subject: CaseRecord) -> ResponseReturnValue:
    form, actor = forms.ReopeningForm(), current_actor()

    def act() -> None:
        retention.reopen(subject, actor, form.on.data, form.reason.data)

    return _step(subject, "reopening", form, "reopen", act, "The case is open again; its closing no longer counts.")


@bp.post("/retention/cases/<case_number>/dispositions")
@needs("retention.keep", of=CaseRecord)
def record_disposition(subject: CaseRecord) -> ResponseReturnValue:
    form, actor = forms.DispositionForm(), current_actor()

    def act() -> None:
        retention.record_disposition(subject, actor, form.class_id.data, form.on.data, form.note.data or "")

    return _step(subject, "disposition", form, "record_history", act, "The disposition is recorded.")


@bp.post("/retention/cases/<case_number>/events")
@needs("retention.keep", of=CaseRecord)
def record_event(subject: CaseRecord) -> ResponseReturnValue:
    form, actor = forms.EventForm(), current_actor()

    def act() -> None:
        retention.record_event(subject, actor, form.event.data, form.on.data, form.note.data or "")

    return _step(subject, "event", form, "record_history", act, "The event is recorded.")


@bp.post("/retention/cases/<case_number>/classification")
@needs("retention.keep", of=CaseRecord)
def classify(subject: CaseRecord) -> ResponseReturnValue:
    """Confirm the class of a case, which the rules only propose (RET-11)."""
    form, actor = forms.ClassForm(), current_actor()

    def act() -> None:
        retention.classify(
            subject,
            actor,
            form.classes.data or [],
            form.reason.data or "",
            history_seen=whole_number_or(form.history_seen.data, -1),
        )

    return _step(subject, "classifying", form, "classify", act, "The class is confirmed.")


@bp.post("/retention/cases/<case_number>/people")
@needs("retention.keep", of=CaseRecord)
def open_file(subject: CaseRecord) -> ResponseReturnValue:
    """Open a personal information file for a person of the case (RET-9, RET-10)."""
    form, actor = forms.PersonForm(), current_actor()

    def act() -> None:
        people_files.open_file(
            subject,
            actor,
            form.name.data,
            form.role.data,
            days_of(form),
            child_victim=form.child_victim.data,
            juvenile=form.juvenile.data,
            gallery_person=gallery_person(form.person_number.data),
        )

    return _step(subject, "person_form", form, "open_file", act, "The file is opened.")


def days_of(form: forms.DaysForm) -> dict[str, date | None]:
    """Return the days of a person as the form has them, empty ones as None."""
    return {field: form[field].data for field in people_files.DAYS}


@bp.post("/retention/cases/<case_number>/holds")
@needs("hold.place", of=CaseRecord)
def hold_case(subject: CaseRecord) -> ResponseReturnValue:
    form, actor = forms.HoldForm(), current_actor()

    def act() -> None:
        holds.place(subject, actor, form.kind.data, form.reason.data)

    return _step(subject, "hold_form", form, "place", act, "The hold is in force.")


def case_by_number(number: str) -> CaseRecord | None:
    """Return the case record of that number that this person may see."""
    return find(CaseRecord, number, current_actor())
