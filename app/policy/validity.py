"""The dated validity of rules: which of them apply on a day, and on which days others begin to.

A rule may stand in its file in several forms under one id, each with its days: ``effective`` is the first on which the
form applies, ``until`` the last.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec

from app.policy import base, types
from app.policy.validation import Tables, rules_in

#: what names a rule whatever its form: whether it is a role, and its id
Key = tuple[bool, str]


def applying(tables: Tables, day: date) -> Tables:
    """The tables with those forms of each rule that apply on the day.

    A rule that has not begun is left out only where an earlier form of it applies: one that lies wholly in the future
    stays, and is a fault.
    """
    begun = {_key(rule) for _, rule in rules_in(tables) if rule.effective <= day}
    return {
        name: {table: _kept(content, day, begun) for table, content in read.items()} for name, read in tables.items()
    }


def _kept(content: Any, day: date, begun: set[Key]) -> Any:
    if not isinstance(content, tuple):
        return content  # a table that must be there: the days of it are checked
    return tuple(_workflow(item, day, begun) for item in content if _applies(item, day, begun))


def _applies(item: Any, day: date, begun: set[Key]) -> bool:
    if not isinstance(item, base.Rule):
        return True
    if item.effective > day:
        return _key(item) not in begun
    return item.until is None or day <= item.until


def _workflow(item: Any, day: date, begun: set[Key]) -> Any:
    if not isinstance(item, types.Workflow):
        return item
    steps = tuple(step for step in item.transitions if _applies(step, day, begun))
    return item if len(steps) == len(item.transitions) else msgspec.structs.replace(item, transitions=steps)


def changes(tables: Tables) -> list[date]:
    """The days from which other rules apply than on the day before, because a rule ends or takes another form."""
    days = {rule.until + timedelta(days=1) for _, rule in rules_in(tables) if rule.until is not None}
    for forms in _forms(tables).values():
        days |= {rule.effective for rule in forms[1:]}
    return sorted(days)


def validity_faults(tables: Tables) -> Iterator[str]:
    """Every fault of the days of rules, whichever day it is."""
    for name, read in tables.items():
        for table, content in read.items():
            if isinstance(content, base.Rule) and content.until is not None:
                yield f"{name}: {content.id}: [{table}] must always be there, so it cannot end; state no until"
    for name, rule in rules_in(tables):
        if rule.until is not None and rule.until < rule.effective:
            yield f"{name}: {rule.id}: until {rule.until} lies before effective {rule.effective}"


def _forms(tables: Tables) -> dict[Key, list[base.Rule]]:
    """The forms of each rule, the earliest first."""
    forms: dict[Key, list[base.Rule]] = {}
    for _, rule in rules_in(tables):
        forms.setdefault(_key(rule), []).append(rule)
    return {key: sorted(found, key=lambda rule: rule.effective) for key, found in forms.items()}


def _key(rule: base.Rule) -> Key:
    # roles share no name space with the rules
    return isinstance(rule, types.Role), rule.id
