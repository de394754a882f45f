"""The forms of a change of the algorithm."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired

from app.blueprints.choice_fields import SelectField
from app.blueprints.limits import Length


class BeginChangeForm(FlaskForm):
    """FAIR-3: the algorithm to change to."""

    model = SelectField("Algorithm to change to", [InputRequired("Choose an algorithm.")])

    def __init__(self, choices: list[tuple[str, str]], **values: object) -> None:
        super().__init__(**values)
        self.model.choices = choices


class ChangeForm(FlaskForm):
    """FAIR-3: one step of a change, with the reason that is kept where the step needs one."""

    step = HiddenField("Step")
    version = HiddenField("Version")
    record = HiddenField("Record", [Length(max=40)])
    reason = StringField("Reason", [Length(max=300, message="At most 300 characters.")])
