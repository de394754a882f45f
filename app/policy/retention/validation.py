"""Faults of retention/rules.toml that only show when its tables are read together."""

from collections.abc import Iterator
from typing import Any

from app.policy.retention.types import FileRule, RetentionClass

PRINCIPLES = (
    "longest_period",
    "closed_cases_only",
    "class_confirmed",
    "unknown_is_kept",
    "least_after_filing",
    "look_up_recent",
    "hold_wins",
    "one_matter",
    "file_with_records",
)
# keep -> the machine fields such a class needs; every other one must be absent
NEEDS: dict[str, frozenset[str]] = {
    "permanent": frozenset(),
    "permanent_until": frozenset({"ends_with"}),
    "years_after_closure": frozenset({"years"}),
    "until_age": frozenset({"age", "person", "under"}),
    "years_after_age": frozenset({"age", "person", "under", "years"}),
}


def retention_faults(read: dict[str, Any]) -> Iterator[str]:
    """Every fault of the tables of retention/rules.toml, one line each, without the file's name."""
    classes = {known.id: known for known in read["class"]}
    events = {event.id for event in read["event"]}
    for known in classes.values():
        yield from (f"{known.id}: {fault}" for fault in _class_faults(known, classes, events))
    for event in sorted(events - {known.ends_with for known in classes.values()}):
        yield f"{event}: no class ends with this event"
    for rule in read["file"]:
        yield from (f"{rule.id}: {fault}" for fault in _file_faults(rule))
    roles = sorted(rule.role for rule in read["file"])
    if roles != ["associated", "criminal_or_suspect"]:
        yield "file: each role needs exactly one rule"
    found = {principle.id for principle in read["principle"]}
    yield from (f"principle {name}: the rule is missing" for name in PRINCIPLES if name not in found)
    yield from (f"{name}: no code applies this principle" for name in sorted(found - {*PRINCIPLES}))
    named = [offense.class_id for offense in read["suspicion"].offenses]
    yield from (f"suspected_class: unknown class '{name}'" for name in named if name not in classes)
    if not read["closure"]:
        yield "closure: no case could ever be closed"


def _class_faults(known: RetentionClass, classes: dict[str, RetentionClass], events: set[str]) -> Iterator[str]:
    given = {name for name in ("years", "age", "person", "under", "ends_with") if getattr(known, name)}
    for name in sorted(NEEDS[known.keep] - given):
        yield f"a class kept '{known.keep}' needs {name}"
    for name in sorted(given - NEEDS[known.keep]):
        yield f"a class kept '{known.keep}' has no {name}"
    if known.ends_with and known.ends_with not in events:
        yield f"unknown event '{known.ends_with}'"
    for other in known.except_classes:
        if other not in classes:
            yield f"unknown class '{other}' is excepted"
        elif classes[other].keep != "permanent":
            yield f"only classes kept permanently can be excepted, '{other}' is not"


def _file_faults(rule: FileRule) -> Iterator[str]:
    counts = (rule.after_death, rule.after_birth, rule.arrest_free, rule.look_up_days)
    if rule.with_case and any(counts):
        yield "a file kept with its case records has no period of its own"
    if not rule.with_case and not all(counts):
        yield "a file with its own period needs after_death, after_birth, arrest_free and look_up_days"
