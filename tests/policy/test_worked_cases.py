"""The worked cases beside the rules, run; and proof that they would notice a rule removed."""

from datetime import date
from itertools import product
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from app.domain.identification.recipes import worked_faults
from app.policy.disclosures.examples import RELEASED, State, cells, missing_cells, release_disagreements
from app.policy.examples import Example, disagreement, disagreements, load_worked
from app.policy.loader import DEFAULT_DIRECTORY, PolicyError, load
from app.policy.types import Policy

WORKED = load_worked(DEFAULT_DIRECTORY)
ABOVE = {"edit": worked_faults}
EXAMPLES = WORKED.example
TODAY = date(2026, 6, 1)
STATES = ("none", "determined", "refused", "approved", "lapsed", "own")


@pytest.mark.clause(
    "USE-1",
    "USE-2",
    "USE-3",
    "USE-4",
    "USE-5",
    "USE-6",
    "USE-8",
    "CAP-2",
    "CAP-3",
    "CAP-7",
    "LIM-1",
    "LIM-2",
    "SRC-2",
    "SRC-3",
    "SRC-4",
    "SRC-6",
    "FAIR-1",
    "LIM-3",
    "LIM-4",
    "LIM-7",
    "EXT-5",
    "REQ-2",
    "ACC-12",
    "EXT-1",
    "EXT-7",
    "EXT-8",
    "PUB-1",
    "RET-1",
    "RET-2",
    "RET-3",
    "RET-4",
    "RET-5",
    "RET-6",
    "RET-7",
    "RET-8",
    "RET-9",
    "RET-10",
    "RET-11",
)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_the_rules_answer_as_the_worked_case_says(rules: Policy, example: Example) -> None:
    assert disagreement(rules, example, ABOVE) == ""


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_a_worked_case_turned_round_is_noticed(rules: Policy, example: Example) -> None:
    turned = msgspec.structs.replace(example, refused_by=() if example.refused_by else ("some-rule",))
    assert example.id in disagreement(rules, turned, ABOVE)


def test_every_use_source_prohibition_and_gallery_rule_has_its_worked_cases(rules: Policy) -> None:
    accepted = {example.subject for example in EXAMPLES if not example.refused_by}
    refusing = {rule for example in EXAMPLES for rule in example.refused_by}
    assert set(rules.uses) <= accepted
    assert set(rules.uses) | set(rules.request.prohibitions) <= refusing
    assert {rule.id for rule in rules.gallery.eligibility} <= refusing
    assert "body_worn_camera" in accepted & refusing


@pytest.mark.parametrize(
    ("file", "old", "new", "noticed_by"),
    [
        (
            "requests/uses.toml",
            'name = "why_believed"\n',
            'name = "why_believed"\nrequired = false\n',
            "use-1-without-why-believed",
        ),
        ("requests/rules.toml", 'refused_answer = "yes"', 'refused_answer = "no"', "purpose-open-warrant-sweep"),
        (
            "requests/rules.toml",
            'except_capability = "request.political"\n',
            "",
            "purpose-political-by-intelligence-bureau",
        ),
        ("requests/rules.toml", 'uses = ["USE-1"]\n', "", "body-worn-for-witness"),
        ("gallery/rules.toml", '["arrest", "parole"]', '["arrest", "parole", "license"]', "gallery-source-license"),
        ("gallery/rules.toml", 'A = "arrest", P = "parole"', 'A = "arrest", D = "arrest"', "gallery-itl-source"),
        ("gallery/rules.toml", 'S = "sealed"', 'S = "active"', "gallery-itl-status"),
        (
            "retention/rules.toml",
            'keep = "permanent"',
            'keep = "years_after_closure"\nyears = 50',
            "retention-homicide",
        ),
        ("retention/rules.toml", "years = 10", "years = 9", "retention-arson_4-day-before"),
        ("retention/rules.toml", "years = 25", "years = 24", "retention-other_felony-day-before"),
        ("retention/rules.toml", "years = 5", "years = 4", "retention-misdemeanor-day-before"),
        ("retention/rules.toml", "age = 55", "age = 50", "retention-child-day-before"),
        ("retention/rules.toml", "age = 18", "age = 17", "retention-juvenile-day-before"),
        ("retention/rules.toml", "after_death = 5", "after_death = 4", "retention-suspect-dead"),
        ("retention/rules.toml", "after_birth = 90", "after_birth = 89", "retention-suspect-ninety"),
        ("retention/rules.toml", "arrest_free = 5", "arrest_free = 4", "retention-suspect-arrested"),
        ("examination/background.toml", "limit = 3\n", "limit = 3.5\n", "background-height-3-and-a-half"),
        ("examination/background.toml", "limit = 3\n", "limit = 2\n", "background-height-exactly-3"),
        ("examination/background.toml", "limit = 40\n", "limit = 41\n", "background-weight-41"),
        ("examination/background.toml", "limit = 40\n", "limit = 39\n", "background-weight-exactly-40"),
        ("examination/background.toml", "limit = 0\n", "limit = 1\n", "background-age-a-year-above"),
        ("examination/opinions.toml", "min_level = 2", "min_level = 1", "opinions-examiner-one-below"),
        ("peers/rules.toml", "min_level = 1", "min_level = 2", "opinions-least-that-carries"),
        ("examination/worksheet.toml", "count = 30\n", "count = 3\n", "worksheet-unexplained-ears-too-short"),
        ("examination/worksheet.toml", "unexplained = true\n", "", "worksheet-unexplained-ears"),
    ],
)
def test_a_loosened_rule_is_noticed(broken, file: str, old: str, new: str, noticed_by: str) -> None:
    loosened = load(broken(file, old, new))
    assert noticed_by in {example.id for example in EXAMPLES if disagreement(loosened, example, ABOVE)}


