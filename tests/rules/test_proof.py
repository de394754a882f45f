"""The standing proof itself: nothing of the rules escapes it, and what it says of them is so."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from app.policy import policy
from app.policy.base import Rule, Table
from app.policy.bounds import UNBOUNDING, WEAKER, bounds, tables_of
from app.policy.proof import (
    EQUIVALENT,
    PROOF,
    Kept,
    Provable,
    digest_of_test,
    equivalents_in,
    kept_in,
    report,
    standing_of,
    write,
)
from tools.rules.choosing import chosen_for
from tools.rules.mutants import enforced, everything
from tools.rules.reach import Reached, Recorder, read_map
from tools.rules.results import Found, Part, found_in

ROOT = Path(__file__).resolve().parents[2]
ONE = Provable("condition", "no_candidates", ("SRC-7",), "rule as it is")
NODE = "tests/a/test_b.py::test_c"


def tables(held: object) -> list[Table]:
    """Every table inside a rule, itself first."""
    if isinstance(held, tuple):
        return [table for one in held for table in tables(one)]
    if not isinstance(held, Table):
        return []
    return [held, *(table for name in held.__struct_fields__ for table in tables(getattr(held, name)))]


# What must be proven -------------------------------------------------------------------------------------------


def test_every_number_and_every_yes_or_no_of_the_rules_is_a_bound_or_said_to_be_none():
    """A field that a new rule brings must stand in `WEAKER` or in `UNBOUNDING`, or no mutant would look at it."""
    found = {
        f"{type(table).__name__}.{name}"
        for rule in policy().rules.values()
        for table in tables(rule)
        for name in table.__struct_fields__
        if isinstance(getattr(table, name), int | float)
    }
    known = {f"{kind}.{name}" for kind, fields in WEAKER.items() for name in fields} | set(UNBOUNDING)
    assert found <= known
    assert {name for name in UNBOUNDING if name not in found} == set(), "no longer there"


def test_every_table_inside_a_rule_has_a_path_of_its_own_with_or_without_a_name():
    for rule in policy().rules.values():
        paths = list(tables_of(rule))
        assert Counter(path for path, _ in paths).most_common(1)[0][1] == 1, rule.id
        inside = [table for table in tables(rule)[1:] if not isinstance(table, Rule)]
        assert {id(table) for _, table in paths} >= {id(table) for table in inside}, rule.id
    assert "suspected_class/offenses-1" in dict(tables_of(policy().rules["suspected_class"])), "it has only words"


def test_everything_is_named_once_and_rests_on_a_clause():
    every = everything()
    assert [name for name, times in Counter(one.id for one in every).items() if times > 1] == []
    assert [one.id for one in every if not one.clauses] == []
    assert {one.kind for one in every} == {"condition", "separation", "scope", "bound"}
    rules = policy()
    assert {one.name for one in every if one.kind == "condition"} == set(rules.conditions)
    assert {one.name for one in every if one.kind == "separation"} == set(rules.separations)
    assert {one.name for one in every if one.kind == "scope"} == set(enforced().scopes)


def test_a_bound_taken_away_differs_from_the_bound():
    for bound in bounds(policy()):
        assert any(getattr(bound.table, name) != value for name, value in bound.weaker.items()), bound.path


TAKEN = """
import sys
from app.policy import load, policy
from app.policy.loader import DEFAULT_DIRECTORY
from app.workflow.registry import CONDITIONS, SEPARATIONS
from app.access.scoping import SCOPES
from tools.rules.mutants import everything, take_away
known = {one.id: one for one in everything()}
for name in sys.argv[1:]:
    take_away(known[name])
