"""The filter of the audit trail."""

from __future__ import annotations

from typing import Any

from wtforms import Form, StringField
from wtforms.validators import Optional

from app.blueprints.choice_fields import SelectField
from app.blueprints.fact_fields import NO_DAY, date_field, day_of
from app.blueprints.limits import Length
from app.blueprints.oversight.trail import event_choices
from app.domain.oversight.audit_trail import Filter


class TrailForm(Form):
    """A GET form: it changes nothing, so it has no token."""

    event = SelectField("Event", [Optional()])
    actor = StringField("User name", [Optional(), Length(max=64)])
    subject = StringField("Subject", [Optional(), Length(max=40)])
    since = date_field("From")
    until = date_field("To")

    def __init__(self, *given: object, **values: object) -> None:
        super().__init__(*given, **values)
        self.event.choices = event_choices()

    def validate(self, extra_validators: Any = None) -> bool:
        """Tell whether every field holds; beside each that does not stands what to do."""
        good = super().validate(extra_validators)
        if self.event.errors:
            self.event.errors = ["Choose an event of the list."]
        for field in (self.since, self.until):
            if field.data and day_of(field.data) is None:
                field.errors, good = [NO_DAY], False
        since, until = day_of(self.since.data), day_of(self.until.data)
        if since and until and until < since:
            self.until.errors, good = ["The last day lies before the first."], False
        return good

    def filter(self) -> Filter:
        """The filter of the fields that hold."""
        held = {field.name: field.data for field in self if not field.errors and field.data}
        days = {name: day_of(held[name]) for name in ("since", "until") if name in held}
        return Filter(**{**held, **days})

    def in_words(self) -> str:
        """Return what is asked for, as a sentence names it."""
        events = dict(event_choices())
        asked = (
            (self.event, f"event \u201c{events.get(self.event.data or '', self.event.data)}\u201d"),
            (self.actor, f"user name {self.actor.data}"),
            (self.subject, f"subject {self.subject.data}"),
            (self.since, f"from {self.since.data}"),
            (self.until, f"to {self.until.data}"),
        )
        return ", ".join(words for field, words in asked if field.data)
