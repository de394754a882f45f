"""docs/quality.md, written from trials: bands against first ranks, where the share turns, every level tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from app.matching.quality.measures import VERSION
from app.policy import policy
from app.policy.identification.quality import BANDS, assess, worst
from app.policy.identification.types import QualityRule
from tools.quality_limits import Share, ordered, shares, turning_point
from tools.quality_trial import JPEG, NOISE, Trial

if TYPE_CHECKING:
    from tools.quality_trials import Set

#: measure -> the sweeps that spoil it and nothing else
SWEEPS: Mapping[str, tuple[str, ...]] = {
    "inter_eye": ("size",),
    "detail": ("blur",),
    "brightness": ("dark",),
    "bright_share": ("bright",),
    "levels": ("flat",),
    "side_ratio": ("side light",),
    "blocks": ("JPEG at 96 px", "JPEG at 48 px"),
    "yaw": ("yaw",),
    "pitch": ("pitch",),
    "roll": ("roll",),
    "margin_side": ("cut at the side",),
    "margin_above": ("cut above",),
    "margin_below": ("cut below",),
    "chroma": ("shades of grey",),
}
DRAWN = ("yaw", "pitch")
#: of a line of the document
WIDTH = 115
#: the share of first ranks below which a measure warns, and fails
WARN, FAIL = 0.95, 0.90


def of_measure(trials: Sequence[Trial], measure: str) -> list[Trial]:
    """The trials that spoil this measure alone, with the plain camera's as their good end."""
    plain = [trial for trial in trials if trial.sweep == "size" and trial.level == "128" and measure not in DRAWN]
    sweeps = SWEEPS.get(measure, ())
    return [trial for trial in trials if trial.sweep in sweeps and trial not in plain] + (plain if sweeps else [])


def band_of(trial: Trial, rules: Sequence[QualityRule]) -> str:
    """The worst band of the rules over the measures of one trial."""
    return worst(assess(rules, asdict(trial.quality))) if trial.quality else ""


def by_band(trials: Sequence[Trial], rules: Sequence[QualityRule]) -> dict[str, Share]:
    """The share of first ranks by the worst band of these rules."""
    found = shares(trials, lambda trial: band_of(trial, rules))
    return {band: found.get(band, Share(0, None)) for band in BANDS}


def turns(trials: Sequence[Trial], rule: QualityRule, wanted: float) -> str:
    """From which value on the share of first ranks is at least ``wanted``, in words."""
    levels: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for trial in of_measure(trials, rule.measure):
        if trial.quality is not None:
            seen = (getattr(trial.quality, rule.measure), trial.first)
            levels.setdefault((trial.sweep, trial.level), []).append(seen)
    values = [float(np.median([value for value, _ in group])) for group in levels.values()]
    first = [float(np.mean([share for _, share in group])) for group in levels.values()]
    counts = [len(group) for group in levels.values()]
    try:
        found = turning_point(values, first, counts, wanted, increasing=rule.better == "more")
    except ValueError:
        return "never"
    return "everywhere tried" if found is None else f"{found:.2f}"


def table(known: Set, trials: Sequence[Trial], algorithm: str, day: date) -> str:
    """The whole document."""
    return "\n".join(_lines(known, trials, algorithm, day)) + "\n"