assert CONDITIONS["no_candidates"](None, None, {}) is None
assert SEPARATIONS["hold_placer"](None) == set()
scope = next(scope for model, scope in SCOPES.items() if model.__name__ == "LineUp")
assert scope("rows", None) == "rows"
assert policy().request.images.max_faces == load(DEFAULT_DIRECTORY).request.images.max_faces == 10**9
assert policy().request.images.max_images < 10**9
print("weakened")
"""


@pytest.mark.long
def test_what_is_taken_away_is_gone_from_the_running_program_and_nothing_else():
    names = ["condition:no_candidates", "separation:hold_placer", "scope:LineUp", "bound:image-limits.max_faces"]
    done = subprocess.run(
        [sys.executable, "-c", TAKEN, *names], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip() == "weakened", done.stderr


# What is said of it --------------------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path):
    """A checkout with one test and no proof."""
    (tmp_path / "tests/a").mkdir(parents=True)
    (tmp_path / "tests/rules").mkdir()
    (tmp_path / "tests/a/test_b.py").write_text("def test_c():\n    assert 1\n")
    return tmp_path


def test_each_standing_follows_from_what_was_found_and_what_is_there_now(root):
    test = digest_of_test(root, NODE)
    assert test == digest_of_test(root, NODE + "[with a parameter]") != ""
    dead = Kept(NODE, 1, ONE.digest, test)
    for kept, standing in (
        (dead, "dead"),
        (msgspec.structs.replace(dead, rule="as it was"), "stale"),
        (msgspec.structs.replace(dead, test="as it was"), "stale"),
        (msgspec.structs.replace(dead, by="tests/a/test_b.py::test_gone"), "stale"),
        (Kept("", 7, ONE.digest, ""), "survived"),
        (Kept("", 7, "as it was", ""), "stale"),
    ):
        assert standing_of(ONE, root, {ONE.id: kept}, {}) == standing
    assert standing_of(ONE, root, {}, {}) == "open"
    assert standing_of(ONE, root, {}, {ONE.id: "It is asked twice."}) == "equivalent"


def test_a_test_that_was_edited_makes_its_proof_stale_and_a_remark_does_not(root):
    path = root / "tests/a/test_b.py"
    before = digest_of_test(root, NODE)
    other = root / "tests/a/test_d.py"
    other.write_text("# a remark\n" + path.read_text())
    assert digest_of_test(root, "tests/a/test_d.py::test_c") == before
    edited = root / "tests/a/test_e.py"
    edited.write_text("def test_c():\n    assert 2\n")
    assert digest_of_test(root, "tests/a/test_e.py::test_c") != before


def test_what_lives_and_what_is_listed_wrongly_is_a_fault(root):
    every = {one.id: one for one in everything()}
    lives = every["condition:no_candidates"]
    write(root, {lives.id: Kept("", 12, lives.digest, "")})
    assert kept_in(root)[lives.id].tests == 12
    (root / EQUIVALENT).write_text(
        '[[equivalent]]\nmutant = "scope:Gone"\nreason = "It was there once."\n'
        '[[equivalent]]\nmutant = "scope:Job"\nreason = " "\n'
    )
    said = report(policy(), enforced(), root)
    assert [fault.partition(": ")[0] for fault in said.faults] == [lives.id, "scope:Gone", "scope:Job"]
    assert (said.count("survived"), said.count("equivalent"), said.count("open")) == (1, 1, len(every) - 2)
    assert "run `make test-rules`" in said.summary()
    assert equivalents_in(root / "nowhere") == kept_in(root / "nowhere") == {}


def test_a_checkout_keeps_what_it_found_of_its_own_rules_alone():
    names = {one.id for one in everything()}
    assert set(kept_in(ROOT)) <= names, f"{PROOF} tells of rules that are gone"
    assert report(policy(), enforced(), ROOT).faults == ()


# How tests are chosen and results are kept ---------------------------------------------------------------------


def reached(test: str, seconds: float = 1.0, **changes: object) -> Reached:
    row = Reached(test, "", True, seconds, ["SRC-7"], [ONE.id])
    return msgspec.structs.replace(row, **changes)


def test_only_tests_that_pass_claim_the_clause_and_reach_the_rule_are_chosen_the_quickest_first():
    rows = [
        reached("m::slow", 3.0),
        reached("m::many[1]", 0.5),
        reached("m::many[2]", 0.6),
        reached("m::quick", 0.9),
        reached("m::fails", passed=False),
        reached("m::elsewhere", parts=["scope:Job"]),
        reached("m::other clause", clauses=["SRC-8"]),
    ]
    by_name = {row.test: row for row in rows}
    assert chosen_for(ONE, by_name, None) == ["m::many[1]", "m::quick", "m::slow", "m::many[2]"]
    assert chosen_for(ONE, by_name, Kept("m::slow", 1, "", ""))[0] == "m::slow"
    kills = {"m::slow": 4, "m::quick": 1}
    assert chosen_for(ONE, by_name, None, kills) == ["m::slow", "m::quick", "m::many[1]", "m::many[2]"]


def test_no_test_is_left_out_for_its_place_in_the_line():
    rows = [reached(f"m::test_{number}") for number in range(60)]
    assert len(chosen_for(ONE, {row.test: row for row in rows}, None)) == 60


def test_a_test_that_names_the_bound_comes_first_and_a_longer_word_does_not_name_it():
    bound = Provable("bound", "disclosure-addressee/address.min_length", ("SRC-7",), "")
    names = ["m::asks[disclosure-addressee-name]", "m::asks[disclosure-addressee-address]", "m::quick"]
    rows = {name: reached(name, number / 9, parts=[bound.id]) for number, name in enumerate(names)}
    assert chosen_for(bound, rows, None)[0] == names[1]


def test_a_copy_of_a_rule_has_the_bounds_of_what_it_was_copied_from(tmp_path, monkeypatch):
    monkeypatch.setattr(msgspec.structs, "replace", msgspec.structs.replace)  # put back afterwards
    recorder = Recorder(tmp_path / "reach")
    recorder._know(policy())
    recorder._know_copies()
    source = policy().request.sources["mortuary"]
    asked, free = (msgspec.structs.replace(source, **changes) for changes in ({"facts": ()}, {"uses": ()}))
    assert recorder.paths[id(asked), "uses"] == "bound:mortuary.uses"
    assert (id(free), "uses") not in recorder.paths


def test_lines_that_were_cut_short_are_left_out(tmp_path):
    path = tmp_path / "reach"
    path.write_bytes(msgspec.json.encode(reached("m::one")) + b'\n{"test": "m::tw')
    assert set(read_map(path)) == {"m::one"}
    part = Part(tmp_path / "part")
    assert part.found() == []
    part.add(Found(ONE.id, Kept(NODE, 1, "", ""), 0.5))
    with part.path.open("ab") as file:
        file.write(b'{"mutant"')
    assert [found.mutant for found in part.found()] == [ONE.id]
    second = Part(tmp_path / "part-2")
    second.add(Found(ONE.id, Kept("", 40, "", ""), 0.5))
    assert found_in([second.path, part.path])[ONE.id].by == NODE, "a death counts, whoever saw it"


@pytest.mark.long
def test_a_mutant_dies_of_the_test_that_misses_it_and_lives_before_one_that_does_not(tmp_path):
    module = "tests/policy/retention/test_workflow_retention.py"
    misses = f"{module}::test_nobody_releases_their_own_hold"
    passes = f"{module}::test_the_parts_that_must_differ_are_separated"
    names = ["separation:hold_placer", "separation:requester"]
    clauses = ["RET-11", "SRC-4"]
    rows = [reached(misses, clauses=clauses, parts=names), reached(passes, clauses=clauses, parts=names)]
    (tmp_path / "reach").write_bytes(b"\n".join(msgspec.json.encode(row) for row in rows))
    (tmp_path / "names").write_text("\n".join(names))
    plugin = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "tools.rules.killing"]
    places = {"reach": "reach", "part": "part", "mutants": "names", "basetemp": "base"}
    options = [f"--{option}={tmp_path / name}" for option, name in places.items()]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, *options, misses, passes],  # not the one of the stored proof
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    found = {row.mutant: row.kept.by for row in Part(tmp_path / "part").found()}
    assert found == {"separation:hold_placer": misses, "separation:requester": ""}, done.stdout + done.stderr
