"""The page of the Schedule: what is overdue is told there, in the lists and at home (RET-12)."""

from __future__ import annotations

import pytest

from app.extensions import db
from app.models import ScheduleReview
from tests.web.page_reading import send, text

PAGE = "/retention/schedule"


@pytest.mark.clause("RET-12")
def test_the_edition_is_shown_and_its_review_is_recorded_there(app, sign_in):
    client = sign_in("b.juniper")
    assert "Not stated" in text(client.get(PAGE))
    assert "do not state the edition" in text(client.get("/retention"))
    assert "review of the Schedule overdue" in text(client.get("/"))
    given = {"edition": "Edition of this year", "outcome": "in_force", "note": "The periods were compared one by one."}
    refused = send(client, PAGE, f"{PAGE}/review", **given)
    assert refused.status_code == 422 and "The rules name no edition yet" in text(refused)
    assert "The periods were compared one by one." in refused.text, "nothing typed is lost"
    assert send(client, PAGE, f"{PAGE}/review", **{**given, "outcome": "new_edition"}).status_code == 303
    assert db.session.query(ScheduleReview).count() == 1
    said = text(client.get(PAGE))
    assert "Edition of this year" in said
    assert "Review overdue" not in said and "No review clears this" in said, "nothing asks for what cannot be done"
    assert f"{PAGE}/review" not in sign_in("y.hazel").get(PAGE).text, "whoever only reads has no form"
