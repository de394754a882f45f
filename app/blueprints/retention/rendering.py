"""The rendering of the retention area's pages, and what several of its views share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for
from flask_wtf import FlaskForm
from sqlalchemy import select

from app.access.actor import current_actor
from app.blueprints.options import options_of
from app.blueprints.retention import forms
from app.domain.retention import verbs as retention
from app.domain.retention.eligibility import Target, is_disposed, label, under_way
from app.domain.retention.known import known_of
from app.domain.retention.people_files import DAYS
from app.extensions import db
from app.models.base import now
from app.models.retention import CaseRecord, Disposal, DisposalItem, PersonFile
from app.policy import policy
from app.policy.refused import Refused
from app.policy.retention import standing_of_case, what_if
from app.policy.retention.types import Standing
from app.web.pages import page

#: what each standing is called, and the tone of its tag
STANDINGS = {
    "held": ("Held", "attention"),
    "open": ("At work", "working"),
    "unclassified": ("Not classified", "waiting"),
    "permanent": ("Permanent", "ended"),
    "unknown": ("Day not known", "waiting"),
    "upcoming": ("Kept for its period", "idle"),
    "disposable": ("Due", "good"),
    "disposed": ("Disposed of", "ended"),
}
SECTIONS = (
    ("Records", "retention.index"),
    ("Holds", "retention.holds"),
    ("Disposals", "retention.disposals"),
    ("Sealing", "retention.sealings"),
    ("Recalculated", "retention.recalculations"),
    ("Schedule", "retention.schedule"),
)


@dataclass(frozen=True, slots=True)
class Tab:
    """One entry of a row of tabs."""

    label: str
    url: str
    active: bool
    count: int = 0


def sections(active: str) -> list[Tab]:
    """The parts of the area."""
    return [Tab(name, url_for(endpoint), endpoint == active) for name, endpoint in SECTIONS]


def standing_or_none(target: Target) -> Standing | None:
    """Return the eligibility of a record today; None for one that was disposed of."""
    return None if is_disposed(target) else retention.standing_of(target)


def address_of(target: Target) -> str:
    """Return the address of a case record or person file."""
    if isinstance(target, CaseRecord):
        return url_for("retention.case", case_number=target.case_number)
    return url_for("retention.person", uid=target.uid)


def disposal_of(target: Target) -> Disposal | None:
    """Return the open disposal of this record, or the one that disposed of it."""
    column = DisposalItem.case_record_id if isinstance(target, CaseRecord) else DisposalItem.person_file_id
    rows = select(Disposal).join(DisposalItem).where(column == target.id, DisposalItem.state.in_(["erasing", "erased"]))
    return under_way(target) or db.session.scalars(rows.order_by(Disposal.id.desc())).first()


def name_of(file: PersonFile) -> str | None:
    """Return the name in a person file; None for one that was disposed of."""
    return None if file.disposed_at is not None else file.private.get("name")


def shared() -> dict[str, Any]:
    """Return the values that every template of the area may use."""
    return {
        "rules": policy().retention,
        "standings": STANDINGS,
        "address_of": address_of,
        "label": label,
        "name_of": name_of,
        "role_labels": forms.ROLE_LABELS,
    }


# Case records ----------------------------------------------------------------------------------------------


def case_page(
    record: CaseRecord, *, refusal: Refused | None = None, conflict: bool = False, asked: str = "", **changed: FlaskForm
) -> str:
    """Render the page of a case record; `changed` replaces a form by the one sent, `asked` is a what-if class."""
    actor, version, seen = current_actor(), record.version, len(record.history)
    proposed = retention.propose_classes(record)
    made: dict[str, Any] = {
        "closing": forms.ClosingForm(formdata=None, version=version),
        "reopening": forms.ReopeningForm(formdata=None, version=version),
        "disposition": forms.DispositionForm(formdata=None, version=version),
        "event": forms.EventForm(formdata=None, version=version),
        "classifying": forms.ClassForm(
            formdata=None, version=version, history_seen=seen, classes=list(proposed.classes) or list(record.classes)
        ),
        "person_form": forms.PersonForm(formdata=None, version=version),
        "hold_form": forms.HoldForm(formdata=None, version=version),
        **changed,
    }
    gone = is_disposed(record)
    facts = None if gone else retention.facts_of(record)
    chosen = (asked,) if asked in policy().retention.classes else ()
    return page(
        "retention/case.html",
        item=record,
        standing=standing_or_none(record),
        proposed=proposed,
        asked=asked,
        imagined=standing_of_case(policy().retention, what_if(facts, chosen), retention.today())
        if facts and chosen
        else None,
        what_if_form=forms.WhatIfForm(formdata=None, what_if=asked),
        refusal=refusal,
        conflict=conflict,
        form=next(iter(changed.values()), None),
        disposal=disposal_of(record),
        requests=retention.requests_of(record),
        known=None if gone else known_of(record),
        keeps=actor.can("retention.keep"),
        places=actor.can("hold.place"),
        options=options_of(record),
        now=now(),
        **made,
    )


# Person files ----------------------------------------------------------------------------------------------


def person_page(
    file: PersonFile, *, refusal: Refused | None = None, conflict: bool = False, **changed: FlaskForm
) -> str:
    """The page of a person file."""
    actor = current_actor()
    made: dict[str, Any] = {
        "file_form": forms.FileForm(formdata=None, **_known(file)),
        "link_form": forms.LinkForm(formdata=None, version=file.version),
        "hold_form": forms.HoldForm(formdata=None, version=file.version),
        **changed,
    }
    return page(
        "retention/person.html",
        item=file,
        standing=standing_or_none(file),
        refusal=refusal,
        conflict=conflict,
        known=_known(file),
        form=next(iter(changed.values()), None),
        disposal=disposal_of(file),
        keeps=actor.can("retention.keep"),
        places=actor.can("hold.place"),
        **made,
    )


def _known(file: PersonFile) -> dict[str, Any]:
    if file.disposed_at is not None:
        return {}
    private = file.private
    days = {field: date.fromisoformat(private[field]) for field in DAYS if private.get(field)}
    number = file.gallery_person.person_number if file.gallery_person else ""
    return {"version": file.version, "name": private.get("name"), "person_number": number, **days}
