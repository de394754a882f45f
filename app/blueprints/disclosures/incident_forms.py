"""The forms of an incident: record, report, harm, notice, closing (EXT-10)."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired
from wtforms.widgets import DateInput, TimeInput

from app.blueprints.fact_fields import YES_NO, choice_field, stripped
from app.blueprints.limits import Length
from app.blueprints.shared_forms import VersionForm


class RecordForm(FlaskForm):
    """An incident from the moment of awareness."""

    disclosure = StringField("Number of the disclosure", [Length(max=20)], filters=[stripped])
    day = StringField("Day on which the department became aware", widget=DateInput(), filters=[stripped])
    time = StringField("Time", widget=TimeInput(), filters=[stripped])
    what = TextAreaField("What happened", [InputRequired("Describe what happened."), Length(max=8000)], [stripped])


class ReportForm(VersionForm):
    """The report to the City Chief Privacy Officer."""

    reference = StringField("Reference of the report", [Length(max=80)], filters=[stripped])
    day = StringField("Day of the report", widget=DateInput(), filters=[stripped])
    time = StringField("Time", widget=TimeInput(), filters=[stripped])


class HarmForm(VersionForm):
    """The risk of harm to the individuals affected."""

    harm = choice_field(
        "Is there potential risk of harm to the individuals affected?",
        [("potential", "Yes, there is potential risk of harm"), ("none", "No")],
    )
    reason = TextAreaField("Reason", [Length(max=4000)], filters=[stripped])


class NoticeForm(VersionForm):
    """Whether the individuals affected are notified in writing."""

    give = choice_field("Are the individuals affected notified in writing?", YES_NO)
    required_by_law = choice_field("Does law require the notice?", YES_NO)
    consulted = choice_field("Were the City Chief Privacy Officer and the Law Department consulted?", YES_NO)
    reason = TextAreaField("Reason", [Length(max=4000)], filters=[stripped])
    text = TextAreaField("Words of the notice", [Length(max=8000)], filters=[stripped])


class CloseForm(VersionForm):
    """The efforts made to notify."""

    efforts = TextAreaField("What was done to notify the individuals", [Length(max=8000)], filters=[stripped])
