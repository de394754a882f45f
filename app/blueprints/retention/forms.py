"""Forms of the retention area. What can be chosen comes from retention/rules.toml."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, PasswordField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.blueprints.choice_fields import RadioField, SelectField, SelectMultipleField
from app.blueprints.fact_fields import stripped
from app.blueprints.limits import Length
from app.blueprints.shared_forms import SignedForm, VersionForm
from app.domain.retention.schedule import OUTCOMES
from app.models.retention import ROLES
from app.models.sealing import Copy
from app.policy import policy

LONGEST = 2000
#: what a person may be in a case, in words
ROLE_LABELS = {"suspect": "Suspect", "victim": "Victim", "relative": "Relative", "witness": "Witness"}


def _choices(rules: Sequence, first: str) -> list[tuple[str, str]]:
    return [("", first), *((rule.id, rule.title) for rule in rules)]


def _note(label: str = "Note") -> TextAreaField:
    return TextAreaField(label, [Length(max=LONGEST)], [stripped])


def _reason(message: str = "Write the reason.") -> TextAreaField:
    return TextAreaField("Reason", [DataRequired(message), Length(max=LONGEST)], [stripped])


class ClosingForm(VersionForm):
    """RET-11: the case is closed, for one of the four reasons."""

    closure = SelectField("How the case ended", [InputRequired("Choose one of the four reasons.")])
    on = DateField("Closed on", [InputRequired("Enter the day.")])
    note = _note()

    def __init__(self, **values: object) -> None:
        super().__init__(prefix="close-", **values)
        self.closure.choices = _choices(list(policy().retention.closures.values()), "Choose the reason")


class ReopeningForm(VersionForm):
    """RET-11: the case is open again, by an appeal or otherwise."""

    on = DateField("Reopened on", [InputRequired("Enter the day.")])
    reason = _reason()

    def __init__(self, **values: object) -> None:
        super().__init__(prefix="reopen-", **values)


class DispositionForm(VersionForm):
    """RET-11: a final disposition, as the class it belongs to."""

    class_id = SelectField("Class of the final disposition", [InputRequired("Choose the class.")])
    on = DateField("On", [InputRequired("Enter the day.")])
    note = _note("Source: court or office, docket or file")

    def __init__(self, **values: object) -> None:
        super().__init__(prefix="disposition-", **values)
        self.class_id.choices = _choices(list(policy().retention.classes.values()), "Choose the class")


class EventForm(VersionForm):
    """RET-1: an event that ends a permanent period."""

    event = SelectField("What happened", [InputRequired("Choose what happened.")])
    on = DateField("On", [InputRequired("Enter the day.")])
    note = _note()

    def __init__(self, **values: object) -> None:
        super().__init__(prefix="event-", **values)
        self.event.choices = _choices(list(policy().retention.events.values()), "Choose the event")


class ClassForm(VersionForm):
    """RET-11: the classes confirmed by a person; another than the one proposed needs a reason."""

    classes = SelectMultipleField(
        "Class of the final disposition", widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    reason = TextAreaField("Reason, where it differs from the proposal", [Length(max=LONGEST)], [stripped])
    history_seen = HiddenField()

    def __init__(self, **values: object) -> None:
        super().__init__(prefix="class-", **values)
        self.classes.choices = [(rule.id, rule.title) for rule in policy().retention.classes.values()]


class WhatIfForm(FlaskForm):
    """A question, sent with GET: where the record would stand in another class."""

    what_if = SelectField("If the class were", validate_choice=False)

    def __init__(self, **values: object) -> None:
        super().__init__(meta={"csrf": False}, **values)
        self.what_if.choices = _choices(list(policy().retention.classes.values()), "Choose a class")


class DaysForm(VersionForm):
    """RET-9: what is known of a person; what is not known stays empty."""

    name = StringField("Name", [InputRequired("Enter the name."), Length(max=200)], [stripped])
    born_on = DateField("Date of birth", [Optional()])
    died_on = DateField("Date of death", [Optional()])
    last_arrest_on = DateField("Date of the last arrest", [Optional()])
    arrests_checked_on = DateField("Arrest records looked up on", [Optional()])
    person_number = StringField("Person number in the photo repository", [Length(max=40)], [stripped])


class RoleForm(VersionForm):
    """RET-9, RET-10: what the person is in a case."""

    role = SelectField("In this case", [InputRequired("Choose what the person is in the case.")])
    child_victim = BooleanField("The child of an offense under the Child Victims Act")
    juvenile = BooleanField("A juvenile at the time")

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self.role.choices = [("", "Choose"), *((role, ROLE_LABELS[role]) for role in ROLES)]


class PersonForm(RoleForm, DaysForm):
    """A person of the case, who gets a file."""

    def __init__(self, **values: object) -> None:
        super().__init__(prefix="person-", **values)


class FileForm(DaysForm):
    """Corrections to a file."""

    def __init__(self, **values: object) -> None:
        super().__init__(prefix="file-", **values)


class LinkForm(RoleForm):
    """Another case the person belongs to."""

    case_number = StringField("Case number", [InputRequired("Enter the case number."), Length(max=40)], [stripped])

    def __init__(self, **values: object) -> None:
        super().__init__(prefix="link-", **values)


class HoldForm(VersionForm):
    """A hold on what the page shows."""

    kind = SelectField("Kind of hold", [InputRequired("Choose the kind of hold.")])
    reason = _reason()

    def __init__(self, **values: object) -> None:
        super().__init__(prefix="hold-", **values)
        self.kind.choices = _choices(list(policy().retention.holds.values()), "Choose the kind")


class ReasonForm(VersionForm):
    """A decision with its reason."""

    reason = _reason()


class ScheduleForm(FlaskForm):
    """RET-12: which edition of the Schedule was looked at, and what was found. The domain checks each."""

    edition = StringField("Edition looked at", [Length(max=200)], filters=[stripped])
    outcome = RadioField("What the review found", choices=list(OUTCOMES.items()), validate_choice=False)
    note = TextAreaField("What was compared, and found", [Length(max=LONGEST)], filters=[stripped])


class ApprovalForm(SignedForm):
    """An approval, signed with the password typed again."""

    decided = "approved"

    def __init__(self, **values: object) -> None:
        super().__init__(prefix="approve-", **values)


class ProposalForm(FlaskForm):
    """A proposal for disposal; the records stand in the address and in hidden fields."""

    reason = _reason()


# Sealing orders --------------------------------------------------------------------------------------------

KIND_LABELS = {
    "sealed": "Sealed",
    "expunged": "Expunged",
    "voided": "Voided",
    "dismissed": "Dismissed and sealed",
}


class SealingForm(FlaskForm):
    """CAP-3: an order as it was received. What it states is checked by app/domain/sealing/order_statement.py."""

    kind = SelectField("What the order does", [InputRequired("Choose what the order does.")])
    order_number = StringField("Number of the order", [Length(max=80)], [stripped])
    authority = StringField("Court or authority", [Length(max=200)], [stripped])
    dated = DateField("Date of the order", [InputRequired("Enter the date of the order.")])
    records = TextAreaField("Record numbers", filters=[stripped])
    person_number = StringField("Person number", [Length(max=40)], [stripped])
    note = TextAreaField("Note", [Length(max=LONGEST)], [stripped])

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self.kind.choices = [("", "Choose"), *KIND_LABELS.items()]


class SealingConfirmation(SealingForm):
    """The order, previewed, and signed with the password typed again."""

    password = PasswordField("Your password", [InputRequired("Enter your password again."), Length(max=500)])


class CopyForm(VersionForm):
    """What became of a delivered copy; its bounds stand in sealing/rules.toml."""

    end = SelectField("What became of it", [InputRequired("Choose what became of the copy.")])
    on = DateField("On which day", [InputRequired("Enter the day.")])
    how = TextAreaField("How the holder said so", [Length(max=2000)], [stripped])

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self.end.choices = [("", "Choose"), *((rule.id, rule.title) for rule in policy().sealing.copy_ends.values())]

    @property
    def answers(self) -> dict[str, str]:
        """Return the answers as the rule asks for them."""
        return {"on": self.on.data.isoformat() if self.on.data else "", "how": self.how.data or ""}

    def sound(self, copy: Copy, faults_of: Callable[[Copy, str, Mapping[str, str]], Mapping[str, str]]) -> bool:
        """Check the form and, with `faults_of`, its answers about this copy; each fault stands at its field."""
        self.validate()
        for name, sentence in faults_of(copy, self.end.data or "", self.answers).items():
            if not self[name].errors:
                self[name].errors = [sentence]
        return not self.errors


class ToldForm(VersionForm):
    """How the recipient of a disclosure was told of a copy."""

    how = StringField(
        "How the recipient was told", [DataRequired("Say how the notice was sent."), Length(max=200)], [stripped]
    )


class NoticeForm(VersionForm):
    """A drafted notice: its words, and how it went out."""

    text = TextAreaField("Notice", [DataRequired("The notice has no words."), Length(max=5000)], [stripped])
    how = StringField("How it was sent", [Length(max=200)], [stripped])
