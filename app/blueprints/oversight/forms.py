"""The filter of the audit trail."""

from __future__ import annotations

from wtforms import DateField, Form, StringField
from wtforms.validators import Optional

from app.blueprints.choice_fields import SelectField
from app.blueprints.limits import Length
from app.blueprints.oversight.trail import event_choices
from app.domain.oversight.audit_trail import Filter


class TrailForm(Form):
    """A GET form: it changes nothing, so it has no token."""

    event = SelectField("Event", [Optional()])
    actor = StringField("User name", [Optional(), Length(max=64)])
    subject = StringField("Subject", [Optional(), Length(max=40)])
    since = DateField("From", [Optional()])
    until = DateField("To", [Optional()])

    def __init__(self, *given: object, **values: object) -> None:
        super().__init__(*given, **values)
        self.event.choices = event_choices()

    def filter(self) -> Filter:
        """The filter of the fields that hold."""
        held = {field.name: field.data for field in self if not field.errors and field.data}
        return Filter(**held)
