"""Each condition of filing, answering and returning a request, asked of the engine by itself (REQ, LIM, AUD-1).

A draft that may be submitted is spoiled in one thing, in memory: the step must refuse by that thing's own rule, and by
no other.
"""

from __future__ import annotations

import pytest

from app.extensions import db
from app.models.base import now
from app.policy import policy
from app.workflow import explain
from tests.drawn_gallery import needs_models
from tests.request_factory import picture

pytestmark = needs_models


@pytest.fixture(autouse=True)
def _nothing_is_kept(app):
    with db.session.no_autoflush:
        yield
        db.session.rollback()


def refused_by(request, verb, actor, **facts) -> str | None:
    refusal = explain(request, verb, actor, **facts)
    return refusal.rule_id if refusal else None


def answered(request, **answers):
    """As the form holds them: every question on prohibited purposes, some answered otherwise."""
    request.seal(answers=dict.fromkeys(policy().request.prohibitions, "no") | answers)


def first(request):
    return request.current_images[0]


SPOILED = {
    "no case number of an accepted form": (lambda r: setattr(r, "case_number", "75/1234"), "case_number_valid"),
    "an image still being checked": (lambda r: setattr(first(r), "state", "checking"), "images_ready"),
    "an image that could not be read": (lambda r: setattr(first(r), "state", "rejected"), "images_ready"),
    "no image at all": (lambda r: setattr(first(r), "removed_at", now()), "images_ready"),
    "an image whose source is left open": (lambda r: setattr(first(r), "source", None), "images_lawful"),
    "an image of no known day": (lambda r: setattr(first(r), "taken_at", None), "images_lawful"),
    "a source without its facts": (lambda r: first(r).seal(source_facts={}), "images_lawful"),
    "a lawful origin without its facts": (lambda r: first(r).seal(obtained_facts={"who": "x"}), "images_lawful"),
    "no use": (lambda r: setattr(r, "use_id", None), "use_facts_complete"),
    "a use that is not authorized": (lambda r: setattr(r, "use_id", "USE-9"), "use_facts_complete"),
    "facts of the use left out": (lambda r: r.seal(facts={}), "use_facts_complete"),
    "the facts of another use": (lambda r: setattr(r, "use_id", "USE-6"), "use_facts_complete"),
    "a basis of a few words": (lambda r: r.seal(narrative="He did it."), "use_facts_complete"),
    "an urgency that does not exist": (lambda r: setattr(r, "priority", "soon"), "priority_reasoned"),
    "an urgency without a reason": (lambda r: r.seal(priority_reason="  \n"), "priority_reasoned"),
    "no place and day of the matter": (lambda r: r.seal(circumstances={}), "circumstances_stated"),
    "a height that nobody has": (lambda r: r.seal(description={"height_in": "400"}), "description_sound"),
    "an age range that runs backwards": (
        lambda r: r.seal(description={"age_from": "40", "age_to": "20"}),
        "description_sound",
    ),
    "a crowd to be watched": (lambda r: answered(r, **{"crowd-or-rally": "yes"}), "purpose_permitted"),
    "a question on the purpose left open": (lambda r: answered(r, **{"crowd-or-rally": ""}), "purposes_answered"),
    "political activity": (lambda r: answered(r, **{"political-activity": "yes"}), "political_activity_reserved"),
    "nobody named for the discussion": (lambda r: setattr(r, "discussing_supervisor_id", None), "supervisor_named"),
    "oneself named for the discussion": (
        lambda r: setattr(r, "discussing_supervisor_id", r.requester_id),
        "supervisor_named",
    ),
    "an image nobody attested": (lambda r: setattr(first(r), "attested_at", None), "attested"),
}


@pytest.mark.clause(
    "USE-1", "USE-6", "REQ-1", "REQ-2", "REQ-3", "LIM-2", "LIM-3", "LIM-4", "LIM-7", "AUD-1", "SRC-3", "CAP-7"
)
@pytest.mark.parametrize("what", SPOILED)
def test_one_thing_wrong_is_refused_by_the_rule_on_it_and_by_no_other(make, people, what):
    request, requester = make.request(state="draft"), people.actor("d.lark")
    assert refused_by(request, "submit", requester) is None
    spoil, rule = SPOILED[what]
    spoil(request)
    assert refused_by(request, "submit", requester) == rule


@pytest.mark.clause("LIM-2", "LIM-3", "CAP-7", "EXT-5")
def test_each_prohibited_purpose_is_refused_and_none_by_leaving_it_open_bypass(make, people):
    """The purposes stand here, not read from the rules: one that is gone from them is missed."""
    request, requester = make.request(state="draft"), people.actor("d.lark")
    for purpose in ("crowd-or-rally", "open-warrant-sweep", "live-video", "immigration-enforcement"):
        for answer in ("yes", "", "perhaps"):
            answered(request, **{purpose: answer})
            rule = "purpose_permitted" if answer == "yes" else "purposes_answered"
            assert refused_by(request, "submit", requester) == rule, (purpose, answer)


@pytest.mark.clause("REQ-1", "ACC-7")
def test_a_colleagues_draft_is_not_submitted(make, people):
    request = make.request(state="draft")
    assert refused_by(request, "submit", people.actor("m.heron")) == "actor_is_requester"


