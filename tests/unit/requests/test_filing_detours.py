"""Filing by a detour: another use after the image was described, no image after all, steps of the unit on a draft."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.access.scoping import find
from app.domain.identification import verbs as identification
from app.domain.requests import images, verbs
from app.domain.requests.provenance import Provenance
from app.extensions import db
from app.models import FRRequest, ProbeImage
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from app.workflow import explain
from tests.request_factory import SHOP_CAMERA, picture

#: source of an image -> (its facts, the use it serves, a use it does not)
BOUND = {
    "arrest_processing": ({}, "USE-5", "USE-4"),
    "mortuary": ({"taken_by": "Medical examiner's office, 20 November"}, "USE-3", "USE-1"),
    "hospital": ({"taken_by": "Ward 4, by the nurse in charge"}, "USE-4", "USE-3"),
}


def refusal(verb, *given, **named) -> str:
    with pytest.raises(Refused) as caught, unit_of_work():
        verb(*given, **named)
    db.session.rollback()
    return caught.value.rule_id


@pytest.mark.clause("CAP-2", "USE-1", "USE-3", "USE-4")
@pytest.mark.parametrize("source", BOUND)
def test_a_photograph_taken_for_one_use_is_not_filed_under_another_afterwards_bypass(make, people, source):
    """By splitting: described while the use was its own, then the use of the draft is changed."""
    facts, own, other = BOUND[source]
    taken = Provenance(source, facts, "other_lawful", lawful("other_lawful"), attested=True)
    request, actor = make.empty(), people.actor("d.lark")
    with unit_of_work():
        verbs.save_draft(request, actor, make.values(own, case_number=request.case_number))
    make.image(request, describe=taken)
    assert explain(request, "submit", actor) is None
    with unit_of_work():
        verbs.save_draft(request, actor, make.values(other, case_number=request.case_number))
    assert refusal(verbs.submit, request, actor) == "images_lawful"
    assert (request.state, request.submission) == ("draft", 0)


def lawful(basis: str) -> dict[str, str]:
    return {fact.name: f"As the file says of it: {fact.label}" for fact in policy().request.lawful_bases[basis].facts}


@pytest.mark.clause("REQ-3", "LIM-4")
def test_no_image_is_taken_away_or_described_otherwise_once_it_was_filed_bypass(make, people):
    request, actor = make.request("submitted"), people.actor("d.lark")
    (image,) = request.current_images
    otherwise = replace(
        SHOP_CAMERA, obtained_facts={"who": "Taken without asking, 22 November"}, taken_at=image.taken_at
    )
    assert refusal(images.remove_image, image, actor) == "WF-submit"
    assert refusal(images.describe_image, image, actor, otherwise) == "WF-submit"
    make.send_back(request)
    assert refusal(images.remove_image, image, actor) == policy().request.images.id
    assert refusal(images.describe_image, image, actor, otherwise) == policy().request.images.id
    assert request.current_images == [image]
    assert image.private["obtained_facts"] == SHOP_CAMERA.obtained_facts


@pytest.mark.clause("REQ-3", "LIM-4")
def test_what_is_added_and_removed_again_or_not_described_is_no_better_image_bypass(make, people):
    """By the second submission: it asks for the images what the first one asked."""
    request, actor = make.request("awaiting_images"), people.actor("d.lark")
    added = make.image(request, picture(7, 2))
    with unit_of_work():
        images.remove_image(added, actor)
    assert refusal(verbs.resubmit, request, actor) == "new_image_ready"
    bare = make.image(request, picture(7, 3), describe=None)
    assert refusal(verbs.resubmit, request, actor) == "images_lawful"
    unattested = replace(SHOP_CAMERA, attested=False, taken_at=request.images[0].taken_at)
    assert refusal(images.describe_image, bare, actor, unattested) == "attested"
    assert request.state == "awaiting_images"


@pytest.mark.clause("REQ-1")
def test_the_priority_is_not_reasoned_by_a_dot_bypass(make, people):
    for said in (".", "\u200b", "-- --", "xxxx"):
        request = make.request("draft", values={"priority": "threat_to_life", "priority_reason": said})
        assert refusal(verbs.submit, request, people.actor("d.lark")) == "priority_reasoned", said


@pytest.mark.clause("REQ-1")
def test_what_was_sent_back_to_its_draft_is_out_of_the_units_hands_bypass(make, people):
    """By waiting: the examiner had it before their eyes when the supervisor said that it was not discussed."""
    request, examiner = make.request("submitted"), people.actor("k.rowan")
    image = request.images[0].uid
    assert find(FRRequest, request.number, examiner) is not None
    with unit_of_work():
        verbs.deny_discussion(request, people.actor("s.alder"), "We spoke about another case.")
    assert find(FRRequest, request.number, examiner) is None
    assert find(ProbeImage, image, examiner) is None
    assert refusal(identification.accept, request, examiner, "USE-1", "") == "WF-accept"
    assert refusal(identification.refuse, request, examiner, "refuse-crowd", "A rally.") == "WF-refuse"
    assert refusal(identification.return_for_images, request, examiner, ["blurred"], "") == "WF-return"
    for verb in ("take", "document", "select_probe", "start_search", "confirm_discussion"):
        assert explain(request, verb, examiner) is not None, verb
    assert refusal(verbs.submit, request, people.actor("m.heron")) == "actor_is_requester"