@pytest.mark.clause("SRC-3", "CAP-3")
@pytest.mark.parametrize("fact", ["alibi", "record_status"])
def test_what_no_rule_would_keep_is_a_fault_of_the_policy(broken, fact: str) -> None:
    with pytest.raises(PolicyError, match=f"{fact}: what contradicts a candidate there is kept by no inconsistency"):
        load(broken("examination/background.toml", f'fact = "{fact}"', 'fact = "location"'))


@pytest.mark.clause("FAIR-1")
@pytest.mark.parametrize(
    ("file", "level"), [("peers/rules.toml", "min_level = 1"), ("examination/opinions.toml", "min_level = 2")]
)
def test_no_minimum_can_be_set_at_or_below_inconclusive(broken, file: str, level: str) -> None:
    with pytest.raises(PolicyError, match="min_level"):
        load(broken(file, level, "min_level = 0"))


@pytest.mark.clause("SRC-3")
def test_every_kind_of_inconsistency_has_a_case_that_finds_it_and_one_that_does_not(rules: Policy) -> None:
    found = {rule for example in EXAMPLES if example.check == "background" for rule in example.refused_by}
    assert set(rules.review.inconsistencies) <= found
    silent = [e for e in EXAMPLES if e.check == "background" and not e.refused_by]
    assert all(any(rule not in example.unknown for example in silent) for rule in rules.review.inconsistencies)


def test_a_malformed_worked_case_is_refused(broken, copy: Path) -> None:
    broken("examples/requests/uses.toml", 'check = "use"', 'check = "mood"')
    with pytest.raises(PolicyError, match=r"examples/requests/uses\.toml: .*mood"):
        load_worked(copy)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[example.retention.case]", "[example.retention.other]", "unknown field `other`"),
        ('check = "retention"', 'check = "use"', "go together"),
        ("[example.retention.case]", 'person = { role = "associated" }\n[example.retention.case]', "case or a person"),
    ],
)
def test_a_worked_case_of_retention_holds_one_record(broken, copy: Path, old: str, new: str, message: str) -> None:
    broken("examples/retention/records.toml", old, new)
    with pytest.raises(PolicyError, match=message):
        load_worked(copy)


@pytest.mark.parametrize("change", [{"earliest": None}, {"status": "held"}])
def test_another_day_or_standing_than_expected_is_noticed(rules: Policy, change: dict[str, str | None]) -> None:
    example = next(example for example in EXAMPLES if example.id == "retention-violation-due")
    turned = msgspec.structs.replace(example, retention=msgspec.structs.replace(example.retention, **change))
    assert "the rules say disposable 2021-05-04" in disagreement(rules, turned, ABOVE)


def test_two_worked_cases_of_one_id_are_refused(broken, copy: Path) -> None:
    broken("examples/requests/uses.toml", 'id = "use-1-without-offense"', 'id = "use-1-complete"')
    with pytest.raises(PolicyError, match="use-1-complete: duplicate id"):
        load_worked(copy)


@pytest.mark.clause("EXT-7", "ACC-12", "EXT-1", "EXT-3", "EXT-4", "EXT-6", "PUB-1")
@pytest.mark.parametrize("table", WORKED.release, ids=lambda table: table.basis)
def test_what_leaves_on_a_basis_is_what_its_table_says(rules: Policy, table) -> None:
    assert list(release_disagreements(rules, table, TODAY)) == []