@pytest.mark.clause("AUD-1")
def test_a_discussion_is_confirmed_by_the_one_named_once_and_before_the_basis(make, people):
    request, examiner = make.request(state="submitted"), people.actor("k.rowan")
    supervisor = people.actor("s.alder")
    assert refused_by(request, "accept", examiner, use=request.use_id) == "discussion_confirmed"
    request.discussion_confirmed_at = now()
    assert refused_by(request, "accept", examiner, use=request.use_id, shown=()) is None
    assert refused_by(request, "confirm_discussion", supervisor) == "discussion_open"


@pytest.mark.clause("REQ-4", "CAP-1")
def test_the_basis_is_confirmed_for_the_use_it_states_and_refused_by_a_rule_with_a_reason(make, people):
    request, examiner = make.request(state="discussed"), people.actor("k.rowan")
    for use in ("USE-2", "", None, "USE-9"):
        assert refused_by(request, "accept", examiner, use=use) == "basis_is_authorized_use"
    refusal = {"rule": "refuse-facts-insufficient", "reason": "No offense is named."}
    assert refused_by(request, "refuse", examiner, **refusal) is None
    assert refused_by(request, "refuse", examiner, **{**refusal, "rule": "refuse-mood"}) == "refusal_cites_rule"
    assert refused_by(request, "refuse", examiner, **{**refusal, "reason": " "}) == "reason_given"


@pytest.mark.clause("REQ-5")
def test_a_confirmation_is_documented_by_a_reference_of_the_case_management_system(make, people):
    request, requester = make.request(state="accepted"), people.actor("d.lark")
    assert refused_by(request, "document", requester, reference="CMS-2026-0815") is None
    for nothing in ("", "  \n", None, "done", "Done 2026", request.case_number):
        assert refused_by(request, "document", requester, reference=nothing) == "entry_reference_given"
    assert refused_by(request, "document", people.actor("m.heron"), reference="CMS-2026-0815") == "actor_is_requester"


@pytest.mark.clause("REQ-7", "REQ-3")
def test_images_go_back_for_a_listed_reason_and_come_again_only_with_a_new_one(make, people):
    request, examiner = make.request(state="discussed"), people.actor("k.rowan")
    assert refused_by(request, "return_for_images", examiner, reasons=["blurred"]) is None
    for reasons in ([], None, ["ugly"], ["blurred", "ugly"]):
        assert refused_by(request, "return_for_images", examiner, reasons=reasons) == "unsuitable_reasons_given"
    make.send_back(request)
    assert refused_by(request, "resubmit", people.actor("d.lark")) == "new_image_ready", "the same picture once more"
    make.image(request, picture(7, 2))
    assert refused_by(request, "resubmit", people.actor("d.lark")) is None


@pytest.mark.clause("SRC-2", "ACC-7", "ACC-2", "ACC-4", "SRC-4", "REQ-4")
def test_work_is_taken_once_and_handed_on_to_a_trained_examiner_without_a_part_and_with_notes(make, people):
    request, rowan, maple = make.request(state="accepted"), people.actor("k.rowan"), people.actor("j.maple")
    notes = "Nothing was compared yet; the still is dark on the left."
    facts = {"receiver": maple, "notes": notes, "previous": rowan.id}
    assert refused_by(request, "hand_over", rowan, **facts) is None
    assert refused_by(request, "hand_over", maple, **facts) == "actor_holds_work"
    for receiver in (None, rowan, people.actor("o.teal"), people.actor("d.lark")):
        assert refused_by(request, "hand_over", rowan, **{**facts, "receiver": receiver}) == "receiver_may_examine"
    request.discussing_supervisor_id = maple.id
    assert refused_by(request, "hand_over", rowan, **facts) == "receiver_may_examine", "another part"
    request.discussing_supervisor_id = people.account("s.alder").id
    assert refused_by(request, "hand_over", rowan, **{**facts, "notes": "Yours."}) == "hand_over_noted"
    assert refused_by(request, "take_over", maple, examiner_available=True) == "examiner_unavailable"
    assert refused_by(request, "take_over", maple, examiner_available=False) is None


@pytest.mark.clause("SRC-2", "ACC-7")
def test_what_somebody_has_is_taken_by_nobody(make, people):
    request, rowan, maple = make.request(state="discussed"), people.actor("k.rowan"), people.actor("j.maple")
    assert refused_by(request, "take", maple) is None
    request.examiner_id = rowan.id
    assert refused_by(request, "take", maple) == refused_by(request, "take", rowan) == "work_unassigned"


@pytest.mark.clause("REQ-6", "REQ-7")
def test_a_probe_is_selected_only_with_its_suitability_and_a_reason_past_a_failing_measure(make, people):
    request, examiner = make.request(state="probe_selected"), people.actor("k.rowan")
    search = request.current_search
    assert refused_by(request, "select_probe", examiner) is None
    failing = {"rule": "quality-inter-eye", "band": "fail", "text": "Too small."}
    search.face.quality = {**search.face.quality, "findings": [failing]}
    assert refused_by(request, "select_probe", examiner) == "quality_override_reasoned"
    search.seal(suitability_note="Small.")
    assert refused_by(request, "select_probe", examiner) == "quality_override_reasoned", "less than 20 characters"
    search.seal(suitability_note="Small, but every feature can be told.")
    assert refused_by(request, "select_probe", examiner) is None
    search.seal(suitability_note="")
    search.face.quality = {**search.face.quality, "findings": []}
    for verdict in (None, "unsuitable", "limited", "splendid"):
        search.suitability = verdict
        assert refused_by(request, "select_probe", examiner) == "suitability_recorded", verdict
