"""The forms of a sample: what the source says of each drawn record, an extract of it, another sample; all signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, ClassVar

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, StringField, TextAreaField
from wtforms.widgets import DateInput

from app.blueprints.choice_fields import SelectField
from app.blueprints.fact_fields import day_of, stripped
from app.blueprints.limits import Length
from app.blueprints.shared_forms import SignedForm
from app.models import GalleryPhoto
from app.policy import policy

#: the number under which the source has the record is how it is found there, and is not asked for
FOUND_BY = "source_record"
OTHER = "something else"


class _SampleForm(SignedForm):
    """A signature for a sample, with the reason where an answer is another than at a look before."""

    decided = "signed"
    reason = TextAreaField("Why the answer is another now", [Length(max=2000)], filters=[stripped])


class AnswersForm(_SampleForm):
    """What the source says of each drawn record: `r<uid>-<column>`, or `r<uid>-absent` where it has no such record."""

    NAME: ClassVar[str] = "answers"
    PREFIX: ClassVar[str] = ""
    records: ClassVar[dict[str, tuple[str, str]]] = {}
    #: the digest of answers that differ and were looked at again
    looked = HiddenField(validators=[Length(max=64)])

    def validate(self, extra_validators: Any = None) -> bool:
        """Check that each record is answered in full, or is none of the source's."""
        sound = super().validate(extra_validators)
        for uid in self.records:
            if self[f"r{uid}-absent"].data:
                continue
            for column in asked():
                fault = _fault(column, self[f"r{uid}-{column}"].data or "")
                if fault:
                    self[f"r{uid}-{column}"].errors = [fault]
                    sound = False
        return sound

    def extract(self) -> dict[str, dict[str, str]]:
        """Return what was said as an extract of the source would say it."""
        return {
            number: {FOUND_BY: source} | {column: str(self[f"r{uid}-{column}"].data or "") for column in asked()}
            for uid, (number, source) in self.records.items()
            if not self[f"r{uid}-absent"].data
        }

    def said(self) -> str:
        """Return a digest of what was said."""
        return hashlib.sha256(json.dumps(self.extract(), sort_keys=True).encode()).hexdigest()


class ExtractForm(_SampleForm):
    """An extract of the source system."""

    NAME: ClassVar[str] = "extract"
    PREFIX: ClassVar[str] = "extract-"
    file = FileField("Extract of the source system")


class DrawForm(SignedForm):
    """Another sample."""

    NAME: ClassVar[str] = "draw"
    PREFIX: ClassVar[str] = "draw-"
    decided = "drawn"


def asked() -> tuple[str, ...]:
    """Return the columns that are asked for, in the order of the rule."""
    return tuple(column for column in policy().gallery.sample.columns if column != FOUND_BY)


def labels() -> dict[str, str]:
    """Return the compared columns in words."""
    known = {column.name: column.label for column in policy().gallery.columns}
    return {name: known[name] for name in policy().gallery.sample.columns}


def answers(drawn: Iterable[GalleryPhoto]) -> type[AnswersForm]:
    """Return the form for these records. It names none of what the list said of them."""
    photos = list(drawn)
    fields: dict[str, Any] = {
        "records": {one.uid: (one.record_number, str(one.private.get("source_record") or "")) for one in photos}
    }
    for photo in photos:
        fields |= {f"r{photo.uid}-{column}": _field(column) for column in asked()}
        fields[f"r{photo.uid}-absent"] = BooleanField("The source has no such record")
    return type("DrawnForm", (AnswersForm,), fields)


def empty(drawn: Iterable[GalleryPhoto], version: str) -> dict[str, FlaskForm]:
    """Return the three forms as a page first shows them."""
    made = (answers(drawn), ExtractForm, DrawForm)
    return {one.NAME: one(formdata=None, prefix=one.PREFIX, data={"version": version}) for one in made}


def _choices(column: str) -> tuple[str, ...]:
    """Return the words that the rules of intake know for a column; none for a day or free text."""
    rules = [rule for rule in policy().gallery.eligibility if rule.field == column]
    return tuple(dict.fromkeys(word for rule in rules for word in (*rule.allowed, *rule.forbidden)))


def _field(column: str) -> Any:
    label, words = labels()[column], _choices(column)
    if words:
        choices = [("", "Choose"), *((word, word.capitalize()) for word in words), (OTHER, OTHER.capitalize())]
        return SelectField(label, choices=choices, validate_choice=False)
    widget = {"widget": DateInput()} if column.endswith("_on") else {}
    return StringField(label, [Length(max=100)], filters=[stripped], **widget)


def _fault(column: str, answer: str) -> str:
    if not answer:
        return "Say what the source has, or that it has no such record."
    if column.endswith("_on") and day_of(answer) is None:
        return "Write the date as year-month-day, for example 2026-03-09."
    words = _choices(column)
    return "Choose one of the answers." if words and answer not in (*words, OTHER) else ""
