"""Every rule on preparing a probe has its worked cases; nothing forbidden can be written down or found in the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.identification import recipes
from app.domain.identification.recipes import mismatches, read_operations, worked_faults
from app.imaging.operations import REFUSED
from app.imaging.recipe import KINDS, Contrast
from app.policy.absence import forbidden_names
from app.policy.examples import disagreement, load_worked
from app.policy.loader import DEFAULT_DIRECTORY, PolicyError, load
from app.policy.types import Policy

ABOVE = {"edit": worked_faults}
EXAMPLES = [example for example in load_worked(DEFAULT_DIRECTORY).example if example.check == "edit"]
APP = Path(__file__).resolve().parents[3] / "app"


@pytest.mark.clause("SRC-2", "LL55-1")
def test_every_edit_and_every_forbidden_edit_has_a_worked_case(rules: Policy) -> None:
    refusing = {rule for example in EXAMPLES for rule in example.refused_by}
    assert set(rules.review.edits) <= refusing
    assert set(rules.review.forbidden_edits) <= refusing
    assert rules.review.preparation.id in refusing
    shown = {step["op"] for example in EXAMPLES if not example.refused_by for step in example.facts["operations"]}
    assert shown == set(KINDS)


@pytest.mark.clause("SRC-2", "LL55-1")
def test_every_name_of_a_forbidden_edit_is_refused_by_its_rule(rules: Policy) -> None:
    for rule in rules.review.forbidden_edits.values():
        for op in REFUSED[rule.id]:
            faults = read_operations(rules, [{"op": "greyscale"}, {"op": op, "strength": 1}])[1]
            assert [(f.field, f.rule_id, f.message) for f in faults] == [("operation 2", rule.id, rule.refusal)]


@pytest.mark.parametrize(
    ("old", "new", "noticed_by"),
    [
        ("minimum = -100, maximum = 100 }", "minimum = -100, maximum = 200 }", "edit-too-bright"),
        ("max_operations = 20", "max_operations = 30", "edit-too-many-steps"),
        ('times = 1\ntext = "Edges', 'times = 2\ntext = "Edges', "edit-sharpened-twice"),
        ("max_pixels = 8_000_000", "max_pixels = 90_000_000", "edit-result-too-large"),
        ("max_pixels = 4_000_000\n", "", "edit-denoise-of-a-large-picture"),
    ],
)
def test_a_loosened_rule_is_noticed(broken, old: str, new: str, noticed_by: str) -> None:
    loosened = load(broken("identification/preparation.toml", old, new))
    assert noticed_by in {example.id for example in EXAMPLES if disagreement(loosened, example, ABOVE)}


def test_a_name_no_longer_refused_is_noticed(rules: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipes, "REFUSED", {**REFUSED, "never-open-eyes": ("replace_eyes",)})
    assert "never-opened-eyes" in {example.id for example in EXAMPLES if disagreement(rules, example, ABOVE)}


def test_bounds_that_contradict_each_other_stop_the_start(broken) -> None:
    with pytest.raises(PolicyError, match="edit-gamma: value: minimum and maximum are out of order"):
        load(broken("identification/preparation.toml", "minimum = 0.4,", "minimum = 3,"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "edit-gamma"', 'id = "edit-deblur"', "edit-deblur: the program has no operation for this rule"),
        ('id = "edit-gamma"', 'id = "edit-deblur"', "edit-gamma: no such rule permits the program's operation"),
        ('id = "never-paste"', 'id = "never-glue"', "never-glue: the program knows no name that it refuses"),
        ('id = "never-paste"', 'id = "never-glue"', "never-paste: no such rule forbids what the program refuses"),
        ('name = "strength"', 'name = "power"', "edit-denoise: parameters"),
        ('title = "Gamma"', 'title = "Curve"', None),
    ],
)
def test_rules_and_program_name_the_same_operations(broken, old: str, new: str, said: str | None) -> None:
    found = mismatches(load(broken("identification/preparation.toml", old, new)))
    assert found == [] if said is None else any(said in fault for fault in found)


@pytest.mark.parametrize(
    ("table", "change", "said"),
    [
        ("PERMITTED", {"edit-gamma": Contrast}, "the operation 'gamma' is permitted by 0 rules"),
        ("PERMITTED", {"edit-gamma": Contrast}, "the operation 'contrast' is permitted by 2 rules"),
        ("REFUSED", {"never-mirror": ("mirror", "paste")}, "two rules forbid the name 'paste'"),
        ("REFUSED", {"never-mirror": ("mirror", "gamma")}, "'gamma' is both permitted and forbidden"),
        ("REFUSED", {"never-mirror": ()}, "never-mirror: the program knows no name"),
    ],
)
def test_tables_that_contradict_the_rules_are_told(
    rules: Policy, monkeypatch: pytest.MonkeyPatch, table: str, change: dict[str, object], said: str
) -> None:
    monkeypatch.setattr(recipes, table, {**getattr(recipes, table), **change})
    assert any(said in fault for fault in mismatches(rules))


@pytest.mark.clause("SRC-2", "LL55-1")
def test_the_program_names_nothing_that_could_do_what_is_forbidden(rules: Policy, tmp_path: Path) -> None:
    assert forbidden_names(rules, APP) == []
    rule = rules.absences["no-invented-features"]
    for name in rule.names:
        (tmp_path / "module.py").write_text(f"import cv2\ncv2.{name}\n")
        assert any(rule.id in line for line in forbidden_names(rules, tmp_path)), name
