"""Delivered copies of what left the repository without an order: who holds them, what became of each (CAP-3)."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue

from app.access.actor import current_actor
from app.access.guard import needs
from app.access.scoping import visible
from app.blueprints.retention import forms
from app.blueprints.retention.blueprint import bp
from app.blueprints.retention.rendering import sections
from app.domain.sealing import copies as domain
from app.extensions import db
from app.models.sealing import LeftCopy
from app.steps import apart, take_step
from app.web.pages import page

PER_PAGE = 25
AT = "retention.left_copies"


@bp.get("/retention/copies")
@needs("retention.read")
def left_copies() -> ResponseReturnValue:
    """Every copy, those that nobody answered for first."""
    return _page()


def _page(
    about: LeftCopy | None = None,
    *,
    end: forms.CopyForm | None = None,
    told: forms.ToldForm | None = None,
    **fault: object,
) -> str:
    rows = visible(LeftCopy, current_actor()).order_by(LeftCopy.ended.is_not(None), LeftCopy.id.desc())
    pages = db.paginate(rows, per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    lines = [
        (copy, end if end and copy is about else _end(copy), told if told and copy is about else _told(copy))
        for copy in pages.items
    ]
    return page(
        "sealing/copies.html",
        sections=sections("retention.sealings"),
        pages=pages,
        lines=lines,
        copy_kinds=domain.KINDS,
        holder=domain.holder,
        notice_to=domain.notice_to,
        form=end or told,
        **({"refusal": None, "conflict": False} | fault),
    )


def _end(copy: LeftCopy) -> forms.CopyForm:
    return forms.CopyForm(formdata=None, prefix=f"c{copy.id}-", version=copy.version)


def _told(copy: LeftCopy) -> forms.ToldForm:
    return forms.ToldForm(formdata=None, prefix=f"t{copy.id}-", version=copy.version)


@bp.post("/retention/copies/<uid>")
@needs("sealing.order", of=LeftCopy)
def end_left_copy(subject: LeftCopy) -> ResponseReturnValue:
    """Record what became of a copy, and how its holder said so."""
    form, actor = forms.CopyForm(prefix=f"c{subject.id}-"), current_actor()
    return take_step(
        subject,
        "end_copy",
        form,
        lambda: domain.answer(subject, actor, form.end.data or "", form.answers),
        again=lambda why: _page(subject, end=form, **apart(why)),
        sound=lambda: form.sound(subject, domain.faults_of),
        done="What became of the copy is recorded.",
        to=url_for(AT),
    )


@bp.post("/retention/copies/<uid>/told")
@needs("sealing.order", of=LeftCopy)
def tell_left_copy(subject: LeftCopy) -> ResponseReturnValue:
    """Record that a person told the recipient who holds a copy, and how."""
    form, actor = forms.ToldForm(prefix=f"t{subject.id}-"), current_actor()
    return take_step(
        subject,
        "tell_recipient",
        form,
        lambda: domain.tell_recipient(subject, actor, form.how.data or ""),
        again=lambda why: _page(subject, told=form, **apart(why)),
        done="It is recorded that the recipient was told.",
        to=url_for(AT),
    )
