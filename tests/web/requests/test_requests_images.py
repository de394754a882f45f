"""Uploads through the page: every bad file is told plainly, and nothing else of the draft is lost."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from app.blueprints.review.examination.request_facts import image_rows
from app.calendar import today
from app.domain.requests import images as probe_images
from app.extensions import db
from app.models import ProbeImage
from app.policy import policy
from app.unit_of_work import unit_of_work
from app.workflow.options import options
from app.workflow.registry import CONDITIONS
from demo.people import person, scene
from tests.request_factory import NARRATIVE, picture
from tests.web.page_reading import soup
from tests.web.requests.test_requests_flow import origin_fields, upload


def jpeg(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def bomb() -> bytes:
    """A PNG of a few hundred bytes that claims 50,000 × 50,000 pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def with_huge_exif(data: bytes) -> bytes:
    """The same photograph with 64 KB of metadata, a place among it."""
    exif = Image.Exif()
    exif[0x010F] = "Maker" * 12_000
    exif[0x8825] = {1: "N", 2: (40.0, 42.0, 0.0)}
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).save(out, "JPEG", exif=exif, quality=90)
    return out.getvalue()


BAD = {
    "nothing": (b"", "empty"),
    "text": (b"this is no picture", "not an image of a kind"),
    "gif": (b"GIF89a" + b"\0" * 50, "not an image of a kind"),
    "script": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image of a kind"),
    "header only": (b"\xff\xd8\xff\xe0", "incomplete or damaged"),
    "bomb": (bomb(), "megapixels"),
}


@pytest.mark.clause("REQ-3")
@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_refused_in_plain_words(sign_in, post, make, kind):
    request = make.request("draft")
    data, words = BAD[kind]
    client = sign_in("d.lark")
    answer = upload(client, post, request.number, data, "face.jpg")
    assert answer.status_code == 422
    assert words in answer.text
    assert "The image was not added" in answer.text
    assert NARRATIVE[:40] in answer.text
    assert len(request.current_images) == 1


def test_no_file_chosen(sign_in, post, make):
    request = make.empty()
    answer = upload(sign_in("d.lark"), post, request.number, b"", "")
    assert answer.status_code == 422
    assert "Choose a photograph first" in answer.text


def test_too_large_a_file_is_told_with_its_limit(sign_in, post, make):
    request = make.empty()
    answer = upload(sign_in("d.lark"), post, request.number, b"\xff\xd8\xff" + b"\0" * (25 * 1024 * 1024 + 1))
    assert answer.status_code == 422
    assert "25 MB" in answer.text


