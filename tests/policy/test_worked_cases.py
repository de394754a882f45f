"""The worked cases beside the rules, run; and proof that they would notice a rule removed."""

from pathlib import Path

import msgspec
import pytest

from app.policy.examples import Example, disagreement, load_examples
from app.policy.loader import DEFAULT_DIRECTORY, PolicyError, load
from app.policy.types import Policy

EXAMPLES = load_examples(DEFAULT_DIRECTORY)


@pytest.mark.clause(
    "USE-1", "USE-2", "USE-3", "USE-4", "USE-5", "USE-6", "USE-8", "CAP-2", "CAP-3", "CAP-7",
    "LIM-1", "LIM-2", "LIM-3", "LIM-4", "LIM-7", "EXT-5", "REQ-2", "RET-1", "RET-2", "RET-3", "RET-4", "RET-5",
    "RET-6", "RET-7", "RET-8", "RET-9", "RET-10", "RET-11",
)  # fmt: skip
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_the_rules_answer_as_the_worked_case_says(rules: Policy, example: Example) -> None:
    assert disagreement(rules, example) == ""


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_a_worked_case_turned_round_is_noticed(rules: Policy, example: Example) -> None:
    turned = msgspec.structs.replace(example, refused_by=() if example.refused_by else ("some-rule",))
    assert example.id in disagreement(rules, turned)


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
            "uses.toml",
            'name = "why_believed"\n',
            'name = "why_believed"\nrequired = false\n',
            "use-1-without-why-believed",
        ),
        ("request.toml", 'refused_answer = "yes"', 'refused_answer = "no"', "purpose-open-warrant-sweep"),
        (
            "request.toml",
            'except_capability = "request.political"\n',
            "",
            "purpose-political-by-intelligence-bureau",
        ),
        ("request.toml", 'uses = ["USE-1"]\n', "", "body-worn-for-witness"),
        ("gallery.toml", '["arrest", "parole"]', '["arrest", "parole", "license"]', "gallery-source-license"),
        ("retention.toml", 'keep = "permanent"', 'keep = "years_after_closure"\nyears = 50', "retention-homicide"),
        ("retention.toml", "years = 10", "years = 9", "retention-arson_4-day-before"),
        ("retention.toml", "years = 25", "years = 24", "retention-other_felony-day-before"),
        ("retention.toml", "years = 5", "years = 4", "retention-misdemeanor-day-before"),
        ("retention.toml", "age = 55", "age = 50", "retention-child-day-before"),
        ("retention.toml", "age = 18", "age = 17", "retention-juvenile-day-before"),
        ("retention.toml", "after_death = 5", "after_death = 4", "retention-suspect-dead"),
        ("retention.toml", "after_birth = 90", "after_birth = 89", "retention-suspect-ninety"),
        ("retention.toml", "arrest_free = 5", "arrest_free = 4", "retention-suspect-arrested"),
    ],
)
def test_a_loosened_rule_is_noticed(broken, file: str, old: str, new: str, noticed_by: str) -> None:
    loosened = load(broken(file, old, new))
    assert noticed_by in {example.id for example in EXAMPLES if disagreement(loosened, example)}


def test_a_malformed_worked_case_is_refused(broken, copy: Path) -> None:
    broken("examples/uses.toml", 'check = "use"', 'check = "mood"')
    with pytest.raises(PolicyError, match=r"examples/uses\.toml: .*mood"):
        load_examples(copy)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[example.retention.case]", "[example.retention.other]", "unknown field `other`"),
        ('check = "retention"', 'check = "use"', "go together"),
        ("[example.retention.case]", 'person = { role = "associated" }\n[example.retention.case]', "case or a person"),
    ],
)
def test_a_worked_case_of_retention_holds_one_record(broken, copy: Path, old: str, new: str, message: str) -> None:
    broken("examples/retention.toml", old, new)
    with pytest.raises(PolicyError, match=message):
        load_examples(copy)


@pytest.mark.parametrize("change", [{"earliest": None}, {"status": "held"}])
def test_another_day_or_standing_than_expected_is_noticed(rules: Policy, change: dict[str, str | None]) -> None:
    example = next(example for example in EXAMPLES if example.id == "retention-violation-due")
    turned = msgspec.structs.replace(example, retention=msgspec.structs.replace(example.retention, **change))
    assert "the rules say disposable 2021-05-04" in disagreement(rules, turned)


def test_two_worked_cases_of_one_id_are_refused(broken, copy: Path) -> None:
    broken("examples/uses.toml", 'id = "use-1-without-offense"', 'id = "use-1-complete"')
    with pytest.raises(PolicyError, match="use-1-complete: duplicate id"):
        load_examples(copy)
