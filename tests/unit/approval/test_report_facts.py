# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
"""What a report states, gathered from the records of a real case (SRC-7 to SRC-9, CAP-6)."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from app.documents.approval.facts import ReportKind
from app.documents.approval.manifest import manifest
from app.documents.errors import FactsError
from app.domain.approval.report_facts import gather
from app.domain.approval.reports import begin_report
from app.policy import loader, policy
from app.policy.texts import RuleText, digest_of
from app.unit_of_work import unit_of_work
from tests.nominated_request import at, filed, nominated_data, settings  # noqa: F401  (fixtures)


def begun(request, kind):
    with unit_of_work():
        return begin_report(request, kind)


@pytest.mark.clause("SRC-8", "SRC-9", "CAP-6", "LIM-4")
def test_possible_match_states_the_whole_case(at):
    request = at("approved")
    facts = gather(begun(request, "possible_match"))
    search, nominee = request.current_search, request.current_round.nominee
    assert (facts.kind, facts.case_number, facts.request_number) == (
        ReportKind.POSSIBLE_MATCH,
        request.case_number,
        request.number,
    )
    assert facts.use.id == "USE-1"
    assert dict(facts.use.facts)["Suspected offense"] == "Robbery in the second degree"
    assert facts.probe.picture.sha256 == search.image.sha256 == search.probe_sha256
    assert facts.probe.source.startswith("Still from surveillance video\n")
    assert facts.probe.obtained.startswith("Given by its owner\n")
    left, _top, right, _bottom = search.face.box
    assert facts.probe.face.width == pytest.approx((right - left) * facts.probe.picture.size[0] / search.image.width)
    assert facts.algorithm.file_sha256 == search.algorithm_digest
    assert facts.algorithm.nist_status.endswith("has no NIST evaluation record.")
    assert facts.gallery.generation == str(search.gallery_generation)
    assert facts.gallery.photographs == search.gallery_photos
    assert facts.candidate.record_number == nominee.photo.record_number
    assert facts.candidate.photographs[0].picture.sha256 == nominee.photo.sha256
    assert {row.verdict for row in facts.candidate.comparison} == {"Similar"}
    assert {row.item: row.finding for row in facts.candidate.items}["Custody"] == "No: was at liberty"
    assert "nothing contradicts the candidate" in facts.candidate.background
    assert facts.decision.who.name == "Cleo Hawthorn"


@pytest.mark.clause("SRC-8")
def test_each_step_names_its_person_and_part(at):
    request = at("approved")
    facts = gather(begun(request, "possible_match"))
    parts = {step.who.name: step.who.role for step in facts.steps}
    assert parts == {
        "Dana Lark": "requesting investigator",
        "Sam Alder": "supervisor of the requesting investigator",
        "Kit Rowan": "examiner",
        "The portal": None,
        "Jo Maple": "peer reviewer",
        "Noor Finch": "peer reviewer",
        "Cleo Hawthorn": "supervisor",
    }
    assert [step.at for step in facts.steps] == sorted(step.at for step in facts.steps)
    assert all(step.clauses for step in facts.steps)
    assert [entry.sha256 for entry in facts.custody] == [request.current_search.probe_sha256] * 3


@pytest.mark.clause("SRC-5", "SRC-8")
def test_each_judgment_carries_the_version_it_was_made_under(at, monkeypatch):
    """A report that is made under later rules does not pass them off as the rules of the decision (waiting)."""
    request, first = at("approved"), policy().version
    texts = (*policy().texts, RuleText("z.toml", b""))
    changed = dataclasses.replace(policy(), texts=texts, version=digest_of(texts))
    monkeypatch.setattr(loader._held, "applied", changed)
    facts = gather(begun(request, "possible_match"))
    marks = {version.mark: version.digest for version in facts.policies}
    assert list(marks.values()) == [first, changed.version]
    assert all(version.kept for version in facts.policies)
    under = {judged.what: marks[judged.policy] for judged in facts.judged}
    assert under.pop("This report") == changed.version == facts.policy_version
    assert set(under) == {
        "Basis confirmed",
        "Probe selected for a search",
        "Comparison of candidates, round 1",
        "Background check, round 1",
        "Peer review 1, round 1",
        "Peer review 2, round 1",
        "Final review, round 1: Approve the possible match",
    }
    assert set(under.values()) == {first}
    assert {marks[step.policy] for step in facts.steps} == {first}


def test_a_step_is_told_in_the_words_of_its_version_bypass(at, monkeypatch):
    """Rewording a rule afterwards does not reword what was done (wording)."""
    request = at("approved")
    said = policy().rule("WF-approve").text
    texts = tuple(
        RuleText(text.name, text.content.replace(said.encode(), b"Anything goes.")) for text in policy().texts
    )
    reworded = msgspec.structs.replace(policy().rule("WF-approve"), text="Anything goes.")
    rules = {**policy().rules, "WF-approve": reworded}
    changed = dataclasses.replace(policy(), texts=texts, version=digest_of(texts), rules=rules)
    monkeypatch.setattr(loader._held, "applied", changed)
    told = {step.what for step in gather(begun(request, "possible_match")).steps}
    assert said in told and "Anything goes." not in told


def test_a_report_lists_every_version_it_names(at):
    facts = gather(begun(at("approved"), "possible_match"))
    with pytest.raises(FactsError, match="every policy version"):
        dataclasses.replace(facts, policies=())


@pytest.mark.clause("SRC-5", "SRC-8")
def test_possible_match_needs_an_approval(at):
    request = at("peer_reviewed")
    with pytest.raises(FactsError, match="approval"):
        gather(begun(request, "possible_match"))


@pytest.mark.clause("SRC-7", "ACC-1")
def test_negative_report_names_no_candidate(at, people):
    from app.domain.approval import verbs as approvals

    request = at("peer_reviewed")
    supervisor = people.actor("c.hawthorn")
    with unit_of_work():
        approvals.disapprove(request, supervisor, "The ears differ.", password_confirmed=True)
    facts = gather(begun(request, "negative"))
    assert facts.candidate is None
    text = manifest(facts).decode()
    for candidate in request.current_search.candidates:
        assert candidate.photo.record_number not in text
        assert candidate.person.private["name"] not in text
    assert "The ears differ" not in text


def test_an_algorithm_that_left_the_catalogue_is_not_described(at, monkeypatch):
    from app.matching.catalogue import catalogue

    request = at("approved")
    monkeypatch.delitem(catalogue().extractors, "dlib-resnet-v1")
    facts = gather(begun(request, "possible_match"))
    assert (facts.algorithm.id, facts.algorithm.developer) == ("dlib face recognition ResNet", None)
    assert facts.algorithm.nist_status == "Not recorded with the search."
