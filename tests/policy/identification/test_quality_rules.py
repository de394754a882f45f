"""The quality rules: limits, sentences, and that a rule file with a senseless limit is refused (REQ-7)."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.policy.examples import load_worked
from app.policy.identification.quality import BANDS, DECIMALS, assess, worst
from app.policy.loader import DEFAULT_DIRECTORY, PolicyError, load
from app.policy.types import Policy

pytestmark = pytest.mark.clause("REQ-7")
RULES = load(DEFAULT_DIRECTORY)
CASES = [example for example in load_worked(DEFAULT_DIRECTORY).example if example.check == "quality"]


def one(rules: Policy, rule_id: str, value: float):
    rule = rules.review.quality[rule_id]
    return assess([rule], {rule.measure: value})[0]


def test_a_limit_itself_still_passes(rules: Policy):
    for rule in rules.review.quality.values():
        if rule.warn is not None:
            assert one(rules, rule.id, rule.warn).band == "pass"
        if rule.fail is not None:
            assert one(rules, rule.id, rule.fail).band == ("pass" if rule.warn is None else "warn")


def test_a_hair_beyond_a_limit_is_beyond_and_the_sentence_agrees(rules: Policy):
    """No sentence says that 14 are fewer than 14: the number is rounded to the worse side."""
    for rule in rules.review.quality.values():
        for band, limit in (("warn", rule.warn), ("fail", rule.fail)):
            if limit is None:
                continue
            found = one(rules, rule.id, math.nextafter(limit, -math.inf if rule.better == "more" else math.inf))
            assert (found.band, found.limit) == (band, limit)
            nearly = one(rules, rule.id, limit - 0.001 if rule.better == "more" else limit + 0.001)
            numbers = [
                float(word)
                for word in nearly.text.replace(";", " ").replace(",", " ").rstrip(".").split()
                if word.replace(".", "").isdigit()
            ]
            if "{value}" in (rule.fail_text if band == "fail" else rule.warn_text) and limit in numbers:
                others = [number for number in numbers if number != limit]
                assert any(n < limit if rule.better == "more" else n > limit for n in others), nearly.text


@given(st.floats(-1000, 1000), st.floats(-1000, 1000))
def test_a_worse_value_never_gets_a_better_band(one_value, other):
    for rule in RULES.review.quality.values():
        worse, better = sorted((one_value, other), reverse=rule.better == "less")
        bands = [assess([rule], {rule.measure: value})[0].band for value in (worse, better)]
        assert BANDS.index(bands[0]) >= BANDS.index(bands[1])


@pytest.mark.parametrize("value", [math.nan, -math.inf, math.inf])
def test_what_is_no_number_reads_as_such(rules: Policy, value: float):
    assert "unknown" in one(rules, "quality-inter-eye", value).text
    assert one(rules, "quality-inter-eye", math.nan).band == "fail"


def test_measures_without_a_rule_and_rules_without_a_measure_say_nothing(rules: Policy):
    assert assess(rules.review.quality.values(), {"mood": 3}) == []
    assert worst([]) == "pass"


def test_each_limit_has_a_worked_case_on_either_side(rules: Policy):
    """At the limit and just beyond it: whoever moves a limit must change a worked case, and think."""
    for rule in rules.review.quality.values():
        values = [example.facts[rule.measure] for example in CASES if rule.measure in example.facts]
        for limit in (rule.warn, rule.fail):
            if limit is None:
                continue
            assert limit in values, f"{rule.id}: no worked case stands at {limit}"
            step = 10 ** -DECIMALS[rule.id]
            beyond = limit - step if rule.better == "more" else limit + step
            assert any(math.isclose(value, beyond) for value in values), f"{rule.id}: no worked case at {beyond}"


def test_a_moved_limit_is_noticed_by_a_worked_case(rules: Policy):
    from app.policy.examples import disagreement

    for rule in rules.review.quality.values():
        for name in ("warn", "fail"):
            limit = getattr(rule, name)
            if limit is None:
                continue
            step = 10 ** -DECIMALS[rule.id]
            for moved in (limit + step, limit - step):
                changed = msgspec.structs.replace(rule, **{name: moved})
                review = {**rules.review.quality, rule.id: changed}
                other = _with_quality(rules, review)
                assert any(disagreement(other, example, {}) for example in CASES), f"{rule.id}: {name} = {moved}"


def _with_quality(rules: Policy, quality) -> Policy:
    from dataclasses import replace

    return replace(rules, review=replace(rules.review, quality=quality))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('reason = "too_small"', 'reason = "too_loud"', "quality-inter-eye: unknown reason 'too_loud'"),
        ('measure = "detail"', 'measure = "inter_eye"', "two quality rules are about the measure 'inter_eye'"),
        ('better = "more"', 'better = "less"', "the fail limit must be worse than the warn limit"),
        ("{value} pixels between the eyes.", "{pixels} between the eyes.", "may hold {value} and {limit}"),
        ("count = 20", "count = 0", "quality-override"),
        ('id = "quality-blocks"', 'id = "quality-squares"', "quality-squares: the program does not know"),
        ('id = "quality-blocks"', 'id = "quality-squares"', "quality-blocks: the program tells its measure"),
    ],
)
def test_a_senseless_quality_rule_stops_the_start(broken, old: str, new: str, said: str):
    with pytest.raises(PolicyError) as caught:
        load(broken("identification/quality.toml", old, new))
    assert said in str(caught.value)


def test_a_limit_without_its_sentence_stops_the_start(broken, rules: Policy):
    sentence = rules.review.quality["quality-inter-eye"].warn_text
    with pytest.raises(PolicyError, match="a warn limit and its sentence go together"):
        load(broken("identification/quality.toml", f'warn_text = "{sentence}"', 'warn_text = ""'))
