"""The forms of the disclosures area. What must be stated comes from disclosures/rules.toml."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import Form, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from app.blueprints.choice_fields import RadioField, SelectField, SelectMultipleField
from app.blueprints.fact_fields import YES_NO, choice_field, date_field, fact_fields, stripped
from app.blueprints.limits import Length
from app.blueprints.shared_forms import SignedForm, VersionForm
from app.domain.disclosures.contradictions import Contradiction
from app.models.disclosures import ITEM_KINDS
from app.policy import policy
from app.policy.disclosures.rules import agreement_needed
from app.policy.disclosures.types import Basis, Purpose, Recipient

TO, KIND, FACT, IDENTITY, AGREEMENT = "to_", "kind_", "fact_", "identity_", "agreement_"
ANSWER = "answer_"
ITEM_WORDS = {"original": "Images as submitted", "report": "Delivered reports"}


def check_boxes(label: str, choices: Iterable[tuple[str, str]]) -> Any:
    """Return a list of check boxes that may all stay empty: the rule says whether that is enough."""
    return SelectMultipleField(
        label,
        choices=list(choices),
        validate_choice=False,
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )


class NewForm(FlaskForm):
    """The case number that begins a draft."""

    case_number = StringField("Case or complaint number", [Length(max=40)], filters=[stripped])


class UploadForm(VersionForm):
    """One supporting document."""

    kind = SelectField("What it is", validate_choice=False)
    document = FileField("File")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = policy().disclosure.document_kinds.values()
        self.kind.choices = [("", "Choose the kind of document"), *((kind.id, kind.title) for kind in kinds)]


def recipient_of(value: str | None) -> Recipient | None:
    return policy().disclosure.recipients.get(value or "")


def basis_of(value: str | None, recipient: Recipient | None) -> Basis | None:
    """Return the basis, if it is one that serves this recipient."""
    basis = policy().disclosure.bases.get(value or "")
    return basis if basis is not None and recipient is not None and basis.id in recipient.bases else None


def purposes_of(recipient: Recipient | None, basis: Basis | None) -> list[Purpose]:
    """Return the purposes that this recipient may have on this basis, in the order of the file."""
    if recipient is None or basis is None:
        return []
    fitting = set(recipient.purposes) & (set(basis.purposes) or set(recipient.purposes))
    return [purpose for purpose in policy().disclosure.purposes.values() if purpose.id in fitting]


def draft_form(
    recipient_id: str | None,
    basis_id: str | None,
    things: list[tuple[str, str]],
    designations: list[tuple[str, str]],
    changed: bool = False,
    **values: Any,
) -> FlaskForm:
    """Build the form of a draft, which asks what this recipient and this basis need, and nothing else.

    changed: an answer that ends a disclosure was given before, so that the form asks why it was changed.
    """
    rules = policy().disclosure
    recipient = recipient_of(recipient_id)
    basis = basis_of(basis_id, recipient)
    bases = [rules.bases[name] for name in recipient.bases] if recipient else []
    fields: dict[str, Any] = {
        "version": HiddenField(),
        "shown_recipient": HiddenField(),
        "shown_basis": HiddenField(),
        "recipient_kind": choice_field("Who asks?", [(rule.id, rule.title) for rule in rules.recipients.values()]),
        **fact_fields(TO, rules.addressee.facts),
        **fact_fields(KIND, recipient.facts if recipient else ()),
        "basis": choice_field("Basis", [(rule.id, f"{rule.id}: {rule.title}") for rule in bases]),
        **fact_fields(FACT, basis.facts if basis else ()),
        "designation": SelectField(
            "Routine designation", choices=[("", "Choose the designation"), *designations], validate_choice=False
        ),
        "purpose": choice_field("Purpose", [(rule.id, rule.title) for rule in purposes_of(recipient, basis)]),
        **fact_fields("", rules.minimum.facts),
        **fact_fields(AGREEMENT, rules.agreement.facts if agreement_needed(policy(), recipient_id, basis_id) else ()),
        "immigration": choice_field(rules.immigration.question, YES_NO),
        **fact_fields("", rules.changed_answer.facts if changed else ()),
        **fact_fields(IDENTITY, rules.identity.facts),
        "items": check_boxes("What of the case is asked for", things),
    }
    return type("DisclosureForm", (FlaskForm,), fields)(**values)


class DecisionForm(SignedForm):
    """A decision: `decision.choices` and `included.choices` are set by the view to what the disclosure offers."""

    decision = RadioField("Decision", [InputRequired("Choose a decision.")], validate_choice=False)
    included = check_boxes("Items that may leave", ())
    text = TextAreaField("Decision in writing", [Length(max=4000)], filters=[stripped])
    reason = TextAreaField("Reason", [Length(max=4000)], filters=[stripped])
    conditions = TextAreaField("Conditions, if any", [Length(max=4000)], filters=[stripped])
    release_by = date_field("Release by")


def decision_form(against: list[Contradiction], **values: Any) -> DecisionForm:
    """Build the form of a decision: an answer is asked to each contradiction of the request."""
    fields = {
        f"{ANSWER}{one.key}": TextAreaField(f"Your answer to: {one.said}", [Length(max=2000)], filters=[stripped])
        for one in against
    }
    form: DecisionForm = type("AnsweringForm", (DecisionForm,), fields)(**values)
    return form


def answers_in(form: DecisionForm) -> dict[str, str]:
    """Return the answers to contradictions: key -> what was written."""
    return {field.name.removeprefix(ANSWER): field.data or "" for field in form if field.name.startswith(ANSWER)}


def receipt_form(**values: Any) -> FlaskForm:
    """ACC-12: who received the package, how and when."""
    fields = {"version": HiddenField(), **fact_fields("", policy().disclosure.receipt.facts)}
    return type("ReceiptForm", (FlaskForm,), fields)(**values)


class RegisterFilter(Form):
    """The filter of the register."""

    person = StringField("Person it is about", [Length(max=200)])
    case = StringField("Case or complaint number", [Length(max=40)])
    recipient = SelectField("Recipient", validate_choice=False)
    basis = SelectField("Basis", validate_choice=False)
    state = SelectField("Status", validate_choice=False)
    since = date_field("Submitted from")
    until = date_field("Submitted until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rules, states = policy().disclosure, policy().workflow("disclosure").states
        self.recipient.choices = [("", "Any"), *((rule.id, rule.title) for rule in rules.recipients.values())]
        self.basis.choices = [("", "Any"), *((rule.id, f"{rule.id}: {rule.title}") for rule in rules.bases.values())]
        self.state.choices = [("", "Any"), *((state.id, state.title) for state in states if state.id != "draft")]


class DesignationForm(FlaskForm):
    """EXT-7 (5): a kind of disclosure designated as routine."""

    title = StringField("Title", [InputRequired("Write a title."), Length(max=200)], filters=[stripped])
    scope = TextAreaField("Scope", [InputRequired("Describe the scope."), Length(max=4000)], filters=[stripped])
    recipient_kinds = check_boxes("Recipients", ())
    purposes = check_boxes("Purposes", ())
    item_kinds = check_boxes("Kinds of items", [(kind, ITEM_WORDS[kind]) for kind in ITEM_KINDS])
    effective_on = date_field("In force from")
    expires_on = date_field("Last day in force")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rules = policy().disclosure
        self.recipient_kinds.choices = [(rule.id, rule.title) for rule in rules.recipients.values()]
        self.purposes.choices = [(rule.id, rule.title) for rule in rules.purposes.values()]
