"""The forms of the requests area. What must be stated comes from the policy files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, Form, HiddenField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired
from wtforms.widgets import DateInput, TimeInput

from app.blueprints.choice_fields import RadioField, SelectField
from app.blueprints.fact_fields import YES_NO, choice_field, fact_fields, stripped
from app.blueprints.limits import Length
from app.blueprints.requests.status import groups
from app.blueprints.shared_forms import VersionForm
from app.models import Account
from app.policy import policy
from app.policy.evidence import ARREST
from app.policy.facts import outcomes_after
from app.policy.forms import Source

FACT, ANSWER, PERSON, PLACE = "fact_", "answer_", "person_", "matter_"
SOURCE, OBTAINED = "source_", "obtained_"


class ListFilter(Form):
    """What of one's own list is shown."""

    state = SelectField("Status", validate_choice=False)
    case = StringField("Case or complaint number contains")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.state.choices = [("", "All"), *((key, words) for key, (words, _) in groups().items())]


class NewForm(FlaskForm):
    """The case number that begins a draft."""

    case_number = StringField("Case or complaint number", [Length(max=40)], filters=[stripped])


class ClearForm(VersionForm):
    """LIM-7: who is named for one request, and why. The domain checks both."""

    person = SelectField("Who", validate_choice=False)
    reason = TextAreaField("Why this person works on it", [Length(max=2000)], filters=[stripped])

    def __init__(self, people: Iterable[Account], **values: Any) -> None:
        super().__init__(**values)
        self.person.choices = [("", "Choose"), *((one.uid, f"{one.titled}, {one.command}") for one in people)]


class EndClearanceForm(VersionForm):
    """LIM-7: why somebody is no longer named."""

    why = TextAreaField("Why it is taken back", [Length(max=2000)], filters=[stripped])


class DocumentForm(VersionForm):
    """REQ-5: where the confirmation is documented."""

    reference = StringField(
        "Reference of the entry",
        [InputRequired("Enter the reference of the case management entry."), Length(max=80)],
        filters=[stripped],
    )
    note = TextAreaField("Note", [Length(max=2000)], filters=[stripped])


class UploadForm(VersionForm):
    """One image."""

    image = FileField("Photograph of the unknown person")


def discussed_form(asks_crime: bool, asks_change: bool = False, **values: Any) -> FlaskForm:
    """AUD-1: the discussion took place; the supervisor's own answer on each prohibited purpose (LIM-2 to LIM-7).

    asks_crime: the request names no crime, and which is suspected is for the supervisor to state (CAP-9).
    asks_change: an answer that would have refused the request was changed.
    """
    fields = {"version": HiddenField(), "shown": HiddenField(), **_purposes()}
    if asks_change:
        fields["changed"] = TextAreaField("What you find of the changed answer", [Length(max=2000)], filters=[stripped])
    if asks_crime:
        rule = policy().request.seriousness
        crimes = [("", "Choose the crime"), *((one.id, rule.named(one)) for one in rule.crimes)]
        fields["crime"] = SelectField("Crime suspected", choices=crimes, validate_choice=False)
        fields["because"] = TextAreaField("Why this crime is suspected", [Length(max=2000)], filters=[stripped])
    return type("DiscussedForm", (FlaskForm,), fields)(**values)


def _purposes() -> dict[str, Any]:
    return {ANSWER + rule.id: choice_field(rule.question, YES_NO) for rule in policy().request.prohibitions.values()}


def purposes_in(form: FlaskForm) -> dict[str, Any]:
    """Return what a form answers to each question on prohibited purposes."""
    return {rule: form[ANSWER + rule].data for rule in policy().request.prohibitions}


