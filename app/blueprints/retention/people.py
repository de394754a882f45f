"""The page of a personal information file (RET-9, RET-10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.retention import forms
from app.blueprints.retention.blueprint import bp
from app.blueprints.retention.records import case_by_number, days_of, gallery_person
from app.blueprints.retention.rendering import address_of, person_page
from app.domain.matters.numbers import known
from app.domain.retention import holds, people_files
from app.models.retention import PersonFile
from app.policy.refused import Refused
from app.refusals import ActName
from app.steps import apart, take_step

Act = Callable[[], Any]


@bp.get("/retention/people/<uid>")
@needs("retention.read", of=PersonFile)
def person(subject: PersonFile) -> ResponseReturnValue:
    return person_page(subject)


def _step(file: PersonFile, name: str, form: FlaskForm, verb: ActName, act: Act, said: str) -> ResponseReturnValue:
    return take_step(
        file,
        verb,
        form,
        act,
        again=lambda why: person_page(file, **apart(why), **{name: form}),
        done=said,
        to=address_of(file),
    )


@bp.post("/retention/people/<uid>")
@needs("retention.keep", of=PersonFile)
def change_file(subject: PersonFile) -> ResponseReturnValue:
    form, actor = forms.FileForm(), current_actor()

    def act() -> None:
        people_files.change_file(
            subject,
            actor,
            name=form.name.data,
            days=days_of(form),
            gallery_person=gallery_person(form.person_number.data),
        )

    return _step(subject, "file_form", form, "change_file", act, "The file is saved.")


@bp.post("/retention/people/<uid>/links")
@needs("retention.keep", of=PersonFile)
def link_case(subject: PersonFile) -> ResponseReturnValue:
    """Link the person to another case: the file is kept as long as the longer of both."""
    form, actor = forms.LinkForm(), current_actor()

    def act() -> None:
        record = case_by_number(known(form.case_number.data))
        if record is None:
            raise Refused("file_with_records", "There is no record of this case.")
        people_files.link(
            subject, record, actor, form.role.data, child_victim=form.child_victim.data, juvenile=form.juvenile.data
        )

    return _step(subject, "link_form", form, "link", act, "The file is linked to the case.")


@bp.post("/retention/people/<uid>/holds")
@needs("hold.place", of=PersonFile)
def hold_person(subject: PersonFile) -> ResponseReturnValue:
    form, actor = forms.HoldForm(), current_actor()

    def act() -> None:
        holds.place(subject, actor, form.kind.data, form.reason.data)

    return _step(subject, "hold_form", form, "place", act, "The hold is in force.")
