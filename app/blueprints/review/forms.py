"""The forms of the review area. Choices come from the policy files; the domain checks whether an answer suffices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Form, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, DateInput, ListWidget

from app.blueprints.choice_fields import SelectField, SelectMultipleField
from app.blueprints.fact_fields import choice_field, fact_fields, stripped
from app.blueprints.limits import Length
from app.blueprints.shared_forms import VersionForm
from app.policy import policy
from app.policy.examination.answers import GROUND, SOURCE

SHOWN = [
    ("waiting", "Waiting for an examiner"),
    ("mine", "Assigned to me"),
    ("unassigned", "Unassigned"),
    ("open", "All open"),
    ("ended", "Ended"),
]


class QueueFilter(Form):
    """The filter of the queue."""

    show = SelectField("Show", choices=SHOWN, default="waiting", validate_choice=False)
    state = SelectField("State", validate_choice=False)
    priority = SelectField("Priority", validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        flow = policy().workflow("request")
        self.state.choices = [("", "Any"), *((name, flow.state(name).title) for name in flow.states_that("filed"))]
        self.priority.choices = [("", "Any"), *((p.id, p.title) for p in policy().request.priorities.values())]


class RepeatForm(VersionForm):
    """AUD-1: why a probe should be searched again that was searched before."""

    reason = TextAreaField(
        "Why search again", [InputRequired("Write the reason."), Length(max=2000)], filters=[stripped]
    )


def accept_form(**values: Any) -> FlaskForm:
    """REQ-4: the use that the stated facts meet; none is chosen beforehand."""
    fields = {
        "version": HiddenField(),
        "shown": HiddenField(),
        "use": choice_field("The facts meet", [(use.id, f"{use.id}: {use.title}") for use in policy().uses.values()]),
        "note": TextAreaField("Note on the basis", [Length(max=2000)], filters=[stripped]),
    }
    return type("AcceptForm", (FlaskForm,), fields)(prefix="accept-", **values)


def refuse_form(**values: Any) -> FlaskForm:
    """REQ-4: the rule that the basis fails, and why."""
    rules = policy().review.basis_refusals.values()
    fields = {
        "version": HiddenField(),
        "rule": choice_field("The basis fails", [(r.id, f"{r.title} ({', '.join(r.authority)})") for r in rules]),
        "reason": TextAreaField("Reason", [Length(max=2000)], filters=[stripped]),
    }
    return type("RefuseForm", (FlaskForm,), fields)(prefix="refuse-", **values)


def return_form(**values: Any) -> FlaskForm:
    """REQ-7: why the images cannot be compared, in the words the investigator will read."""
    reasons = policy().review.unsuitable.reasons
    fields = {
        "version": HiddenField(),
        "reasons": SelectMultipleField(
            "Reasons",
            choices=[(r.value, f"{r.label}: {r.sentence}") for r in reasons],
            validate_choice=False,
            widget=ListWidget(prefix_label=False),
            option_widget=CheckboxInput(),
        ),
        "note": TextAreaField("Note to the investigator", [Length(max=2000)], filters=[stripped]),
    }
    return type("ReturnForm", (FlaskForm,), fields)(prefix="return-", **values)


def probe_form(faces: Iterable[tuple[str, str]], **values: Any) -> FlaskForm:
    """REQ-6, CAP-5: one face of one image, and its suitability. `faces`: (value, label) of every detected face."""
    fields = {
        "version": HiddenField(),
        "face": choice_field("Face to search", faces),
        "suitability": choice_field(
            "Suitability for comparison", [(c.value, c.label) for c in policy().review.suitability.choices]
        ),
        "note": TextAreaField(
            "Limits, or your reason to override a failed measure", [Length(max=2000)], filters=[stripped]
        ),
    }
    return type("ProbeForm", (FlaskForm,), fields)(**values)


class PreparationForm(FlaskForm):
    """REQ-6, LL55-1: the steps so far, the face they are for, and why; the numbers of the next step come beside it."""

    version = HiddenField()
    face = HiddenField()
    recipe = HiddenField()
    reason = TextAreaField("Reason for preparing this image", [Length(max=2000)], filters=[stripped])


def quick_form(**values: Any) -> FlaskForm:
    """SRC-2: exclude a candidate by one differing feature; the verdict is the button that sends the form."""
    features = policy().review.worksheet.features
    fields = {
        "version": HiddenField(),
        "feature": choice_field("Feature that differs", [(f.value, f.label) for f in features]),
        "verdict": HiddenField(),
        "note": StringField("Note", [Length(max=500)], filters=[stripped]),
    }
    return type("QuickForm", (FlaskForm,), fields)(prefix="quick-", **values)


def opinion_field() -> Any:
    """One level of the scale; none is chosen beforehand."""
    return choice_field("Your opinion", [(level.value, level.label) for level in policy().review.scale.levels])


def background_form(**values: Any) -> FlaskForm:
    """SRC-3: an answer to each inconsistency, then every item of the background check."""
    fields = {"version": HiddenField()}
    for rule in policy().review.inconsistencies.values():
        fields[rule.id] = TextAreaField(f"{rule.title}: your answer", [Length(max=2000)], filters=[stripped])
        if rule.grounds:
            label, source = f"{rule.title}: why it does not stand", f"{rule.title}: the source of that"
            fields[rule.id + GROUND] = choice_field(label, [(ground.value, ground.label) for ground in rule.grounds])
            fields[rule.id + SOURCE] = StringField(source, [Length(max=300)], filters=[stripped])
    fields |= fact_fields("", policy().review.background.facts)
    return type("BackgroundForm", (FlaskForm,), fields)(**values)


def nomination_form(candidates: Iterable[tuple[str, str]], **values: Any) -> FlaskForm:
    """SRC-4: one retained candidate for peer review. `candidates`: (value, label) of those retained."""
    fields = {
        "version": HiddenField(),
        "candidate": choice_field("Candidate", candidates),
        "opinion": opinion_field(),
        "reason": TextAreaField("Reason for the nomination", [Length(max=4000)], filters=[stripped]),
    }
    return type("NominationForm", (FlaskForm,), fields)(prefix="nominate-", **values)


class InformationForm(FlaskForm):
    """New information (SRC-6): what is known now, and was not when a peer did not support the person."""

    version = HiddenField()
    text = TextAreaField("What is known now, and was not", [Length(max=2000)], filters=[stripped])
    source = StringField("Its source", [Length(max=300)], filters=[stripped])
    obtained_on = StringField("Obtained on", widget=DateInput(), filters=[stripped])


class NoneForm(FlaskForm):
    """SRC-7: no candidate is identified. `retained` is asked where somebody was retained."""

    version = HiddenField()
    reason = TextAreaField("Reason", [InputRequired("Write the reason."), Length(max=4000)], filters=[stripped])
    retained = TextAreaField("Why no retained candidate is put forward", [Length(max=4000)], filters=[stripped])