@pytest.mark.clause("REQ-3")
@pytest.mark.parametrize(
    ("data", "state", "words"),
    [
        (picture()[: len(picture()) // 3], "unreadable", "incomplete or damaged"),
        (jpeg(np.full((300, 400, 3), 128, np.uint8)), "no_face", "No face was found"),
    ],
)
def test_what_only_decoding_tells_stands_on_the_page_and_blocks(sign_in, post, make, run_jobs, data, state, words):
    request = make.request("draft")
    client = sign_in("d.lark")
    assert upload(client, post, request.number, data).status_code == 303
    run_jobs()
    page = client.get(f"/requests/{request.number}").text
    assert words in page
    assert request.current_images[-1].state == state
    assert post(client, f"/requests/{request.number}/submit", page=f"/requests/{request.number}").status_code == 422
    bad = request.current_images[-1].uid
    removed = post(client, f"/requests/{request.number}/images/{bad}/remove", page=f"/requests/{request.number}")
    assert removed.status_code == 303
    assert [image.state for image in request.current_images] == ["ready"]
    again = post(client, f"/requests/{request.number}/images/{bad}/remove", page=f"/requests/{request.number}")
    assert again.status_code == 303


@pytest.mark.clause("LIM-3")
def test_a_picture_of_twenty_faces_is_a_crowd(sign_in, post, make, run_jobs):
    faces = [cv2.resize(scene(person(seed), 1), (320, 240)) for seed in range(20)]
    crowd = np.vstack([np.hstack(faces[row * 5 : row * 5 + 5]) for row in range(4)])
    request = make.empty()
    client = sign_in("d.lark")
    assert upload(client, post, request.number, jpeg(crowd)).status_code == 303
    run_jobs()
    page = client.get(f"/requests/{request.number}").text
    assert "pictures of crowds are not analyzed" in page
    image = request.current_images[0]
    assert (image.state, image.faces) == ("too_many_faces", [])


def test_huge_metadata_stays_with_the_original_and_out_of_sight(sign_in, post, make, run_jobs):
    request = make.empty()
    client = sign_in("d.lark")
    data = with_huge_exif(picture())
    assert upload(client, post, request.number, data).status_code == 303
    run_jobs()
    image = db.session.query(ProbeImage).one()
    assert image.state == "ready"
    from app.extensions import stores

    assert stores().blobs.get(image.blob_id, image.key_id, image.sha256) == data
    shown = stores().blobs.get(image.shown_blob_id, image.key_id, image.shown_sha256)
    assert not Image.open(io.BytesIO(shown)).getexif()
    assert b"Maker" not in shown
    assert image.private["exif"]["gps"] is True


@pytest.mark.clause("REQ-3")
def test_the_same_photograph_twice_is_one_image(sign_in, post, make):
    request = make.empty()
    client = sign_in("d.lark")
    assert upload(client, post, request.number, picture()).status_code == 303
    second = upload(client, post, request.number, picture(), "copy.jpg")
    assert second.status_code == 422
    assert "already in the request, as image 1" in second.text
    assert len(request.current_images) == 1
    from app.extensions import stores

    assert len(list(stores().blobs.iter_ids())) == 1


@pytest.mark.clause("REQ-3")
def test_an_eleventh_image_is_refused(sign_in, post, make):
    request = make.empty()
    client = sign_in("d.lark")
    flat = [jpeg(np.full((40, 40, 3), shade, np.uint8)) for shade in range(20, 240, 20)]
    for data in flat[:10]:
        assert upload(client, post, request.number, data).status_code == 303
    refused = upload(client, post, request.number, flat[10])
    assert refused.status_code == 422
    assert "already holds 10 images" in refused.text


@pytest.mark.clause("REQ-3", "REQ-7")
def test_nothing_is_added_after_submitting(sign_in, post, make):
    request = make.request("submitted")
    client = sign_in("d.lark")
    data = {"image": (io.BytesIO(picture(8, 2)), "still.jpg")}
    page = f"/requests/{request.number}/withdraw"
    answer = post(client, f"/requests/{request.number}/images", data, page=page, content_type="multipart/form-data")
    assert answer.status_code == 409
    assert len(request.current_images) == 1


@pytest.mark.clause("LIM-1")
@pytest.mark.parametrize("broken", ["camera_on", "witnessed_crime", "unable_to_apprehend"])
def test_a_body_worn_camera_still_needs_every_fact_of_the_exception(sign_in, post, make, broken):
    request = make.request("draft", images=0)
    image = make.image(request, describe=None)
    client = sign_in("d.lark")
    where = f"/requests/{request.number}/images/{image.uid}"
    facts = {
        "source_officer": "Officer Demo Wren, shield 0000",
        "source_camera_on": "yes",
        "source_witnessed_crime": "yes",
        "source_unable_to_apprehend": "yes",
        "source_account": "The officer saw the theft; the person left by train.",
    }
    fields = origin_fields(source="body_worn_camera", shown_source="body_worn_camera") | facts
    del fields["source_camera"]
    refused = post(client, where, fields | {f"source_{broken}": "no"})
    assert refused.status_code == 422
    assert "LIM-1" in refused.text
    assert "Officer Demo Wren" in refused.text
    assert image.source is None
    assert post(client, where, fields).status_code == 303
    assert image.source == "body_worn_camera"


WHY_NONE = "source_why_no_body_worn_camera"


def with_camera(data: bytes, make: str, model: str) -> bytes:
    """The same photograph with the make and model of a camera in its metadata."""
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x010F], exif[0x0110] = make, model
    Image.open(io.BytesIO(data)).save(out, "JPEG", exif=exif, quality=90)
    return out.getvalue()


@pytest.mark.clause("LIM-1")
@pytest.mark.parametrize(
    ("name", "camera"),
    [
        ("AXON_Body_3_Video_2026-11-21_2240.jpg", None),
        ("bwc2240.jpg", None),
        ("Body-Worn still 4.jpg", None),
        ("still.jpg", ("Axon Enterprise", "Axon Body 3")),
        ("IMG_0001.jpg", ("VIEVU LLC", "LE5")),
    ],
)
def test_a_file_that_names_a_body_worn_camera_is_no_surveillance_still_without_an_answer_bypass(
    sign_in, post, make, run_jobs, name, camera
):
    """Called surveillance, such a still needed none of the facts of the exception."""
    request, client = make.request("draft", images=0), sign_in("d.lark")
    data = with_camera(picture(), *camera) if camera else picture()
    assert upload(client, post, request.number, data, name).status_code == 303
    run_jobs()
    [image] = request.current_images
    where = f"/requests/{request.number}/images/{image.uid}"
    refused = post(client, where, origin_fields())
    assert refused.status_code == 422 and "LIM-1" in refused.text
    assert soup(refused).find(attrs={"name": WHY_NONE}), "the question stands on the page"
    assert post(client, where, origin_fields() | {WHY_NONE: "No."}).status_code == 422
    assert image.source is None
    reason = "The shop's own camera wrote it; its clerk named the file after the officer who asked for it."
    assert post(client, where, origin_fields() | {WHY_NONE: reason}).status_code == 303
    assert image.source == "surveillance_still"
    assert ("Why this is no picture of a body-worn camera", reason) in image_rows(image), "the unit reads it"


@pytest.mark.clause("LIM-1")
@pytest.mark.parametrize("name", ["Saxony_camera_2.jpg", "lobby cam everybody.jpg", "taxonomy.jpg", "nightwatch.jpg"])
def test_a_file_that_names_no_body_worn_camera_is_asked_nothing(sign_in, post, make, run_jobs, name):
    request, client = make.request("draft", images=0), sign_in("d.lark")
    assert upload(client, post, request.number, picture(), name).status_code == 303
    run_jobs()
    where = f"/requests/{request.number}/images/{request.current_images[0].uid}"
    assert post(client, where, origin_fields()).status_code == 303


@pytest.mark.clause("LIM-1")
def test_details_saved_before_the_worker_read_the_file_do_not_pass_at_submission_bypass(
    sign_in, post, make, run_jobs, people
):
    """By waiting for nothing: the metadata is not known while the image is still checked."""
    request, client = make.request("draft", images=0), sign_in("d.lark")
    assert upload(client, post, request.number, with_camera(picture(), "Axon", "Body 3")).status_code == 303
    [image] = request.current_images
    assert post(client, f"/requests/{request.number}/images/{image.uid}", origin_fields()).status_code == 303
    run_jobs()
    assert image.state == "ready"
    for condition in ("body_worn_exception", "images_lawful"):
        found = CONDITIONS[condition](request, people.actor("d.lark"), {})
        assert found == "Image 1: Fill in “Why this is no picture of a body-worn camera”.", condition


@pytest.mark.clause("LIM-1")
@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("other", [None, {"requester": "m.heron", "supervisor": "t.birch"}])
def test_another_name_for_the_same_photograph_ends_no_question_bypass(
    sign_in, post, make, run_jobs, people, edited, other
):
    """Asked why, removed, and sent again as “still.jpg”: as it was, saved anew, or by a colleague in the matter."""
    first = make.request("draft", images=0)
    data = picture()
    assert upload(sign_in("d.lark"), post, first.number, data, "bwc_officer_4711.jpg").status_code == 303
    run_jobs()
    [image] = first.current_images
    with unit_of_work():
        probe_images.remove_image(image, people.actor("d.lark"))
    request = make.request("draft", images=0, case_number=first.case_number, **other) if other else first
    client = sign_in(request.requester.name)
    again = with_camera(data, "Canon", "EOS") if edited else data
    assert upload(client, post, request.number, again, "still.jpg").status_code == 303
    run_jobs()
    [image] = request.current_images
    where = f"/requests/{request.number}/images/{image.uid}"
    refused = post(client, where, origin_fields())
    assert refused.status_code == 422 and "LIM-1" in refused.text and image.source is None
    assert soup(refused).find(attrs={"name": WHY_NONE}), "the question stands on the page"


@pytest.mark.clause("LIM-1")
def test_the_name_of_another_photograph_or_another_matter_asks_nothing(sign_in, post, make, run_jobs):
    first = make.request("draft", images=0, case_number="2026-075-07777")
    assert upload(sign_in("d.lark"), post, first.number, picture(), "bwc2240.jpg").status_code == 303
    request, client = make.request("draft", images=0), sign_in("d.lark")
    assert upload(client, post, request.number, picture(), "still.jpg").status_code == 303
    run_jobs()
    where = f"/requests/{request.number}/images/{request.current_images[0].uid}"
    assert post(client, where, origin_fields()).status_code == 303


@pytest.mark.clause("LIM-1", "REQ-3")
def test_a_source_of_another_use_blocks_even_when_the_use_changes_later(make):
    from dataclasses import replace

    from app.domain.requests import verbs as requests
    from app.unit_of_work import unit_of_work
    from tests.request_factory import SHOP_CAMERA

    request = make.request("draft", use="USE-5", images=0)
    make.image(request, describe=replace(SHOP_CAMERA, source="arrest_processing", source_facts={}))
    actor = make.people.actor("d.lark")
    assert options(request, actor).blockers("submit") == ()
    values = make.values("USE-1")
    with unit_of_work():
        requests.save_draft(request, actor, values)
    assert "images_lawful" in {refusal.rule_id for refusal in options(request, actor).blockers("submit")}


@pytest.mark.clause("LIM-4", "REQ-3")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"source_camera": ""}, "Which camera or recording"),
        ({"obtained": "", "shown_obtained": ""}, "lawfully obtained"),
        ({"obtained_who": ""}, "Who gave it"),
        ({"taken_on": "", "taken_time": ""}, "when the photograph was taken"),
        ({"taken_on": "2999-01-01"}, "lies in the future"),
        ({"attested": ""}, "attest"),
    ],
)
def test_an_image_without_its_origin_is_not_recorded(sign_in, post, make, change, words):
    request = make.empty()
    image = make.image(request, describe=None)
    fields = {name: value for name, value in (origin_fields() | change).items() if value or name.startswith("shown")}
    answer = post(sign_in("d.lark"), f"/requests/{request.number}/images/{image.uid}", fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert image.attested_at is None


@pytest.mark.parametrize(
    ("day", "clock", "faults"),
    [
        ("", "22:40", {"taken_on": "Enter the date."}),
        ("2026-11-21", "", {"taken_time": "Enter the time."}),
        ("", "", {"taken_on": "Enter the date.", "taken_time": "Enter the time."}),
        ("21 November", "22:40", {"taken_on": "Write the date as year-month-day, for example 2026-03-09."}),
        ("2026-11-21", "late", {"taken_time": "Write the time as hours and minutes, for example 22:40."}),
        ("2999-01-01", "22:40", {"taken_on": "This date lies in the future."}),
        ("today", "23:59:59", {"taken_time": "This time lies in the future."}),
    ],
)
def test_each_fault_of_a_moment_stands_at_its_own_field(sign_in, post, make, day, clock, faults):
    request = make.empty()
    image = make.image(request, describe=None)
    where = f"/requests/{request.number}/images/{image.uid}"
    given = today().isoformat() if day == "today" else day
    answer = post(sign_in("d.lark"), where, origin_fields(taken_on=given, taken_time=clock))
    assert answer.status_code == 422
    page = soup(answer)
    for name in ("taken_on", "taken_time"):
        fault, field = page.select_one(f"#{name}-error"), page.select_one(f"#{name}")
        assert (fault.get_text().removeprefix("Error: ") if fault else None) == faults.get(name)
        assert (field.get("aria-invalid") == "true") == (name in faults)
        assert (f"{name}-error" in field.get("aria-describedby", "").split()) == (name in faults)
    linked = [link["href"] for link in page.select(".cor-error-summary a")]
    assert linked == [f"#{name}" for name in faults]
    assert image.attested_at is None


def test_the_attestation_is_counted_among_what_is_to_be_corrected(sign_in, post, make):
    request = make.empty()
    image = make.image(request, describe=None)
    fields = origin_fields(taken_time="", source_camera="")
    del fields["attested"]
    page = soup(post(sign_in("d.lark"), f"/requests/{request.number}/images/{image.uid}", fields))
    assert "Correct 3 entries" in page.select_one(".cor-error-summary h2").text
    linked = {link["href"] for link in page.select(".cor-error-summary a")}
    assert linked == {"#source_camera", "#taken_time", "#attested"}


def test_choosing_a_source_shows_its_questions(sign_in, post, make):
    request = make.empty()
    image = make.image(request, describe=None)
    client = sign_in("d.lark")
    where = f"/requests/{request.number}/images/{image.uid}"
    page = post(client, where, {"source": "social_media", "obtained": "legal_process", "choose": "1"})
    assert page.status_code == 200
    assert 'name="source_same_person"' in page.text
    assert 'name="obtained_reference"' in page.text
    part = post(client, f"{where}/questions", {"source": "social_media"}, page=where, headers={"HX-Request": "true"})
    assert 'name="source_same_person"' in part.text


@pytest.mark.clause("CAP-5")
def test_polling_answers_the_card_and_then_what_comes_next(sign_in, make, run_jobs, post):
    request = make.request("draft")
    client = sign_in("d.lark")
    upload(client, post, request.number, picture(9, 3))
    uid = request.current_images[-1].uid
    url = f"/requests/{request.number}/images/{uid}/state"
    headers = {"HX-Request": "true", "X-Poll": "1"}
    busy = client.get(url, headers=headers).text
    assert "hx-trigger" in busy
    assert "next-step" not in busy
    run_jobs()
    done = client.get(url, headers=headers).text
    assert "hx-trigger" not in done
    assert 'id="next-step"' in done
    assert policy().rule("images_lawful").text in done
