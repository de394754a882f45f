"""What a page or the program calls a thing is no rule: changing it leaves the version, changing a rule does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.blueprints.review.examination import worksheet_keys
from app.blueprints.review.examination.worksheet_keys import FEATURES, VERDICTS, key_faults, letters
from app.blueprints.review.identification import preparation_controls
from app.blueprints.review.identification.preparation_controls import CONTROLS, Control, control_faults
from app.policy.loader import DEFAULT_DIRECTORY, load
from app.policy.texts import rule_files
from app.policy.types import Policy

#: fields of rule tables that belong to the program
SCREEN = ("key", "op", "ops", "step", "default", "decimals")


def test_no_rule_file_holds_a_key_a_step_or_the_name_of_an_operation() -> None:
    for path in rule_files(DEFAULT_DIRECTORY):
        fields = re.findall(r"(?:^|[{,] *)([a-z_]+) = ", path.read_text(encoding="utf-8"), re.MULTILINE)
        # a workflow's `step` is the part of the way that people read, not a size
        assert not set(fields) & set(SCREEN) - ({"step"} if path.name == "workflow.toml" else set()), path.name


def test_another_key_leaves_the_version_and_another_word_of_a_rule_does_not(
    broken, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load(copy).version
    monkeypatch.setattr(worksheet_keys, "FEATURES", {**FEATURES, "ears": "r"})
    rules = load(copy)
    assert rules.version == before
    assert ("r", "Ears") in set(letters(rules)) and list(key_faults(rules)) == []
    reworded = broken("examination/worksheet.toml", "with a written reason;", "with two reasons;")
    assert load(reworded).version != before


def test_every_feature_and_verdict_has_one_key_of_its_own(rules: Policy) -> None:
    assert list(key_faults(rules)) == []
    keys = [key for key, _ in letters(rules)]
    assert len(set(keys)) == len(keys) == 11 + 5


@pytest.mark.parametrize(
    ("table", "keys", "said"),
    [
        ("FEATURES", {k: v for k, v in FEATURES.items() if k != "ears"}, "the feature 'ears' has no key"),
        ("FEATURES", {**FEATURES, "horns": "x"}, "a key stands for 'horns', which is no feature"),
        ("FEATURES", {**FEATURES, "ears": "e"}, "the key E has two meanings"),
        ("FEATURES", {**FEATURES, "ears": "1"}, "the key 1 has two meanings"),
        ("VERDICTS", {**VERDICTS, "similar": "11"}, "'11' is not one key"),
        ("VERDICTS", {k: v for k, v in VERDICTS.items() if k != "similar"}, "the verdict 'similar' has no key"),
    ],
)
def test_a_key_too_few_too_many_or_twice_is_told(
    rules: Policy, monkeypatch: pytest.MonkeyPatch, table: str, keys: dict[str, str], said: str
) -> None:
    monkeypatch.setattr(worksheet_keys, table, keys)
    assert any(said in fault for fault in key_faults(rules))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"edit-gamma": {}}, "edit-gamma: the page has boxes for [], the rule bounds ['value']"),
        ({"edit-gamma": {"value": Control(9)}}, "edit-gamma: the box of value begins at 9, which is out of bounds"),
        ({"edit-rotate": {"degrees": Control(0), "about": Control(0)}}, "edit-rotate: the page has boxes for"),
        ({"edit-deblur": {}}, "edit-deblur: no rule permits the edit of these boxes"),
    ],
)
def test_boxes_that_do_not_fit_the_rules_are_told(
    rules: Policy, monkeypatch: pytest.MonkeyPatch, change: dict[str, dict[str, Control]], said: str
) -> None:
    assert list(control_faults(rules)) == []
    monkeypatch.setattr(preparation_controls, "CONTROLS", {**CONTROLS, **change})
    assert any(said in fault for fault in control_faults(rules))
