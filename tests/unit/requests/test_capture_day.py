"""The day on which a photograph was taken, and what is typed of its camera, are held against what is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.domain.requests import images as probe_images
from app.extensions import db
from app.policy import policy
from app.policy.capture import check_capture, day_asked
from app.policy.examination.against import Against
from app.policy.examination.background import compare
from app.policy.facts import signs
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from app.workflow import explain
from tests.drawn_gallery import needs_models
from tests.request_factory import SHOP_CAMERA

WHY = "The still of a week before shows the same jacket and the same cut on the hand."
WORN = "It shows the clerk who wears a camera; the shop's own camera took it from above."


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC)


def describe(image, people, **changes) -> str | None:
    try:
        with unit_of_work():
            probe_images.describe_image(image, people.actor("d.lark"), replace(SHOP_CAMERA, **changes))
    except Refused as refused:
        db.session.rollback()
        return refused.rule_id
    return None


@pytest.mark.clause("LIM-4", "REQ-3")
def test_no_photograph_is_older_than_photography_of_the_living_bypass(app) -> None:
    assert [fault.field for fault in check_capture(policy(), date(1899, 12, 31))] == ["taken_at"]
    assert check_capture(policy(), date(1900, 1, 1)) == []


@pytest.mark.clause("LIM-4", "SRC-3")
def test_a_still_of_another_day_and_an_old_photograph_owe_an_answer_bypass(app) -> None:
    def asked(source: str, taken: date) -> list[str]:
        return [fact.name for fact in day_asked(policy(), source, taken, date(2026, 11, 21))]

    for source in ("surveillance_still", "body_worn_camera"):
        for day in (20, 21, 22):
            assert asked(source, date(2026, 11, day)) == []
        for day in (19, 23):
            assert asked(source, date(2026, 11, day)) == ["why_that_day"]
    assert asked("other_source", date(2006, 1, 1)) == []
    assert asked("other_source", date(2005, 12, 31)) == ["why_that_day"]


@pytest.mark.clause("LIM-4", "SRC-3")
def test_why_that_day_is_said_within_its_length(app) -> None:
    [fact] = policy().request.capture.facts
    assert (fact.required, fact.min_length, fact.max_length) == (True, 30, 1000)


@needs_models
@pytest.mark.clause("LIM-4", "SRC-3")
def test_a_day_that_fits_no_matter_is_refused_or_answered_bypass(make, people) -> None:
    request = make.request(state="draft")
    [image] = request.current_images
    stands = {**SHOP_CAMERA.source_facts}
    assert describe(image, people, taken_at=at("1890-01-01")) == "images_lawful"
    assert describe(image, people, taken_at=at("2026-11-01")) == "images_lawful"
    assert describe(image, people, taken_at=at("2026-11-01"), source_facts=stands | {"why_that_day": WHY}) is None
    assert explain(request, "submit", people.actor("d.lark")) is None
    image.seal(source_facts=stands)  # as if the day of the matter had been changed after the image was described
    assert explain(request, "submit", people.actor("d.lark")).rule_id == "images_lawful"
    image.taken_at = at("1890-01-01")
    assert explain(request, "submit", people.actor("d.lark")).rule_id == "images_lawful"
    db.session.rollback()


@needs_models
@pytest.mark.clause("LIM-4")
def test_an_answer_that_is_asked_for_no_longer_does_no_harm(make, people) -> None:
    request = make.request(state="draft")
    [image] = request.current_images
    image.seal(source_facts={**SHOP_CAMERA.source_facts, "why_that_day": WHY})
    assert explain(request, "submit", people.actor("d.lark")) is None
    db.session.rollback()


@pytest.mark.clause("LIM-1")
@pytest.mark.parametrize(
    "said",
    [
        "Still from the body-worn camera of Officer Ruiz",
        "Still of Officer Ruiz, BODY  WORN",
        "bodycam of the first officer",
        "B.W.C. of the sergeant",
        "the b\u043edy-w\u043ern camera",
        "the body\u00adworn camera",
        "\uff42\uff4f\uff44\uff59 camera, Ruiz",
        "body_worn, second angle",
        "a camera worn by Officer Ruiz",
        "the officer's vest cam",
        "chest-mounted device",
        "worn camera of the patrol",
    ],
)
def test_words_typed_name_a_body_worn_camera_however_they_are_spelled_bypass(app, said) -> None:
    assert [fact.name for fact in signs(policy(), "other_source", [said])] == ["why_no_body_worn_camera"]
    assert signs(policy(), "body_worn_camera", [said]) == ()


@pytest.mark.clause("LIM-1")
@pytest.mark.parametrize(
    "said",
    [
        "Nobody came forward; somebody cams the street",
        "The camera over the counter, worn paint",
        "The body came to rest at the pier",
        "Everybody camped outside",
        "A worn campaign button is seen",
        "Axiom Plaza, lobby camera",
    ],
)
def test_words_that_name_none_are_asked_nothing(app, said) -> None:
    assert signs(policy(), "other_source", [said]) == ()


@needs_models
@pytest.mark.clause("LIM-1")
@pytest.mark.parametrize("where", ["source", "obtained"])
def test_a_body_worn_camera_is_not_submitted_under_another_name_bypass(make, people, where) -> None:
    request = make.request(state="draft")
    [image] = request.current_images
    said = "Still from the body worn camera of Officer Ruiz"
    given = (
        {"source": "other_source", "source_facts": {"origin": said}, "obtained": "department_camera"}
        if where == "source"
        else {"obtained": "other_lawful", "source_facts": {**SHOP_CAMERA.source_facts}}
    )
    given["obtained_facts"] = {} if where == "source" else {"explanation": said}
    given["taken_at"] = image.taken_at
    assert describe(image, people, **given) == "body_worn_exception"
    answered = given | {"source_facts": {**given["source_facts"], "why_no_body_worn_camera": WORN}}
    assert describe(image, people, **answered) is None
    assert explain(request, "submit", people.actor("d.lark")) is None
    image.seal(source_facts=given["source_facts"])
    assert explain(request, "submit", people.actor("d.lark")).rule_id in ("images_lawful", "body_worn_exception")
    db.session.rollback()


@pytest.mark.clause("SRC-3")
def test_a_photograph_from_before_the_birth_contradicts_the_candidate_bypass(app) -> None:
    def judged(taken: str | None, **stated) -> str:
        known = {"date": "2026-11-21", **({"taken_on": taken} if taken else {})}
        against = Against({"born_on": "1982-03-04"}, stated, known, {})
        [one] = [one for one in compare(policy(), against) if one.rule.id == "inconsistency-age"]
        return f"{one.status}: {one.computed}"

    unborn = "inconsistent: Born on 1982-03-04, after the photograph of the probe was taken on 1982-03-03."
    assert judged("1982-03-03") == unborn == judged("1982-03-03", age_from="40", age_to="50")
    assert judged("1982-03-04", age_from="40", age_to="50").startswith("consistent")
    assert judged(None).startswith("not_known")
