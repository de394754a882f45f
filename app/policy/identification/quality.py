"""The findings of the quality rules on the measures of one face, in plain sentences (REQ-7).

Pure: rules and numbers in, findings out. The measures come from app.matching.quality.measures, which knows no limit;
the limits
stand in config/policy/identification/quality.toml and rest on docs/quality.md.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from app.clauses import enforces
from app.policy.identification.types import QualityRule

Band = Literal["pass", "warn", "fail"]
#: from best to worst
BANDS: tuple[Band, ...] = ("pass", "warn", "fail")
#: rule -> the decimals with which its measure is told; how finely a number is printed is no rule
DECIMALS: Mapping[str, int] = {
    "quality-inter-eye": 0,
    "quality-detail": 0,
    "quality-brightness": 0,
    "quality-bright-share": 0,
    "quality-levels": 0,
    "quality-side-light": 1,
    "quality-blocks": 0,
    "quality-yaw": 0,
    "quality-pitch": 0,
    "quality-roll": 0,
    "quality-margin-side": 2,
    "quality-margin-above": 2,
    "quality-margin-below": 2,
    "quality-faces": 0,
    "quality-color": 0,
}


@dataclass(frozen=True, slots=True)
class QualityFinding:
    """One rule's finding on one measure. value: as measured. limit: the one that was crossed, None when none was.

    text: the sentence for people; reason: the value of the reason in [[unsuitable.reason]] it speaks for, or empty.
    """

    rule: str
    title: str
    measure: str
    band: Band
    value: float
    limit: float | None
    text: str
    reason: str


@enforces("REQ-7")
def assess(rules: Iterable[QualityRule], measures: Mapping[str, float]) -> list[QualityFinding]:
    """Return one finding for each rule whose measure was taken, in the rules' order."""
    return [_finding(rule, float(measures[rule.measure])) for rule in rules if rule.measure in measures]


def worst(findings: Iterable[QualityFinding]) -> Band:
    """Return the worst band among findings; "pass" when there is none."""
    return max((finding.band for finding in findings), key=BANDS.index, default="pass")


def _finding(rule: QualityRule, value: float) -> QualityFinding:
    limits: tuple[tuple[Band, float | None, str], ...] = (
        ("fail", rule.fail, rule.fail_text),
        ("warn", rule.warn, rule.warn_text),
    )
    for band, limit, sentence in limits:
        if limit is not None and _beyond(rule, value, limit):
            text = _one(sentence.format(value=_shown(rule, value), limit=_plain(limit, DECIMALS[rule.id])))
            return QualityFinding(rule.id, rule.title, rule.measure, band, value, limit, text, rule.reason)
    text = _one(rule.pass_text.format(value=_shown(rule, value)))
    return QualityFinding(rule.id, rule.title, rule.measure, "pass", value, None, text, "")


def _one(sentence: str) -> str:
    """Return a sentence in which one of a unit is told as one."""
    return re.sub(r"(?<![\d.,])1 (degree|pixel)s\b", r"1 \1", sentence)


def _beyond(rule: QualityRule, value: float, limit: float) -> bool:
    # what is not a number is no pass
    return not (value >= limit if rule.better == "more" else value <= limit)


def _shown(rule: QualityRule, value: float) -> str:
    """The number as people read it, rounded to the worse side: it never contradicts the limit beside it."""
    if not math.isfinite(value):
        return "an unknown number of"
    decimals = DECIMALS[rule.id]
    step = 10**decimals
    # a hair's breadth is rounding of the machine, not of the measure
    number = math.floor(value * step + 1e-9) if rule.better == "more" else math.ceil(value * step - 1e-9)
    return _plain(number / step, decimals)


def _plain(number: float, decimals: int) -> str:
    return f"{number:.{decimals}f}"
