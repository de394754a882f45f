"""Forms that several areas share: a decision on what the page showed, with a reason, signed with the password."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, TextAreaField
from wtforms.validators import InputRequired

from app.access.actor import current_actor
from app.access.sessions import SignInRefused, confirm_password
from app.blueprints.fact_fields import stripped
from app.blueprints.limits import Length


class VersionForm(FlaskForm):
    """A decision on what the page showed, identified by its version."""

    version = HiddenField()


class ReasonForm(VersionForm):
    """A decision that needs its reason."""

    reason = TextAreaField("Reason", [InputRequired("Write the reason."), Length(max=2000)], filters=[stripped])


class SignedForm(VersionForm):
    """A decision signed with the password typed again."""

    #: what the password signs, for the sentence about a wrong one
    decided = "decided"
    password = PasswordField("Your password", [InputRequired("Enter your password again."), Length(max=500)])

    def unsigned(self) -> int | None:
        """Return None when the password is the signed-in person's, else the answer's status with the error in the form.

        Raises DirectoryUnavailable.
        """
        try:
            confirmed = confirm_password(current_actor(), self.password.data or "")
        except SignInRefused as locked:
            self.password.errors = [str(locked)]
            return 429
        if not confirmed:
            self.password.errors = [f"The password is wrong. Nothing was {self.decided}."]
            return 422
        return None
