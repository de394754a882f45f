"""Forms of the matters area."""

from __future__ import annotations

from wtforms import StringField
from wtforms.validators import InputRequired

from app.blueprints.fact_fields import stripped
from app.blueprints.limits import Length
from app.blueprints.shared_forms import ReasonForm


class LinkForm(ReasonForm):
    """Another number of the same matter."""

    other = StringField("Other number", [InputRequired("Enter the other number."), Length(max=40)], filters=[stripped])


class DecisionForm(ReasonForm):
    """What becomes of one proposal or link; each stands on the page under its own prefix."""
