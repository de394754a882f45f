"""The clauses of the policy are all there, and the words that must be kept are kept."""

import os
import re
from pathlib import Path

import pytest

from app.policy.check import missing_clauses
from app.policy.loader import DEFAULT_DIRECTORY, load
from app.policy.types import Policy

ROOT = DEFAULT_DIRECTORY.parents[1]
SHARED = Path(os.environ.get("CORROBORATE_SHARED", ROOT.parent / "shared")) / "policy"
FIXTURE = Path(__file__).parent / "fixtures" / "src9-source.txt"
LISTED = (DEFAULT_DIRECTORY / "clause-ids.txt").read_text(encoding="utf-8").split()
NUMBERS = {
    "CAP": "123456",
    "USE": "12345678",
    "REQ": "1234567",
    "SRC": "123456789",
    "LIM": "123479",
    "ACC": ("1", "3", "4", "7", "8", "10", "11", "12", "13"),
    "AUD": "13",
    "FAIR": "12",
    "PUB": "1",
    "EXT": ("1", "2", "3", "4", "5", "6", "7", "8", "10"),
}
ENFORCED = [f"{area}-{number}" for area, numbers in NUMBERS.items() for number in numbers]


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def source_text(name: str) -> str:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the policy's own papers are not beside this checkout ({name})")
    return path.read_text(encoding="utf-8")


def test_all_ninety_five_clauses_are_there(rules: Policy) -> None:
    assert len(set(LISTED)) == len(LISTED) == 95
    assert missing_clauses(rules, DEFAULT_DIRECTORY) == []


def test_the_committed_list_is_that_of_the_clause_page() -> None:
    assert re.findall(r"^\| ([A-Z]+-\d+) \|", source_text("clauses.md"), re.MULTILINE) == LISTED


def test_a_missing_clause_is_noticed(broken) -> None:
    copy = broken("clauses.toml", 'id = "EXT-9"', 'id = "EXT-11"')
    sentences = copy / "sentences.toml"
    sentences.write_text(sentences.read_text("utf-8").replace('"EXT-9"', '"EXT-11"'), "utf-8")
    assert missing_clauses(load(copy), copy) == ["clauses.toml: EXT-9: the clause is missing"]


@pytest.mark.parametrize("clause_id", ENFORCED)
def test_the_clauses_of_the_main_job_are_marked_enforced(rules: Policy, clause_id: str) -> None:
    assert rules.clause(clause_id).status == "enforced"


@pytest.mark.parametrize("clause_id", ENFORCED)
def test_each_of_them_rests_on_a_rule(rules: Policy, clause_id: str) -> None:
    assert list(rules.citing(clause_id))


@pytest.mark.clause("SRC-9")
def test_the_notice_keeps_the_words_of_the_policy(rules: Policy) -> None:
    kept = words(FIXTURE.read_text(encoding="utf-8")).split("a notification stating that ")[1]
    assert kept in rules.notice("no-probable-cause").text


@pytest.mark.clause("SRC-9")
def test_the_fixture_is_what_the_policy_says() -> None:
    assert words(FIXTURE.read_text(encoding="utf-8")) in words(source_text("policy-source.txt"))


@pytest.mark.clause("USE-7")
def test_the_lead_notice_denies_all_three(rules: Policy) -> None:
    text = rules.notice("lead-only").text
    assert all(part in text for part in ("a stop", "probable cause to arrest", "search warrant", "It is a lead"))


@pytest.mark.clause("AUD-3", "LIM-9")
def test_the_words_before_sign_in(rules: Policy) -> None:
    assert "conducting official business" in rules.notice("official-business").text
    assert "administrative and potentially criminal penalties" in rules.notice("misuse").text


@pytest.mark.clause("ACC-11")
def test_the_terms_cover_confidentiality_and_purpose(rules: Policy) -> None:
    text = " ".join(rules.terms.paragraphs)
    assert "only as the execution of lawful duty requires" in text
    assert "criminal investigations, civil litigation and disciplinary proceedings" in text


@pytest.mark.clause("SRC-2")
def test_the_worksheet_has_the_eleven_features_of_the_policy(rules: Policy) -> None:
    assert [feature.value for feature in rules.review.worksheet.features] == [
        "eyes",
        "ears",
        "nose",
        "mouth",
        "chin",
        "lips",
        "eyebrows",
        "hair",
        "scars",
        "marks",
        "tattoos",
    ]


