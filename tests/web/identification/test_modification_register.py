"""The register of modifications: what stands in the PDF, who may have it, that its print is recorded (LL55)."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import pytest

from app import audit
from app.documents import checks
from app.documents.identification.modification_register import render_register
from app.domain.disclosures.papers import words_of
from app.domain.identification.modification_register import gather_register, image_names
from app.extensions import db, stores
from app.models.base import now
from app.models.engine import AuditEvent
from app.unit_of_work import unit_of_work
from tests.unit_stages import around
from tests.web.page_reading import text


def every_step(face) -> list[dict]:
    return [
        *around(face),
        {"op": "rotate", "degrees": -2.5, "about": "eyes"},
        {"op": "brightness", "amount": -12},
        {"op": "contrast", "factor": 1.25},
        {"op": "denoise", "strength": 2},
        {"op": "sharpen", "amount": 0.4, "radius": 1.2},
        {"op": "resize", "factor": 1.5},
        {"op": "greyscale"},
    ]


@pytest.mark.clause("LL55-1", "LL55-2", "LL55-3", "ACC-11")
def test_it_holds_every_original_and_every_modification(make, sign_in):
    request = make.request(state="documented", images=2)
    face = request.current_images[0].faces[0]
    rows = [make.prepare(request, every_step(face), "Too dark <b>to see</b> the ears."), make.prepare(request)]
    make.parts["derived"] = rows[0]
    make.select(request)
    make.search(request)
    answer = sign_in("k.rowan").get(f"/review/{request.number}/modifications")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert f"{request.number}-modifications.pdf" in answer.headers["Content-Disposition"]
    printed = " ".join(checks.page_texts(answer.data))
    close = "".join(printed.split())
    for row in rows:
        for digest in (row.sha256, row.recipe_digest, row.original_sha256):
            assert digest in close
    assert {image.sha256 for image in request.images} <= {close[i : i + 64] for i in range(len(close))}
    for said in (
        "Local Law 55 of 2025",
        request.case_number,
        "Too dark <b>to see</b> the ears.",
        "Kit Rowan",
        "Turned 2.5° clockwise about the eyes.",
        "Brightness -12 levels of 255.",
        "Contrast × 1.25",
        "Noise reduced, strength 2.",
        "Sharpened, amount 0.4, radius 1.2 pixels.",
        "Scaled × 1.5.",
        "Color replaced by shades of grey.",
        "Gamma 1.2.",
        "not searched",
        "Prepared image 2, from image 1",
    ):
        assert "".join(said.split()) in close, said
    assert len(list(checks.pictures(answer.data))) >= 5
    event = db.session.query(AuditEvent).filter_by(event="probe.register_printed").one()
    keys = json.loads(event.keys)
    assert keys["derived"] == [row.uid for row in rows]
    assert keys["images"] == [image.uid for image in request.images]
    assert keys["sha256"] == hashlib.sha256(answer.data).hexdigest()


@pytest.mark.clause("LL55-1")
def test_an_image_is_called_what_it_is_called_everywhere_else(make, sign_in):
    """What was taken out before the submission is no submitted image, and moves no number."""
    request = make.request(state="draft", images=2)
    with unit_of_work():
        request.images[0].removed_at = now()
        audit.record("image.removed", request, image=request.images[0].uid)
    names = image_names(request)
    assert list(names.values()) == ["Image 1", "Taken out 1"]
    assert names[request.current_images[0].id] == "Image 1"
    assert words_of(request.current_images[0], "prosecutor").startswith("Image 1 of")
    account = make.people.account("k.rowan")
    printed = " ".join(checks.page_texts(render_register(gather_register(request, account)).pdf))
    assert "Submitted images 1 taken out before submission: 1" in printed


@pytest.mark.clause("SRC-4", "ACC-1", "LL55-1")
def test_the_examiner_and_the_supervisor_have_it_and_nobody_who_may_become_a_peer(make, sign_in):
    request = make.request(state="documented")
    url = f"/review/{request.number}/modifications"
    answers = {
        name: sign_in(name).get(url).status_code
        for name in ("k.rowan", "c.hawthorn", "j.maple", "d.lark", "s.alder", "h.larch", "o.teal")
    }
    assert answers == {
        "k.rowan": 200,
        "c.hawthorn": 200,
        "j.maple": 404,
        "d.lark": 403,
        "s.alder": 403,
        "h.larch": 403,
        "o.teal": 403,
    }
    assert db.session.query(AuditEvent).filter_by(event="probe.register_printed").count() == 2
    client = sign_in("k.rowan")
    assert url in client.get(f"/review/{request.number}").get_data(as_text=True)
    printed = " ".join(checks.page_texts(client.get(url).data))
    assert "No image of this request was modified." in printed


@pytest.mark.clause("LL55-3")
def test_a_register_without_a_kept_copy_is_not_printed(make, sign_in):
    request = make.request(state="documented")
    stores().blobs.destroy(make.prepare(request).blob_id)
    answer = sign_in("c.hawthorn").get(f"/review/{request.number}/modifications")
    assert answer.status_code == 409
    assert "its register cannot be printed" in text(answer)
    assert db.session.query(AuditEvent).filter_by(event="probe.register_printed").count() == 0


@pytest.mark.clause("LL55-1")
def test_a_register_that_lacks_a_step_is_noticed(make, sign_in, monkeypatch):
    from app.documents.errors import RenderError
    from app.documents.identification import modification_register
    from app.documents.typeset import typeset
    from app.domain.identification.modification_register import gather_register
    from app.models import Account

    request = make.request(state="documented")
    make.prepare(request)
    facts = gather_register(request, db.session.query(Account).filter_by(name="k.rowan").one())

    bare = tuple(dataclasses.replace(change, steps=change.steps[:1]) for change in facts.modifications)
    lacking = dataclasses.replace(facts, modifications=bare)

    def forgetful(_html, pictures, number):
        return typeset(modification_register._page(lacking), pictures, number)

    assert modification_register.render_register(facts).sha256 == modification_register.render_register(facts).sha256
    monkeypatch.setattr(modification_register, "typeset", forgetful)
    with pytest.raises(RenderError, match="prepared image 1"):
        modification_register.render_register(facts)
