"""Every day and time that a person types is held against something the portal knows: each field names what bounds it.

A new field fails here until somebody says by which check its day is possible.
"""

from __future__ import annotations

import ast
from pathlib import Path

from app.policy.base import Fact, Rule
from app.policy.types import Policy

BLUEPRINTS = Path(__file__).resolve().parents[2] / "app" / "blueprints"
PAST = "app.policy.facts: never in the future"
#: rule and fact -> what bounds the day, beside that it is never in the future
FACTS = {
    "evidence-ledger.obtained_on": "app.policy.evidence:check_item: not before the matter; compared with the lead",
    "evidence-ledger.obtained_time": "app.policy.evidence:check_item: not later than now",
    "evidence-ledger.stood_on": "app.policy.evidence:check_item: not before the item; compared with the lead",
    "evidence-ledger.stood_time": "app.policy.evidence:check_item: not later than now",
    "arrest.arrested_on": "app.policy.evidence:check_arrest: not before the matter, not later than now",
    "arrest.arrested_time": "app.policy.evidence:check_arrest: not later than now",
    "arrest.record_on": "app.policy.evidence:check_arrest: not before the arrest, before the lead",
    "arrest.record_time": "app.policy.evidence:check_arrest: not before the arrest, before the lead",
    "circumstances.date": PAST,
    "D1.authorized_on": PAST,
    "D4.approved_on": PAST,
    "court.returnable": PAST,
    "copy-answered.on": "sealing.copies: not before the copy was delivered, not in the future",
    "foil.received_on": PAST,
    "identity-confirmed.on": PAST,
    "receipt-recorded.on": "disclosures.conditions: not before the package was fetched",
}
#: file and field of a form -> what bounds it
FIELDS = {
    "retention/forms.py: ClosingForm.on": "day_in_order and closing_after_filing",
    "retention/forms.py: ReopeningForm.on": "day_in_order: not before the closing",
    "retention/forms.py: DispositionForm.on": "day_in_order; disposition_sourced where it lies below the suspicion",
    "retention/forms.py: EventForm.on": "day_in_order",
    "retention/forms.py: DaysForm.born_on": "people_files: before death, arrest and today",
    "retention/forms.py: DaysForm.died_on": "people_files: after birth, not in the future",
    "retention/forms.py: DaysForm.last_arrest_on": "people_files: between birth and death, not in the future",
    "retention/forms.py: DaysForm.arrests_checked_on": "people_files: not in the future",
    "retention/forms.py: CopyForm.on": "sealing.copies: not before the copy was delivered, not in the future",
    "retention/forms.py: SealingForm.dated": "sealing: not in the future",
    "accounts/forms.py: TrainingForm.completed_on": "accounts.training: not in the future",
    "disclosures/incident_forms.py: RecordForm.day": "incidents: not in the future, not before the disclosure began",
    "disclosures/incident_forms.py: RecordForm.time": "as its day",
    "disclosures/incident_forms.py: ReportForm.day": "incident_conditions: not in the future",
    "disclosures/incident_forms.py: ReportForm.time": "as its day",
    "review/forms.py: InformationForm.obtained_on": "renomination: from the verdict it answers on, not in the future",
    "review/peers/proficiency_form.py: ProficiencyForm.photograph_taken_on": "a test picture: no case hangs on it",
    "review/peers/proficiency_form.py: ProficiencyForm.probe_taken_on": "a test picture: no case hangs on it",
    "disclosures/forms.py: DecisionForm.release_by": "the decision: not passed, no later than approval.max_days",
    "disclosures/forms.py: DesignationForm.effective_on": "designations.make: before the end, which has not passed",
    "disclosures/forms.py: DesignationForm.expires_on": "designations.make: to come, no later than max_days",
    "disclosures/forms.py: RegisterFilter.since": "which disclosures are listed: it changes nothing",
    "disclosures/forms.py: RegisterFilter.until": "which disclosures are listed: it changes nothing",
    "oversight/forms.py: TrailForm.since": "which days are exported: it changes nothing",
    "oversight/forms.py: TrailForm.until": "which days are exported: it changes nothing",
}


def facts_of(rules: Policy) -> dict[str, Fact]:
    found = {}
    for rule in rules.rules.values():
        for fact in getattr(rule, "facts", ()) if isinstance(rule, Rule) else ():
            if fact.kind in ("date", "time"):
                found[f"{rule.id}.{fact.name}"] = fact
    return found


def fields() -> set[str]:
    found = set()
    for path in BLUEPRINTS.rglob("*.py"):
        for form in [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef)]:
            for line in form.body:
                said = ast.unparse(line) if isinstance(line, ast.Assign) else ""
                if any(made in said for made in ("DateField(", "DateInput(", "TimeInput(", "date_field(")):
                    found.add(f"{path.relative_to(BLUEPRINTS).as_posix()}: {form.name}.{ast.unparse(line.targets[0])}")
    return found


def test_every_day_that_a_rule_asks_for_names_its_bound(rules: Policy) -> None:
    assert set(facts_of(rules)) == set(FACTS)


def test_every_day_that_a_form_asks_for_names_its_bound() -> None:
    assert fields() == set(FIELDS)