@pytest.mark.clause("SRC-2")
def test_exclusion_names_a_difference_and_retention_fills_the_sheet(rules: Policy) -> None:
    excluded, retained = rules.review.dispositions["excluded"], rules.review.dispositions["retained"]
    assert excluded.min_differing == 1
    assert retained.full_worksheet


@pytest.mark.clause("SRC-4", "FAIR-1")
def test_peer_review_is_by_at_least_two(rules: Policy) -> None:
    assert rules.review.peers.count >= 2


@pytest.mark.clause("SRC-6")
def test_approval_alone_needs_unanimity(rules: Policy) -> None:
    assert {d.id for d in rules.review.decisions.values() if d.needs_unanimity} == {"approve"}
    assert "continue" in rules.review.decisions


@pytest.mark.clause("CAP-2")
def test_the_helpless_and_the_dead_need_no_suspected_crime(rules: Policy) -> None:
    for use_id in ("USE-3", "USE-4"):
        use = rules.use(use_id)
        assert not {"offense", "involvement", "arrest_number"} & {fact.name for fact in use.facts}


@pytest.mark.clause("ACC-4")
def test_training_covers_the_three_topics_and_lapses(rules: Policy) -> None:
    assert len(rules.training["fr"].topics) == 3
    assert rules.training["fr"].valid_months == 12


def test_quality_reasons_speak_to_the_investigator(rules: Policy) -> None:
    for reason in rules.review.unsuitable.reasons:
        assert reason.sentence.endswith("."), reason.value


def test_every_basis_refusal_cites_a_clause_of_the_policy(rules: Policy) -> None:
    for refusal in rules.review.basis_refusals.values():
        assert all(clause_id in LISTED for clause_id in refusal.authority)


@pytest.mark.clause("CAP-6")
def test_the_pool_is_of_twenty_five_and_has_no_threshold(rules: Policy) -> None:
    assert rules.review.candidates.count == 25
    assert set(type(rules.review.candidates).__struct_fields__) == {
        "id",
        "text",
        "authority",
        "effective",
        "until",
        "title",
        "count",
    }


@pytest.mark.clause("REQ-7")
def test_only_a_suitable_probe_may_be_searched(rules: Policy) -> None:
    searchable = {choice.value: choice.searchable for choice in rules.review.suitability.choices}
    assert searchable == {"suitable": True, "limited": True, "unsuitable": False}


@pytest.mark.clause("REQ-3", "CAP-7")
def test_a_request_holds_one_to_ten_stills(rules: Policy) -> None:
    images = rules.request.images
    assert (images.min_images, images.max_images) == (1, 10)
    assert {form.value for form in images.formats} == {"JPEG", "PNG", "WEBP", "TIFF", "HEIF"}


@pytest.mark.clause("EXT-7")
def test_the_seven_bases_stand_in_the_policys_own_words(rules: Policy) -> None:
    source = words(source_text("policy-source.txt")).replace("Suchdisclosure", "Such disclosure")
    bases = rules.disclosure.bases
    assert list(bases) == [f"D{n}" for n in range(1, 8)]
    for basis in bases.values():
        assert basis.text.rstrip(".") in source, basis.id
    assert {b.id for b in bases.values() if b.decided_by == "privacy_officer"} == {"D1", "D2", "D3"}
    assert [b.id for b in bases.values() if "approved in writing by the Agency Privacy" in b.text] == ["D1", "D2", "D3"]


@pytest.mark.clause("EXT-8")
def test_an_agreement_needs_all_three_terms_of_the_policy(rules: Policy) -> None:
    terms = {fact.name for fact in rules.disclosure.agreement.facts if fact.must_be == "yes"}
    assert terms == {"security", "onward", "notice"}
    needing = {r.id for r in rules.disclosure.recipients.values() if r.needs_agreement}
    assert needing == {"law_enforcement", "city_agency"}


@pytest.mark.clause("EXT-5")
def test_immigration_enforcement_has_no_exception(rules: Policy) -> None:
    rule = rules.disclosure.immigration
    assert (rule.refused_answer, rule.except_capability) == ("yes", "")


@pytest.mark.clause("EXT-2")
def test_the_prosecutors_package_is_the_one_that_must_be_complete(rules: Policy) -> None:
    assert rules.disclosure.completeness.recipients == ("prosecutor",)
