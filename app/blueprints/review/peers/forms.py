"""The forms of a peer's line-up; the domain checks whether an answer suffices."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TextAreaField

from app.blueprints.fact_fields import choice_field, stripped
from app.blueprints.limits import Length
from app.blueprints.review.examination.worksheets import worksheet_fields
from app.blueprints.shared_forms import VersionForm
from app.policy import policy


def place_form(**values: Any) -> FlaskForm:
    """SRC-2, SRC-4: one photograph of the line, all features, a level and a reason; nothing is chosen beforehand."""
    levels = [(level.value, level.label) for level in policy().review.scale.levels]
    fields = {
        "version": HiddenField(),
        **worksheet_fields(),
        "level": choice_field("Your opinion on this photograph", levels),
        "reason": TextAreaField("Reason", [Length(max=4000)], filters=[stripped]),
    }
    return type("PlaceForm", (FlaskForm,), fields)(**values)


def exclusion_form(**values: Any) -> FlaskForm:
    """SRC-4: exclude one photograph by a feature that differs; the level is the button that sends the form."""
    features = policy().review.worksheet.features
    fields = {
        "version": HiddenField(),
        "feature": choice_field("Feature that differs", [(feature.value, feature.label) for feature in features]),
        "note": StringField("What differs", [Length(max=500)], filters=[stripped]),
        "level": HiddenField(),
    }
    return type("ExclusionForm", (FlaskForm,), fields)(prefix="quick-", **values)


class VerdictForm(FlaskForm):
    """SRC-4: lock the verdict on the line as it was read."""

    version = HiddenField()


class DeclineForm(VersionForm):
    """SRC-4: decline an assignment."""

    reason = TextAreaField("Why you decline", [Length(max=2000)], filters=[stripped])
