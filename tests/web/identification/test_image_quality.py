"""What people see of a face's quality, and that a failed measure is overridden by a written reason alone (REQ-7)."""

from __future__ import annotations

import json
from functools import cache

import cv2
import pytest

from app.domain.identification import verbs as identification
from app.extensions import db
from app.models.engine import AuditEvent
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from demo.people import person, scene
from tests.drawn_gallery import needs_models
from tests.web.page_reading import send, soup, text

pytestmark = [needs_models, pytest.mark.clause("REQ-7")]
REASON = "The face is small, but ears and hairline show clearly."
SENTENCE = "pixels between the eyes; comparison needs at least 13."


@cache
def tiny(seed: int = 7) -> bytes:
    """A drawn still in which about eleven pixels lie between the eyes."""
    small = cv2.resize(scene(person(seed), 1), None, fx=0.16, fy=0.16, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".png", small)[1].tobytes()


def filed(make, state: str, **parts):
    """A request whose second image shows a face that is too small; that image becomes the probe."""
    request = make.request("draft")
    make.image(request, tiny())
    return make.advance_to(request, state, image=1, **parts)


def test_the_check_keeps_measures_sentences_and_versions(make):
    face = filed(make, "draft").current_images[1].faces[0]
    assert set(face.quality) == {"version", "policy", "measures", "findings"}
    assert face.quality["policy"] == policy().version
    found = {finding["measure"]: finding for finding in face.findings}
    assert set(found) == {rule.measure for rule in policy().review.quality.values()}
    assert found["inter_eye"]["band"] == "fail"
    assert found["inter_eye"]["rule"] == "quality-inter-eye"
    assert found["inter_eye"]["text"] == f"There are {int(face.inter_eye)} {SENTENCE}"
    assert [finding["measure"] for finding in face.failing] == ["inter_eye"]
    assert all(0 <= finding["score"] <= 100 for finding in face.findings)


def test_the_investigator_reads_beside_each_image_what_is_wrong(make, sign_in):
    request = filed(make, "draft")
    client = sign_in("d.lark")
    page = soup(client.get(f"/requests/{request.number}"))
    good, poor = page.select(".cor-image-card")
    assert "Every measure of its quality passes" in good.get_text() or "Warning" in good.get_text()
    first = poor.select_one(".cor-quality li")
    assert first.get_text(" ", strip=True).startswith("Fail There are ")
    assert SENTENCE in first.get_text()
    own = text(client.get(f"/requests/{request.number}/images/{request.current_images[1].uid}"))
    assert f"Fail There are {int(request.current_images[1].faces[0].inter_eye)} {SENTENCE}" in own
    part = client.get(
        f"/requests/{request.number}/images/{request.current_images[1].uid}/state", headers={"HX-Request": "true"}
    )
    assert SENTENCE in text(part)


def test_a_returned_request_names_the_faults_of_each_image(make, sign_in):
    request = filed(make, "awaiting_images")
    page = soup(sign_in("d.lark").get(f"/requests/{request.number}"))
    panel = next(p for p in page.select("section") if "Why the images came back" in p.get_text())
    assert "Image 2" in panel.get_text()
    assert SENTENCE in panel.get_text()


def test_an_image_checked_before_quality_was_kept_still_shows(make, sign_in):
    request = filed(make, "documented")
    face = request.current_images[1].faces[0]
    with unit_of_work():
        from app import audit

        face.quality = {"inter_eye": 11.0, "sharpness": 80.0}
        audit.record("image.checked", request, image=face.image.uid, state="ready", faces=1)
    words = "Quality not measured; this image was checked before the portal measured it."
    assert words in text(sign_in("d.lark").get(f"/requests/{request.number}"))
    client = sign_in("k.rowan")
    assert words in text(client.get(f"/review/{request.number}"))
    url = f"/review/{request.number}/probe"
    assert words in text(client.get(url))
    answer = send(client, url, url, face=f"{face.image.uid}.1", suitability="suitable")
    assert answer.status_code == 303


def test_the_examiner_overrides_a_failed_measure_only_with_a_reason(make, sign_in):
    request = filed(make, "documented")
    client, url = sign_in("k.rowan"), f"/review/{request.number}/probe"
    page = soup(client.get(url))
    assert SENTENCE in page.get_text()
    assert "Score " in page.get_text()
    face = f"{request.current_images[1].uid}.1"
    for note in ("", "   ", "Too short."):
        answer = send(client, url, url, face=face, suitability="suitable", note=note)
        assert answer.status_code == 422
        said = text(answer)
        assert "Give your reason to search all the same, in at least 20 characters." in said
        assert policy().conditions["quality_override_reasoned"].text in said
        assert "REQ-7" in said
        assert request.state == "documented"
    answer = send(client, url, url, face=face, suitability="suitable", note=REASON)
    assert answer.status_code == 303
    search = request.current_search
    sentence = request.current_images[1].faces[0].failing[0]["text"]
    assert search.overridden == ({"rule": "quality-inter-eye", "text": sentence},)
    event = db.session.query(AuditEvent).filter_by(event="request.probe_selected").one()
    assert json.loads(event.keys)["overridden"] == ["quality-inter-eye"]
    shown = text(client.get(f"/review/{request.number}"))
    assert f"Overridden with this reason: {sentence}" in shown
    assert REASON in shown


def test_a_face_that_fails_in_nothing_needs_no_note(make, sign_in):
    request = filed(make, "documented")
    url = f"/review/{request.number}/probe"
    face = f"{request.current_images[0].uid}.1"
    assert request.current_images[0].faces[0].failing == ()
    assert send(sign_in("k.rowan"), url, url, face=face, suitability="suitable").status_code == 303
    assert request.current_search.overridden == ()


def test_the_domain_refuses_it_whatever_the_page_does(make, people):
    request = filed(make, "documented")
    image, actor = request.current_images[1], people.actor("k.rowan")
    with pytest.raises(Refused) as refusal, unit_of_work():
        identification.select_probe(request, actor, image, image.faces[0], "suitable", "")
    assert refusal.value.rule_id == "quality_override_reasoned"
    assert "REQ-7" in refusal.value.rule.authority
    assert request.searches == []


@pytest.mark.clause("SRC-5")
def test_the_supervisors_file_shows_what_was_overridden_and_why(make, sign_in, monkeypatch):
    from tests.unit_stages import UnitStages

    def select(self, request) -> None:
        image, actor = request.current_images[1], self.part("examiner", "k.rowan")
        with unit_of_work():
            identification.select_probe(request, actor, image, image.faces[0], "suitable", REASON)

    monkeypatch.setattr(UnitStages, "select", select)
    request = filed(make, "peer_reviewed")
    shown = text(sign_in("c.hawthorn").get(f"/final-review/{request.number}"))
    assert SENTENCE in shown
    assert REASON in shown
    assert "Failed quality measures, overridden" in shown
