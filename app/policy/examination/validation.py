"""Faults of the rules of examination and peer review that only show when their tables are read together."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.policy.base import repeated
from app.policy.examination.against import CONTRADICTS
from app.policy.examination.types import Level, Review, Worksheet


def examination_faults(tables: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Every fault of the files of examination and of peers, one line each: file, rule id, what is wrong."""
    sheet, opinions = tables["examination/worksheet.toml"]["worksheet"], tables["examination/opinions.toml"]
    yield from (f"examination/worksheet.toml: {fault}" for fault in _worksheet(sheet))
    yield from (f"examination/background.toml: {fault}" for fault in _background(tables["examination/background.toml"]))
    levels = opinions["scale"].levels
    yield from (f"examination/opinions.toml: {fault}" for fault in _scale(levels))
    yield from (f"examination/opinions.toml: {fault}" for fault in _reached(opinions["nomination"], levels))
    yield from (f"peers/rules.toml: {fault}" for fault in _reached(tables["peers/rules.toml"]["peers"], levels))


def _worksheet(sheet: Worksheet) -> Iterator[str]:
    components = repeated(component.value for component in sheet.everything)
    yield from (f"worksheet: duplicate component '{value}'" for value in components)
    for component in sheet.everything:
        names = [component.value, *(part.value for part in component.parts)]
        yield from (f"{component.value}: duplicate part '{value}'" for value in repeated(names[1:]))
        # two underscores and a hyphen part the names of form fields
        yield from (f"{name}: not a name a form can use" for name in names if "__" in name or "-" in name)


def _background(read: Mapping[str, Any]) -> Iterator[str]:
    asked = {fact.name for fact in read["background"].facts}
    compared = [item.name for item in read["silence"].items]
    yield from (f"silence: duplicate item '{name}'" for name in repeated(compared))
    yield from (f"silence: the background check does not ask for '{name}'" for name in compared if name not in asked)
    kept = {rule.fact for rule in read["inconsistency"]}
    for fact in read["background"].facts:
        if any(choice.value == CONTRADICTS for choice in fact.choices) and fact.name not in kept:
            yield f"{fact.name}: what contradicts a candidate there is kept by no inconsistency, and could be unsaid"
    for rule in read["inconsistency"]:
        if rule.fact not in asked:
            yield f"{rule.id}: the background check does not ask for '{rule.fact}'"
        if rule.source_fact and rule.source_fact not in asked:
            yield f"{rule.id}: the background check does not ask for '{rule.source_fact}'"
        if rule.holds and not rule.grounds:
            yield f"{rule.id}: what holds a nomination has the grounds on which it may not stand"
        if (rule.kind == "finding") == bool(rule.says):
            yield f"{rule.id}: a sentence belongs to what the portal compares itself, and to that alone"
        try:
            rule.says.format(recorded="", stated="", off="")
        except (KeyError, IndexError, ValueError):
            yield f"{rule.id}: the sentence may hold {{recorded}}, {{stated}} and {{off}} in braces"


def _scale(levels: tuple[Level, ...]) -> Iterator[str]:
    yield from (f"scale: duplicate level '{value}'" for value in repeated(x.value for x in levels))
    numbers = [str(level.number) for level in levels if level.number is not None]
    yield from (f"scale: two levels have the number {number}" for number in repeated(numbers))


def _reached(rule: Review, levels: tuple[Level, ...]) -> Iterator[str]:
    if not any(rule.supported_by(level) for level in levels):
        yield f"{rule.id}: no level reaches {rule.min_level}"
