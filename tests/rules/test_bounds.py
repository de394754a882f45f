"""The limits that no form asks for, each at its bound: what lies within passes, what lies just beyond does not.

The numbers stand in `limits.toml` or here, not read from the rules: one that a rule loses is missed.
"""

from __future__ import annotations

import dataclasses
import secrets
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from app.access.actor import Actor
from app.access.clearance import is_cleared
from app.domain.examination.worksheet_conditions import worksheet_faults
from app.domain.gallery import intake_manifest, samples
from app.domain.gallery.intake_manifest import IntakeError
from app.domain.identification.recipes import check_recipe, op_of, read_operations
from app.domain.peers import proficiency, selection
from app.domain.requests.images import limits
from app.domain.retention import conditions as retention_conditions
from app.domain.retention.conditions import closing_fits_arrests
from app.domain.workload import conclusions, overview, turnaround
from app.imaging.recipe import Recipe
from app.imaging.sniffing import UnusableImage, check_size, sniff
from app.policy import policy
from app.policy.bounds import bounds
from app.policy.disclosures.rules import check_documents
from app.policy.evidence import Item, lacking
from app.policy.examination.answers import Answer, agreement_fault, answer_faults
from app.policy.examination.dispositions import disposition_fault
from app.policy.facts import check_eligibility, check_source, outcomes_after
from app.policy.identification.quality import assess
from app.workflow.registry import CONDITIONS
from tests.rules.bound_table import stated, written

WRITTEN = written()
CLAUSES = {f"{bound.path}.{bound.field}": bound.rule.authority for bound in bounds(policy())}
BEGUN = datetime(2026, 3, 9, 12, 0)


def rows(*endings: str) -> list[Any]:
    """The rows of the table whose field is one of these, each claiming the clauses of its rule."""
    return [
        pytest.param(name, marks=pytest.mark.clause(*CLAUSES[name]), id=name)
        for name in WRITTEN
        if name.endswith(endings) and name in CLAUSES
    ]


def rule_in(name: str) -> str:
    return name.rpartition(".")[0]


def test_the_table_has_every_limit_of_these_rules_and_no_other():
    assert stated(policy()) == WRITTEN, "read the difference, then: python -m tests.rules.bound_table --write"


# Identification --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", rows(".warn", ".fail"))
def test_a_measure_at_its_limit_passes_and_one_beyond_it_does_not(name):
    rule = policy().review.quality[rule_in(name)]
    limit, band = WRITTEN[name], name.rpartition(".")[2]
    beyond = limit + (-0.001 if rule.better == "more" else 0.001)
    at, past = ([one.band for one in assess([rule], {rule.measure: value})] for value in (limit, beyond))
    assert at != [band]
    assert past == [band]


#: a value of each parameter that every edit takes
GIVEN = {"x": 0, "y": 0, "width": 40, "height": 40, "degrees": 1, "about": "center", "strength": 1}


def step(edit) -> dict[str, Any]:
    """One step of this kind, within its bounds."""
    return {"op": op_of(edit), **{one.name: GIVEN.get(one.name, 1) for one in edit.parameters}}


@pytest.mark.parametrize("name", rows(".times"))
def test_an_edit_is_done_as_often_as_its_rule_says_and_no_more(name):
    edit = policy().review.edits[rule_in(name)]
    one, times = step(edit), WRITTEN[name]
    read, faults = read_operations(policy(), [one] * times)
    assert (len(read), faults) == (times, [])
    assert [fault.rule_id for fault in read_operations(policy(), [one] * (times + 1))[1]] == [edit.id]