def _lines(known: Set, trials: Sequence[Trial], algorithm: str, day: date) -> Iterator[str]:
    rules = list(policy().review.quality.values())
    real = [trial for trial in trials if trial.sweep not in DRAWN]
    yield "# Quality of a face: what was measured"
    yield ""
    yield "Written by `flask matching quality`; do not edit. The measures are aligned with, not conformant to,"
    yield "ISO/IEC 29794-5. The limits in `config/policy/identification/quality.toml` are taken from this page."
    yield ""
    yield f"- {day:%-d %B %Y}, measures of version {VERSION}, {len(trials)} trials"
    yield f"- photographs: {len(known.photographs)} labelled ones of {known.people} people, SHA-256 `{known.digest}`"
    yield f"- extractor: SHA-256 `{algorithm}`"
    yield f"- plain camera: every spoiled copy gets noise of {NOISE:g} grey levels and one JPEG of quality {JPEG},"
    yield "  unless the sweep is about JPEG itself"
    yield ""
    yield from wrap(
        "**First rank**: each photograph in turn is spoiled and searched. The gallery is clean: the photographs "
        "of the other people, drawn strangers, and one photograph of the right person, each of theirs in turn. "
        "The tables show the share of those searches in which the right person came first. No labelled photograph "
        "shows a turned head, so yaw and pitch were tried on drawn people at known angles.",
        WIDTH,
    )
    yield ""
    yield "The set is small and easy: it shows where first ranks are lost, not how well a search does in casework."
    yield "Where no face was found nothing was searched, and the trial counts in no share."
    yield ""
    yield "## Bands against first ranks"
    yield ""
    yield "| measure | pass | warning | fail | in order |"
    yield "|---|---|---|---|---|"
    for rule in rules:
        if rule.measure in SWEEPS:
            yield _band_row(rule.title, by_band(of_measure(trials, rule.measure), [rule]))
    yield _band_row("**All together, the worst band**", by_band(real, rules))
    yield ""
    yield "A row holds the trials that spoil this measure; the last row every photograph of every sweep."
    yield ""
    yield "## Where the share turns, and the limits"
    yield ""
    yield from wrap(
        f"The worst value from which on {WARN:.0%} and {FAIL:.0%} of searches had the right person first: isotonic "
        "regression over the levels below, each with the median of its measure and its share. The policy's limits are "
        "these values, rounded to the better side. They are strict because this gallery is small: where one search in "
        "ten loses the right person among some 130 people, a repository of thousands loses more.",
        WIDTH,
    )
    yield ""
    yield from wrap(
        "Exceptions. Five points hardly show a raised or lowered head (drawn heads at 40 degrees measure about "
        "9): that limit is the largest angle measured on a labelled photograph, and the examiner must look. A "
        "head turned to the side was tried on few drawn people, whose angles the estimate exaggerates by a third: "
        "it only warns. Below the face both values nearly coincide: only the worse is kept. The limit on color "
        "tells shades of grey, which cost no first rank; the one on faces says that the examiner must choose, and "
        "was not tried.",
        WIDTH,
    )
    yield ""
    yield f"| measure | unit | better | {WARN:.0%} from | {FAIL:.0%} from | warns beyond | fails beyond |"
    yield "|---|---|---|---|---|---|---|"
    for rule in rules:
        limits = " | ".join("none" if limit is None else f"{limit:g}" for limit in (rule.warn, rule.fail))
        seen = (turns(trials, rule, WARN), turns(trials, rule, FAIL)) if rule.measure in SWEEPS else ("not tried",) * 2
        yield f"| {rule.title} | {rule.unit} | {rule.better} | {' | '.join(seen)} | {limits} |"
    yield ""
    yield "## Every level"
    yield ""
    yield "| spoiled by | level | median of the measure | no face | first rank |"
    yield "|---|---|---|---|---|"
    yield from _levels(trials)


def _band_row(title: str, found: Mapping[str, Share]) -> str:
    cells = ["none" if share.first is None else f"{share.first:.3f} of {share.count}" for share in found.values()]
    return f"| {title} | {' | '.join(cells)} | {'yes' if ordered(found) else '**no**'} |"


def _levels(trials: Sequence[Trial]) -> Iterator[str]:
    measures = {sweep: measure for measure, sweeps in SWEEPS.items() for sweep in sweeps}
    measures["JPEG at 32 px"] = "blocks"
    for sweep, level in dict.fromkeys((trial.sweep, trial.level) for trial in trials):
        group = [trial for trial in trials if (trial.sweep, trial.level) == (sweep, level)]
        found = [trial for trial in group if trial.quality is not None]
        measure = measures.get(sweep)
        middle = f"{np.median([getattr(t.quality, measure) for t in found]):.2f}" if found and measure else ""
        share = f"{np.mean([trial.first for trial in found]):.3f}" if found else ""
        yield f"| {sweep} | {level} | {middle} | {len(group) - len(found)} of {len(group)} | {share} |"
