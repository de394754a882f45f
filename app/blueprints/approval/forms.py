"""Forms of the approval area."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, RadioField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

LONGEST_REASON = 4000


class DecisionForm(FlaskForm):
    """SRC-5: a decision with its reason, signed with the password typed again.

    `decision.choices` are set by the view to what the request's state offers.
    """

    decision = RadioField("Decision", [InputRequired("Choose a decision.")])
    reason = TextAreaField(
        "Reason or instructions",
        [
            DataRequired("Write the reason, or the instructions for a continuation."),
            Length(max=LONGEST_REASON, message=f"Write at most {LONGEST_REASON:,} characters."),
        ],
        [lambda text: text.strip() if text else text],
    )
    password = PasswordField("Your password", [InputRequired("Enter your password again."), Length(max=500)])
    version = HiddenField()


class RepeatAnswerForm(FlaskForm):
    """AUD-1: whether a probe is searched again that was searched before, with words."""

    answer = RadioField(
        "May it be searched again?", [InputRequired("Choose an answer.")],
        choices=[("agree", "Yes, I agree"), ("decline", "No")],
    )  # fmt: skip
    words = TextAreaField(
        "Why, or why not",
        [
            DataRequired("Write why, or why not."),
            Length(max=LONGEST_REASON, message=f"Write at most {LONGEST_REASON:,} characters."),
        ],
        [lambda text: text.strip() if text else text],
    )
    version = HiddenField()


class VersionForm(FlaskForm):
    """The token, and the version of the request the person saw."""

    version = HiddenField()
