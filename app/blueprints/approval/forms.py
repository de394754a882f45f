"""Forms of the approval area."""

from __future__ import annotations

from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired, InputRequired

from app.blueprints.choice_fields import RadioField, SelectField
from app.blueprints.fact_fields import stripped
from app.blueprints.limits import Length
from app.blueprints.shared_forms import SignedForm, VersionForm

LONGEST_REASON = 4000


def _reason(label: str, missing: str) -> TextAreaField:
    """Return the field of a reason that must be given; `missing` is said where it is not."""
    long = Length(max=LONGEST_REASON, message=f"Write at most {LONGEST_REASON:,} characters.")
    return TextAreaField(label, [DataRequired(missing), long], [stripped])


class DecisionForm(SignedForm):
    """SRC-5: a decision with its reason, signed with the password typed again.

    `decision.choices` are set by the view to what the request's state offers.
    """

    decision = RadioField("Decision", [InputRequired("Choose a decision.")])
    reason = _reason("Reason or instructions", "Write the reason, or the instructions for a continuation.")


class RepeatAnswerForm(VersionForm):
    """AUD-1: whether a probe is searched again that was searched before, with words."""

    answer = RadioField(
        "May it be searched again?",
        [InputRequired("Choose an answer.")],
        choices=[("agree", "Yes, I agree"), ("decline", "No")],
    )
    #: the uids of the earlier searches on the page
    shown = HiddenField()
    words = _reason("Why, or why not", "Write why, or why not.")


class StopForm(SignedForm):
    """SRC-4: end a peer review that cannot be completed, with a reason, signed."""

    reason = _reason("Why it ends", "Write why the peer review ends.")


class EndForm(SignedForm):
    """SRC-7: end a search whose candidates were not all compared, with a reason, signed."""

    reason = _reason("What made the examination needless", "Write what made the examination needless.")


class WithdrawalForm(VersionForm):
    """SRC-4: take an assignment back from a peer."""

    line = SelectField("Line", validate_choice=False)
    reason = TextAreaField("Reason", [DataRequired("Write the reason."), Length(max=LONGEST_REASON)], [stripped])
