"""Faults of the rules of identification that only show when their tables are read together."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.policy.base import repeated
from app.policy.identification.quality import DECIMALS
from app.policy.identification.types import UnsuitableRule


def identification_faults(tables: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Every fault of the files of identification, one line each: file, rule id, what is wrong."""
    edits, quality = tables["identification/preparation.toml"], tables["identification/quality.toml"]
    yield from (f"identification/preparation.toml: {fault}" for fault in _edits(edits))
    unsuitable = tables["identification/probe.toml"]["unsuitable"]
    yield from (f"identification/quality.toml: {fault}" for fault in _quality(quality, unsuitable))


def _edits(read: Mapping[str, Any]) -> Iterator[str]:
    for edit in read["edit"]:
        for parameter in edit.parameters:
            if not parameter.choices and not parameter.minimum < parameter.maximum:
                yield f"{edit.id}: {parameter.name}: minimum and maximum are out of order"


def _quality(read: Mapping[str, Any], unsuitable: UnsuitableRule) -> Iterator[str]:
    reasons = {reason.value for reason in unsuitable.reasons}
    for measure in repeated(rule.measure for rule in read["quality"]):
        yield f"two quality rules are about the measure '{measure}'"
    known = {rule.id for rule in read["quality"]}
    for rule_id in sorted(known - set(DECIMALS)):
        yield f"{rule_id}: the program does not know with how many decimals to tell its measure"
    for rule_id in sorted(set(DECIMALS) - known):
        yield f"{rule_id}: the program tells its measure, but there is no such rule"
    for rule in read["quality"]:
        where = rule.id
        if rule.reason and rule.reason not in reasons:
            yield f"{where}: unknown reason '{rule.reason}'"
        if rule.warn is not None and rule.fail is not None:
            worse = rule.fail - rule.warn if rule.better == "less" else rule.warn - rule.fail
            if not worse > 0:
                yield f"{where}: the fail limit must be worse than the warn limit"
        for band, limit, sentence in (
            ("warn", rule.warn, rule.warn_text),
            ("fail", rule.fail, rule.fail_text),
            ("pass", 0, rule.pass_text),
        ):
            if (limit is None) != (not sentence):
                yield f"{where}: a {band} limit and its sentence go together"
            try:
                sentence.format(value="", limit="")
            except (KeyError, IndexError, ValueError):
                yield f"{where}: the {band} sentence may hold {{value}} and {{limit}} and nothing else in braces"
