"""The form of a training record."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, HiddenField, StringField
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.blueprints.choice_fields import RadioField, SelectField, SelectMultipleField
from app.blueprints.limits import Length
from app.policy import policy


class TrainingForm(FlaskForm):
    """TRN-1: the topics covered and the day of completion."""

    topics = SelectMultipleField("Topics covered", widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    completed_on = DateField("Completed on", [InputRequired("Enter the day of completion.")])
    note = StringField("Course, instructor or certificate", [Length(max=500)])

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self.topics.choices = [(topic.value, topic.label) for topic in policy().training["fr"].topics]


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
