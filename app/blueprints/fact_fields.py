"""Form fields for the questions of the policy files: the form asks exactly what the rule asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from wtforms import Field, Form, StringField, TextAreaField
from wtforms.widgets import DateInput, TextInput, TimeInput

from app.blueprints.choice_fields import RadioField, SelectField
from app.blueprints.limits import Length
from app.calendar import time_zone
from app.models.base import now
from app.policy.base import Fact
from app.policy.facts import Fault

#: of more choices one is taken from a list, of fewer by buttons
MANY = 12

YES_NO = [("yes", "Yes"), ("no", "No")]


class NumberInput(TextInput):
    """A text box that asks a telephone for digits; what was typed is kept as typed."""

    def __call__(self, field: Any, **kwargs: Any) -> Any:
        return super().__call__(field, inputmode="numeric", **kwargs)


def stripped(value: Any) -> Any:
    """Filter a WTForms value: strip the space around text and normalize its line ends."""
    return value.strip().replace("\r\n", "\n") if isinstance(value, str) else value


def choice_field(label: str, choices: Iterable[tuple[str, str]]) -> Any:
    """Return radio buttons that may all stay empty: the rule, not the form, says whether that is enough."""
    return RadioField(label, choices=list(choices), validate_choice=False)


def fact_field(fact: Fact) -> Any:
    """Return the unbound field for one question; its own only check is the length of the text."""
    match fact.kind:
        case "yesno":
            return choice_field(fact.label, YES_NO)
        case "choice" if len(fact.choices) > MANY:
            options = [("", "Choose"), *((choice.value, choice.label) for choice in fact.choices)]
            return SelectField(fact.label, choices=options, validate_choice=False)
        case "choice":
            return choice_field(fact.label, [(choice.value, choice.label) for choice in fact.choices])
        case "date":
            return StringField(fact.label, widget=DateInput(), filters=[stripped])
        case "time":
            return StringField(fact.label, widget=TimeInput(), filters=[stripped])
        case "number":
            return StringField(fact.label, [Length(max=9)], widget=NumberInput(), filters=[stripped])
        case "long":
            return TextAreaField(fact.label, [Length(max=fact.max_length)], filters=[stripped])
        case _:
            return StringField(fact.label, [Length(max=fact.max_length)], filters=[stripped])


def fact_fields(prefix: str, facts: Iterable[Fact]) -> dict[str, Any]:
    """Return unbound fields by name: the prefix and the fact's name."""
    return {prefix + fact.name: fact_field(fact) for fact in facts}


def answers(form: Form, prefix: str, facts: Iterable[Fact]) -> dict[str, str]:
    """Return the answers by the fact's name; unanswered questions are absent."""
    given = {fact.name: form[prefix + fact.name].data for fact in facts}
    return {name: value for name, value in given.items() if value}


def prefilled(prefix: str, stored: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return stored answers as the data of a form."""
    return {prefix + name: value for name, value in (stored or {}).items()}


#: what stands beside a field for a day in which something else was typed
NO_DAY = "Write a date as year-month-day, for example 2026-03-09."


def date_field(label: str) -> Any:
    """Return a field for a day, kept as typed; `day_of` reads it."""
    return StringField(label, widget=DateInput(), filters=[stripped])


def day_of(typed: str | None) -> date | None:
    """Return the day that was typed, or None when it is not one."""
    try:
        return date.fromisoformat(typed or "")
    except ValueError:
        return None


def moment_of(day: str | None, clock: str | None) -> datetime | None:
    """Return the time that was typed as day and hour, or None when it is not one."""
    try:
        return datetime.combine(date.fromisoformat(day or ""), time.fromisoformat(clock or ""), time_zone())
    except ValueError:
        return None


def _time_of(typed: str | None) -> time | None:
    try:
        return time.fromisoformat(typed or "")
    except ValueError:
        return None


def read_moment(day: Field, clock: Field) -> datetime | None:
    """Return the past time typed into two fields, or None with the faults put at each field."""
    given, at = day_of(day.data), _time_of(clock.data)
    if given is None:
        add_error(day, "Write the date as year-month-day, for example 2026-03-09." if day.data else "Enter the date.")
    if at is None:
        add_error(clock, "Write the time as hours and minutes, for example 22:40." if clock.data else "Enter the time.")
    if given is None or at is None:
        return None
    moment, present = datetime.combine(given, at, time_zone()), now().astimezone(time_zone())
    if given > present.date():
        add_error(day, "This date lies in the future.")
    elif moment > present:
        add_error(clock, "This time lies in the future.")
    else:
        return moment
    return None


def add_error(field: Field, message: str) -> None:
    """Add a fault to a field."""
    field.errors = [*field.errors, message]


def mark(form: Form, faults: Iterable[Fault], prefixes: Iterable[str]) -> None:
    """Add each fault to its field, under the first prefix with which the form has it."""
    for fault in faults:
        for prefix in (*prefixes, ""):
            if prefix + fault.field in form:
                add_error(form[prefix + fault.field], fault.message)
                break
