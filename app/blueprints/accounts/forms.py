"""Forms of the account area."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, PasswordField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.blueprints.accounts.addresses import own_address
from app.blueprints.choice_fields import SelectMultipleField
from app.blueprints.limits import Length
from app.blueprints.shared_forms import VersionForm
from app.domain.oversight.misuse import LONGEST, SHORTEST
from app.policy import policy
from app.policy.forms import MailKind


def one_spelling(name: str | None) -> str:
    """Return a user name as the directory compares it (RFC 4518: folded, no spaces): one account has one lock."""
    folded = unicodedata.normalize("NFKC", name or "").casefold()
    return " ".join("".join(letter for letter in folded if letter.isprintable()).split())


class SignInForm(FlaskForm):
    """ACC-3: user name and password, before anything else."""

    username = StringField("User name", [InputRequired("Enter your user name."), Length(max=100)], [one_spelling])
    password = PasswordField("Password", [InputRequired("Enter your password."), Length(max=500)])
    next = HiddenField(filters=[own_address])


class TermsForm(FlaskForm):
    """ACC-11: acceptance is a deliberate act, not a click on the way."""

    accept = BooleanField(
        "I have read these terms and accept them.", [InputRequired("Tick the box to accept the terms, or sign out.")]
    )
    next = HiddenField(filters=[own_address])


class AcknowledgementForm(VersionForm):
    """TRN-2: the version that the page showed is acknowledged, and no other."""

    accept = BooleanField(
        "I have read what changed, and I act under the policy as it is now.",
        [InputRequired("Tick the box to acknowledge the policy.")],
    )
    next = HiddenField()


class MisuseForm(FlaskForm):
    """LIM-9: what happened, where, and whether the reporter wants to be named."""

    what = TextAreaField(
        "What happened",
        [
            InputRequired("Write what happened."),
            Length(SHORTEST, LONGEST, f"Write between {SHORTEST} and {LONGEST:,} characters."),
        ],
    )
    page = StringField("Page or request it concerns", [Optional(), Length(max=300)])
    unnamed = BooleanField("Do not name me in this report")


def mail_form(kinds: Iterable[MailKind], chosen: Mapping[str, bool], *, posted: bool = False) -> FlaskForm:
    """A box for each kind of mail that may be chosen; a kind that always comes has none."""
    fields = {kind.id: BooleanField(f"{kind.title}: by e-mail too") for kind in kinds if not kind.always}
    form = type("MailForm", (FlaskForm,), fields)
    return form() if posted else form(formdata=None, data=dict(chosen))


class TrainingForm(FlaskForm):
    """TRN-1: the topics covered and the day of completion."""

    topics = SelectMultipleField("Topics covered", widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    completed_on = DateField("Completed on", [InputRequired("Enter the day of completion.")])
    note = StringField("Course, instructor or certificate", [Length(max=500)])

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self.topics.choices = [(topic.value, topic.label) for topic in policy().training["fr"].topics]
