"""The form of a proficiency item."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, StringField
from wtforms.validators import InputRequired, Optional

from app.blueprints.choice_fields import RadioField
from app.blueprints.limits import Length


class ProficiencyForm(FlaskForm):
    """FAIR-1: two pictures and whether they show one person."""

    probe = FileField("Picture in place of the probe")
    probe_taken_on = DateField("Taken on", [Optional()])
    photograph = FileField("Photograph to compare with it")
    photograph_taken_on = DateField("Taken on", [InputRequired("Enter the day: a photograph without one stands out.")])
    same = RadioField(
        "Do both show one person?", [InputRequired("Choose an answer.")], choices=[("yes", "Yes"), ("no", "No")]
    )
    note = StringField("Where the pictures come from, and who consented", [Length(max=500)])
