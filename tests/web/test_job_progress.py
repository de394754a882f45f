"""Wherever slow work is shown, its page says why a try ended and when the next begins, or why it was given up."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import get_template_attribute
from sqlalchemy import update

from app.calendar import today
from app.domain.requests import images
from app.domain.sealing import verbs as sealing
from app.domain.sealing.order_statement import OrderStatement
from app.extensions import db, stores
from app.imaging import sniff
from app.models import Job
from app.models.base import now
from app.unit_of_work import unit_of_work
from demo.people import person
from tests.drawn_gallery import needs_models
from tests.request_factory import picture
from tests.retention_factory import RetentionFactory
from tests.web.page_reading import text

TEMPLATES = Path(__file__).resolve().parents[2] / "app" / "templates"
CAUSE = "The log could not be emptied, for somebody is reading."
PART = {"HX-Request": "true"}


def disposal(make, people) -> tuple[str, str, str]:
    return "disposal", "b.juniper", f"/retention/disposals/{RetentionFactory(make, people).disposal('approved').number}"


def sealing_order(make, people) -> tuple[str, str, str]:
    [photo] = make.enrol([person(55)])
    statement = OrderStatement("sealed", "IND-55", "Criminal Court", today(), (photo.record_number,))
    order, _ = sealing.execute(statement, people.actor("b.juniper"), "page")
    return sealing.JOB, "b.juniper", f"/retention/sealings/{order.number}"


def image(make, people) -> tuple[str, str, str]:
    request, data = make.empty(), picture()
    stored = stores().blobs.put(request.key_id, data)
    with unit_of_work():
        added = images.add_image(request, people.actor("d.lark"), stored, sniff(data), "still.jpg")
    return images.JOB, "d.lark", f"/requests/{request.number}/images/{added.uid}/state"


def search(make, people) -> tuple[str, str, str]:
    return "search", "k.rowan", f"/review/{make.request('searching').number}/progress"


@needs_models
@pytest.mark.clause("RET-11", "CAP-3", "REQ-3", "SRC-1")
@pytest.mark.parametrize("work", [disposal, sealing_order, image, search])
def test_the_page_of_slow_work_says_why_a_try_ended(make, people, sign_in, work):
    kind, name, address = work(make, people)
    client = sign_in(name)
    waiting = text(client.get(address, headers=PART))
    assert "Waiting for a worker." in waiting and "It is tried again" not in waiting
    with unit_of_work() as rows:
        again = {"state": "queued", "attempts": 2, "error": CAUSE, "not_before": now() + timedelta(minutes=4)}
        rows.execute(update(Job).where(Job.kind == kind).values(**again))
    db.session.remove()
    tried = text(client.get(address, headers=PART))
    assert "It is tried again" in tried and CAUSE in tried
    assert "Tried 2 times; the next try is at" in tried


def shown(app, job: Job | None, **given: str) -> str:
    """Return the text of the component on a job, white space collapsed."""
    with app.test_request_context():
        html = str(get_template_attribute("components/job.html", "job_progress")(job, "Records are read.", **given))
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_each_stage_of_a_job_in_words(app):
    """Waiting, at work, at work after a trouble, tried again, given up, and no job at all."""
    known = {"kind": "x", "queue": "x", "subject_id": "x", "once": "x", "attempts": 1, "not_before": now()}
    assert shown(app, None) == "Records are read."
    assert shown(app, Job(**known, state="queued")) == "Waiting for a worker. Records are read."
    assert shown(app, Job(**known, state="running")) == "Records are read."
    assert shown(app, Job(**known, state="running", error=CAUSE)).endswith(f"The try before ended: {CAUSE}")
    assert shown(app, Job(**known, state="queued", error=CAUSE)).startswith(f"It is tried again {CAUSE} Tried 1 time;")
    failed = shown(app, Job(**known, state="failed", error=CAUSE, finished_at=now()), stopped="The reading stopped")
    assert failed.startswith(f"The reading stopped {CAUSE} It was tried 1 time, the last time ")


def test_no_template_tells_of_a_job_by_itself():
    """One component: what it says is said everywhere, and what is forgotten in it is forgotten nowhere else."""
    own, found = {"components/job.html", "components/progress.html"}, []
    for path in TEMPLATES.glob("**/*.html"):
        name, html = str(path.relative_to(TEMPLATES)), path.read_text(encoding="utf-8")
        if name not in own and re.search(r"\{\{[^}]*\b(?:\w*job|delivery|rendering)\.error\b|\bworking\(", html):
            found.append(name)
    assert found == []
