"""The numbers of a matter: what is proposed, what is linked, and by whom (REQ-2, RET-11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import request, url_for
from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.access.actor import Actor, current_actor
from app.access.guard import needs
from app.access.scoping import find, visible
from app.blueprints.matters.blueprint import bp
from app.blueprints.matters.forms import DecisionForm, LinkForm
from app.domain.matters import evidence
from app.domain.matters import links as domain
from app.extensions import db
from app.models.matters import CaseNumber, MatterLink
from app.models.retention import CaseRecord
from app.policy import policy
from app.refusals import ActName
from app.steps import Answer, Why, apart, take_step
from app.web.pages import page

__all__ = ["bp"]
PER_PAGE = 50
#: what a proposal rests on, in words
BECAUSE = {
    evidence.NUMBER: "the same number, written otherwise",
    evidence.SAME: "the same photograph",
    evidence.MOMENT: "the same photograph, edited",
    evidence.PLACE: "the same place on one day or two days running",
    evidence.TEXT: "passages of one text",
}


def because_of(row: MatterLink) -> str:
    """Return in words what a proposal rests on."""
    return ", ".join(BECAUSE[one] for one in row.because)


Act = Callable[[CaseNumber, Actor, MatterLink | None, str], None]
#: button -> the verb, what is done, what is said
ACTS: Mapping[str, tuple[ActName, Act, str]] = {
    "accept": ("accept_link", domain.accept, "The numbers are linked."),
    "decline": ("decline_link", domain.decline, "The proposal is declined."),
    "part": ("part_numbers", domain.part, "The link is ended."),
}


@bp.get("/matters")
@needs("matter.link")
def index() -> str:
    """List what the portal proposes, and the numbers that fit no scheme."""
    actor = current_actor()
    known = visible(CaseNumber, actor).subquery()
    other = aliased(known)
    rows = (
        select(MatterLink)
        .join(known, known.c.id == MatterLink.first_id)
        .join(other, other.c.id == MatterLink.second_id)
        .where(MatterLink.linked_at.is_(None), MatterLink.ended_at.is_(None))
    )
    pages = db.paginate(rows.order_by(MatterLink.id), per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    odd = visible(CaseNumber, actor).where(CaseNumber.scheme.is_(None)).order_by(CaseNumber.id.desc()).limit(PER_PAGE)
    return page(
        "matters/index.html",
        pages=pages,
        odd=db.session.scalars(odd).all(),
        most=PER_PAGE,
        rule=policy().request.matter,
        proposing=policy().request.proposal,
        because=because_of,
    )


@bp.get("/matters/<path:number>")
@needs("matter.link", of=CaseNumber)
def matter(subject: CaseNumber) -> str:
    """The numbers of one matter, and the forms that link and part them."""
    return _page(subject, LinkForm(formdata=None, version=subject.version))


@bp.post("/matters/<path:number>/links")
@needs("matter.link", of=CaseNumber)
def link(subject: CaseNumber) -> Answer:
    """Link another number that the person knows to be of this matter."""
    form, actor = LinkForm(), current_actor()
    return take_step(
        subject,
        "link_numbers",
        form,
        lambda: domain.link(subject, actor, form.other.data or "", form.reason.data or ""),
        again=lambda why: _page(subject, form, why),
        done="The numbers are linked.",
        to=url_for("matters.matter", number=subject.number),
    )


@bp.post("/matters/<path:number>/links/<uid>")
@needs("matter.link", of=CaseNumber)
def decide(subject: CaseNumber, uid: str) -> Answer:
    """Accept or decline a proposal, or end a link, by the button that was pressed."""
    row = db.session.scalars(select(MatterLink).where(MatterLink.uid == uid)).one_or_none()
    form, actor = DecisionForm(prefix=f"{uid[:8]}-"), current_actor()
    verb, act, said = ACTS.get(request.form.get("act", ""), ACTS["decline"])

    def again(why: Why) -> str:
        return _page(subject, LinkForm(formdata=None, version=subject.version), why, {uid: form})

    return take_step(
        subject,
        verb,
        form,
        lambda: act(subject, actor, row, form.reason.data or ""),
        again=again,
        done=said,
        to=url_for("matters.matter", number=subject.number),
    )


def _page(subject: CaseNumber, form: LinkForm, why: Why = None, sent: Mapping[str, DecisionForm] | None = None) -> str:
    actor, sent = current_actor(), sent or {}
    lines = [(line, sent.get(line.row.uid) or _decision(subject, line.row)) for line in domain.links_of(subject, actor)]
    return page(
        "matters/matter.html",
        item=subject,
        form=form,
        faulty=next(iter(sent.values()), form),
        numbers=domain.numbers_of(subject, actor),
        lines=lines,
        schemes={scheme.id: scheme.title for scheme in policy().request.case_numbers},
        schemes_told=policy().request.case_numbers,
        rule=policy().request.matter,
        because=because_of,
        reasons=BECAUSE,
        proposing=policy().request.proposal,
        record=find(CaseRecord, subject.number, actor),
        **apart(why),
    )


def _decision(subject: CaseNumber, row: MatterLink) -> DecisionForm:
    return DecisionForm(prefix=f"{row.uid[:8]}-", version=subject.version, formdata=None)