def draft_form(use_id: str | None, supervisors: list[tuple[str, str]], **values: Any) -> FlaskForm:
    """The form of a draft, asking the facts of this use and no others."""
    rules = policy().request
    uses = policy().uses
    facts = uses[use_id].facts if use_id is not None and use_id in uses else ()
    fields: dict[str, Any] = {
        "version": HiddenField(),
        "shown_use": HiddenField(),
        "case_number": StringField("Case or complaint number", [Length(max=40)], filters=[stripped]),
        "use_id": choice_field("Authorized use", [(use.id, use.title) for use in uses.values()]),
        **fact_fields(FACT, facts),
        **fact_fields("", rules.basis.facts),
        "priority": choice_field("Priority", [(rule.id, rule.title) for rule in rules.priorities.values()]),
        "priority_reason": TextAreaField("Reason for the priority", [Length(max=2000)], filters=[stripped]),
        **_purposes(),
        "changed_because": TextAreaField("Why the answer was changed", [Length(max=2000)], filters=[stripped]),
        "supervisor": SelectField(
            "Supervisor",
            [AnyOf(["", None, *(name for name, _ in supervisors)], "Choose one of the supervisors listed.")],
            choices=[("", "Choose the supervisor"), *supervisors],
            validate_choice=False,
        ),
        **fact_fields(PERSON, rules.description.facts),
        **fact_fields(PLACE, rules.circumstances.facts),
    }
    return type("DraftForm", (FlaskForm,), fields)(**values)


def image_form(source: Source | None, obtained: str | None, use_id: str | None, **values: Any) -> FlaskForm:
    """The provenance form of one image, asking the facts of this source and this lawful basis."""
    rules = policy().request
    sources = [s for s in rules.sources.values() if not s.uses or use_id is None or use_id in s.uses]
    from_source = source.facts if source is not None else ()
    lawful = rules.lawful_bases.get(obtained or "")
    from_basis = lawful.facts if lawful is not None else ()
    bases = rules.lawful_bases.values()
    fields: dict[str, Any] = {
        "version": HiddenField(),
        "shown_source": HiddenField(),
        "shown_obtained": HiddenField(),
        "source": choice_field("Where the image comes from", [(rule.id, rule.title) for rule in sources]),
        **fact_fields(SOURCE, from_source),
        "obtained": choice_field("How it was lawfully obtained", [(rule.id, rule.title) for rule in bases]),
        **fact_fields(OBTAINED, from_basis),
        "taken_on": StringField("Date it was taken", widget=DateInput(), filters=[stripped]),
        "taken_time": StringField("Time it was taken", widget=TimeInput(), filters=[stripped]),
        "attested": BooleanField(rules.attestation.text),
    }
    return type("ImageForm", (FlaskForm,), fields)(**values)


class EvidenceJudgmentForm(VersionForm):
    """The named supervisor's word on an item of evidence (USE-8)."""

    answer = RadioField(
        "Is it as it is recorded here?",
        [InputRequired("Choose an answer.")],
        choices=[("agree", "Yes: I looked at it, and it is so"), ("decline", "No, or I do not know")],
    )
    reason = TextAreaField(
        "How you know it, or why not", [InputRequired("Write the reason."), Length(max=2000)], filters=[stripped]
    )


def evidence_form(**values: Any) -> FlaskForm:
    """Build the form for one item of evidence other than the result (USE-8), asking what the ledger asks."""
    rules = policy().request
    fields: dict[str, Any] = {
        "version": HiddenField(),
        "kind": choice_field("Kind of evidence", [(rule.id, rule.title) for rule in rules.evidence_kinds.values()]),
        **fact_fields(FACT, rules.evidence.facts),
    }
    return type("EvidenceForm", (FlaskForm,), fields)(**values)


def arrest_form(**values: Any) -> FlaskForm:
    """Build the form for an arrest as it is reported (USE-8), asking the facts of the outcome “Arrest”."""
    facts = policy().request.outcomes[ARREST].facts
    fields: dict[str, Any] = {"version": HiddenField(), **fact_fields(FACT, facts)}
    return type("ArrestForm", (FlaskForm,), fields)(**values)


def outcome_form(outcome: str | None, result: str | None, **values: Any) -> FlaskForm:
    """USE-8: how the case ended, of what fits this result, asking the facts of this outcome."""
    outcomes = {rule.id: rule for rule in outcomes_after(policy(), result)}
    facts = outcomes[outcome].facts if outcome in outcomes else ()
    fields: dict[str, Any] = {
        "version": HiddenField(),
        "shown_outcome": HiddenField(),
        "outcome": choice_field("How the case ended", [(rule.id, rule.title) for rule in outcomes.values()]),
        **fact_fields(FACT, facts),
    }
    return type("OutcomeForm", (FlaskForm,), fields)(**values)