@pytest.mark.clause("LL55-1", "REQ-6", "SRC-2")
def test_a_recipe_has_so_many_steps_and_its_picture_so_many_pixels():
    grey = {"op": "greyscale"}
    most = WRITTEN["prepared-image.max_operations"]
    assert {fault.rule_id for fault in read_operations(policy(), [grey] * most)[1]} == {"edit-greyscale"}
    assert [fault.rule_id for fault in read_operations(policy(), [grey] * (most + 1))[1]] == ["prepared-image"]
    side = WRITTEN["prepared-image.min_side"]
    assert faults_of(grey, (side, side)) == []
    assert faults_of(grey, (side - 1, side)) == ["prepared-image"]
    smooth, pixels = {"op": "denoise", "strength": 1}, WRITTEN["edit-denoise.max_pixels"]
    assert faults_of(smooth, (2000, pixels // 2000)) == []
    assert faults_of(smooth, (2000, pixels // 2000 + 1)) == ["edit-denoise"]


def faults_of(one: dict[str, Any], size: tuple[int, int]) -> list[str]:
    read, faults = read_operations(policy(), [one])
    assert faults == []
    made = Recipe(eyes=((10.0, 10.0), (20.0, 10.0)), operations=tuple(read))
    return [fault.rule_id for fault in check_recipe(policy(), made, size)]


# Requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", rows(".uses"))
def test_an_image_of_this_source_serves_its_own_uses_alone(name):
    source = rule_in(name)
    faults = {use: [f.field for f in check_source(policy(), source, {}, use)] for use in policy().uses}
    assert {use for use, fields in faults.items() if "source" not in fields} == set(WRITTEN[name])


@pytest.mark.clause("LIM-1")
def test_why_it_is_no_body_worn_camera_is_said_within_its_length():
    for length, wrong in ((1000, False), (1001, True)):
        words = ("the camera of a shop " * 60)[: length - 1] + "7"
        given = {"camera": "Shop at the corner", "why_no_body_worn_camera": words}
        fields = [fault.field for fault in check_source(policy(), "surveillance_still", given, said=["axon-1.jpg"])]
        assert ("why_no_body_worn_camera" in fields) is wrong


@pytest.mark.clause("REQ-3", "CAP-7", "LIM-3")
def test_an_image_is_as_large_as_the_rule_says_and_no_larger():
    allowed = limits()
    check_size(10_000, 6_000, allowed)
    with pytest.raises(UnusableImage, match="60 megapixels"):
        check_size(10_000, 6_001, allowed)
    for size, told in ((26_214_400, "none"), (26_214_401, "larger than 25 MB")):
        with pytest.raises(UnusableImage) as refused:
            sniff(b"x" * size, allowed)
        assert (told in refused.value.message) is (size > 26_214_400)


@pytest.mark.clause("LIM-7", "ACC-1", "ACC-6")
@pytest.mark.parametrize("capability", ["request.file", "discussion.confirm", "clearance.name"])
def test_whoever_was_named_for_one_request_does_not_do_what_is_the_bureaus(capability):
    named = SimpleNamespace(reserved=True, clearances=[SimpleNamespace(account_id=7, withdrawn_at=None)])
    actor = Actor(7, "", "", "", "", frozenset(), frozenset())
    assert is_cleared(named, actor)
    assert not is_cleared(named, actor, capability)


@pytest.mark.parametrize("name", rows(".least_independent", ".least_against"))
def test_an_outcome_rests_on_so_many_items(name):
    outcome, least = policy().request.outcomes[rule_in(name)], WRITTEN[name]
    item = Item(date(2026, 3, 9), None, depends=False, speaks_for=name.endswith("independent"), agreed=True)
    assert lacking(outcome, [item] * least) is None
    assert lacking(outcome, [item] * (least - 1))


@pytest.mark.clause("USE-8", "AUD-7")
@pytest.mark.parametrize("name", rows(".without_arrest"))
def test_an_outcome_without_arrest_contradicts_an_arrest(name):
    fits = CONDITIONS["outcome_fits_arrests"]
    request = SimpleNamespace(arrests=[SimpleNamespace(basis="on_lead")])
    assert fits(request, None, {"outcome": rule_in(name)})
    request.arrests = []
    assert fits(request, None, {"outcome": rule_in(name)}) is None


@pytest.mark.clause("RET-11")
def test_a_closing_for_want_of_an_arrest_contradicts_an_arrest(monkeypatch):
    monkeypatch.setattr(retention_conditions, "last_arrest", lambda _record: date(2026, 3, 9))
    assert closing_fits_arrests(None, None, {"reason": "without_arrest"})
    monkeypatch.setattr(retention_conditions, "last_arrest", lambda _record: None)
    assert closing_fits_arrests(None, None, {"reason": "without_arrest"}) is None


@pytest.mark.parametrize("name", rows(".results"))
def test_an_outcome_follows_its_results_alone(name):
    following = {
        result: {one.id for one in outcomes_after(policy(), result)} for result in ("possible_match", "negative")
    }
    assert {result for result, found in following.items() if rule_in(name) in found} == set(WRITTEN[name])


# Times -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", rows(".due_hours", ".conclude_hours"))
def test_work_is_due_its_prioritys_hours_after_it_came(name):
    request = SimpleNamespace(priority=rule_in(name), submitted_at=BEGUN, created_at=BEGUN, inconclusive_since=BEGUN)
    due = overview.deadline(request) if name.endswith("due_hours") else conclusions.conclude_by(request)
    assert due - BEGUN == timedelta(hours=WRITTEN[name])


@pytest.mark.clause("SRC-4", "FAIR-1", "CAP-3")
def test_a_review_is_due_within_a_day_also_where_the_request_has_longer(monkeypatch):
    monkeypatch.setattr(selection, "now", lambda: BEGUN)
    assert selection.due_at(SimpleNamespace(priority="other")) - BEGUN == timedelta(hours=24)


@pytest.mark.clause("REQ-1", "AUD-2", "SRC-2")
def test_of_few_requests_no_median_and_no_percentile_is_told():
    told = {}
    for count in (4, 5, 9, 10):
        figure = turnaround._figure("All", SimpleNamespace(number=count, median=1.0, high=2.0, late=0))
        told[count] = (figure.median is not None, figure.percentile is not None)
    assert told == {4: (False, False), 5: (True, False), 9: (True, False), 10: (True, True)}


@pytest.mark.clause("FAIR-1", "TRN-1", "EXT-2")
def test_one_assignment_in_six_is_a_comparison_whose_truth_is_known(monkeypatch):
    asked = []
    monkeypatch.setattr(secrets, "randbelow", lambda most: asked.append(most) or 1)
    assert proficiency.deal(set()) is None
    assert asked == [6]


# Examination -----------------------------------------------------------------------------------------------------


@pytest.mark.clause("SRC-2")
@pytest.mark.parametrize("verdict", ["different_explained", "different_unexplained"])
def test_a_difference_is_described(verdict):
    features = {one.value: {"verdict": "similar"} for one in policy().review.worksheet.features}
    assert worksheet_faults(features) == []
    features["nose"] = {"verdict": verdict}
    assert [fault.field for fault in worksheet_faults(features)] == ["nose"]
    features["nose"]["note"] = "A bend to the left."
    assert worksheet_faults(features) == []


@pytest.mark.clause("SRC-2", "FAIR-1")
def test_the_reason_of_an_exclusion_has_twenty_characters():
    rule = policy().review.dispositions["excluded"]
    features = {"nose": {"verdict": "different_explained"}}
    for words, sound in (("Left nostril wider!!", True), ("Left nostril wider!", False)):
        assert (disposition_fault(policy(), rule, features, words) is None) is sound, len(words)


@pytest.mark.clause("SRC-3", "SRC-5", "EXT-2")
def test_an_answer_names_a_source_of_ten_characters_and_an_agreement_has_thirty():
    words = "Released on 3 January by the warden of Rikers; the booking log shows it plainly."
    for source, sound in (("Booking 12", True), ("Booking 1", False)):
        answer = Answer(words, "released", source)
        fields = [fault.field for fault in answer_faults(policy(), "inconsistency-custody", "Confined", answer)]
        assert fields == ([] if sound else ["inconsistency-custody_source"])
    for said, sound in (("Warden released Rikers booking", True), ("Warden released Rikers booked", False)):
        assert (agreement_fault(policy(), said, "Confined") is None) is sound, len(said)


# Gallery ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", rows(".required"))
def test_a_manifest_without_this_column_is_not_read(name):
    columns, named = [column for column in WRITTEN if column.startswith("gallery-column/")], rule_in(name)
    header = [rule_in(column).partition("/")[2] for column in columns]
    intake_manifest._check_header(header, Path("manifest.csv"))
    header.remove(named.partition("/")[2])
    with pytest.raises(IntakeError, match="lacks the column"):
        intake_manifest._check_header(header, Path("manifest.csv"))


@pytest.mark.clause("CAP-3")
def test_what_a_court_of_another_kind_had_is_barred_by_name_also_where_nothing_is_listed_as_allowed():
    """The list of what is allowed says the same; here it is passed over."""
    rules = [
        msgspec.structs.replace(rule, allowed=()) if rule.id == "gallery-jurisdiction" else rule
        for rule in policy().gallery.eligibility
    ]
    bare = dataclasses.replace(policy(), gallery=dataclasses.replace(policy().gallery, eligibility=tuple(rules)))
    for kind, barred in (("criminal", False), ("family", True), ("juvenile", True), ("civil", True)):
        fields = {fault.field for fault in check_eligibility(bare, {"jurisdiction": kind})}
        assert ("jurisdiction" in fields) is barred


@pytest.mark.clause("CAP-3")
def test_a_sample_has_its_least_its_share_and_its_days():
    assert [samples.size(count) for count in (5, 10, 100, 600, 100_000)] == [5, 10, 10, 12, 500]
    assert samples.due(SimpleNamespace(drawn_at=BEGUN)) - BEGUN == timedelta(days=14)


# Disclosures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", rows(".documents"))
def test_a_basis_rests_on_its_documents(name):
    assert check_documents(policy(), rule_in(name), set(WRITTEN[name])) == []
    assert [fault.rule_id for fault in check_documents(policy(), rule_in(name), set())] == [rule_in(name)]


# What import does with a photograph --------------------------------------------------------------------------------


@pytest.mark.clause("CAP-3", "CAP-4", "USE-5")
def test_what_import_refuses_and_what_it_holds_is_what_the_rules_say():
    """Import does as it says: tests/unit/identification/test_gallery_probes.py."""
    assert {rule.id: rule.action for rule in policy().gallery.exclusions} == {
        "probe-same-file": "refuse",
        "probe-booking-photograph": "hold",
        "probe-look-alike": "hold",
        "gallery-same-picture": "hold",
    }