@pytest.mark.clause("EXT-7")
def test_every_basis_recipient_and_state_of_decision_has_its_cell(rules: Policy) -> None:
    assert get_args(State) == STATES
    assert missing_cells(rules, WORKED.release, STATES) == []
    held = [(table.basis, recipient, state) for table in WORKED.release for recipient, state, _ in cells(table)]
    assert len(held) == len(set(held)) == 7 * 8 * 6
    assert {table.basis for table in WORKED.release} == {f"D{n}" for n in range(1, 8)}


@pytest.mark.clause("EXT-7")
def test_a_cell_that_is_gone_is_noticed(rules: Policy) -> None:
    short = tuple(table for table in WORKED.release if table.basis != "D6")
    assert len(missing_cells(rules, short, STATES)) == 8 * 6


@pytest.mark.clause("EXT-7", "ACC-12")
def test_nothing_leaves_undecided_refused_lapsed_or_decided_by_whoever_asked() -> None:
    """Written from the clauses: these columns hold no release, and the first three bases need the officer."""
    for table in WORKED.release:
        for recipient, state, expected in cells(table):
            if state in ("none", "refused", "lapsed", "own"):
                assert expected != RELEASED, f"{table.basis} × {recipient} × {state}"
            if table.basis in ("D1", "D2", "D3") and state == "determined":
                assert expected != RELEASED, f"{table.basis} × {recipient} without the Agency Privacy Officer"


@pytest.mark.clause("EXT-7", "ACC-12")
def test_a_cell_turned_round_is_noticed(rules: Policy) -> None:
    for table in WORKED.release:
        turned = {
            name: tuple("EXT-9" if cell == RELEASED else RELEASED for cell in row)
            for name, row in table.recipients.items()
        }
        wrong = list(release_disagreements(rules, msgspec.structs.replace(table, recipients=turned), TODAY))
        assert len(wrong) == 8 * 6


@pytest.mark.clause("EXT-4", "EXT-6", "ACC-13", "EXT-1", "EXT-3", "PUB-1")
def test_each_purpose_of_each_recipient_is_what_the_table_says(rules: Policy) -> None:
    assert {table.recipient for table in WORKED.purposes} == set(rules.disclosure.recipients)
    assert disagreements(rules, WORKED, TODAY, ABOVE) == []
    (city,) = [table for table in WORKED.purposes if table.recipient == "city_agency"]
    assert set(city.may) >= {"criminal_investigation", "civil_litigation", "disciplinary_proceeding"}
    for outside, purpose in product(("community", "media"), ("civil_litigation", "criminal_investigation")):
        (table,) = [table for table in WORKED.purposes if table.recipient == outside]
        assert purpose not in table.may


@pytest.mark.parametrize(
    ("old", "new", "noticed_by"),
    [
        ('decided_by = "privacy_officer"', 'decided_by = "another_person"', "D1 × prosecutor × determined"),
        ('bases = ["D1", "D2", "D4", "D5"]', 'bases = ["D1", "D2", "D4", "D5", "D6"]', "D6 × court × approved"),
        ("needs_designation = true", "needs_designation = false", "D5 × media × approved"),
        ('purposes = ["public_information_request"]', 'purposes = ["civil_litigation"]', "foil × civil_litigation"),
        ("needs_agreement = true", "needs_agreement = false", "agreement-complete|agreement-law-enforcement-without"),
        ('except_bases = ["D2"]', "except_bases = []", "agreement-not-where-law-requires"),
        ('refused_answer = "yes"', 'refused_answer = "no"', "immigration-yes"),
        ("needs_person = true", "needs_person = false", "d1-without-person"),
    ],
)
def test_a_loosened_rule_of_disclosure_is_noticed(broken, old: str, new: str, noticed_by: str) -> None:
    loosened = load(broken("disclosures/rules.toml", old, new))
    said = disagreements(loosened, WORKED, TODAY, ABOVE)
    assert any(name in line for line in said for name in noticed_by.split("|")), said[:5]


def test_a_row_shorter_than_its_heading_is_refused(broken, copy: Path) -> None:
    row = 'community       = ["EXT-6", "EXT-6", '
    broken("examples/disclosures/decisions.toml", row, 'community       = ["EXT-6", ')
    with pytest.raises(PolicyError, match="D2: community: the row is not as long as its heading"):
        load_worked(copy)
