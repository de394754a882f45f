"""The training register and the algorithm registry."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from app.calendar import today
from app.extensions import db
from app.models import AuditEvent, TrainingRecord
from app.policy import policy
from tests.web.page_reading import soup

TOPICS = [topic.value for topic in policy().training["fr"].topics]


def enter(client, post, account, **data):
    given = {"topics": TOPICS, "completed_on": today().isoformat(), "note": "Course 7", **data}
    return post(client, f"/training/{account.uid}/records", given, page=f"/training/{account.uid}")


@pytest.mark.clause("ACC-4", "TRN-1")
def test_a_recorded_training_opens_the_unit_and_a_revoked_one_closes_it(sign_in, post, people) -> None:
    teal, keeper, trainee = people.account("o.teal"), sign_in("c.hawthorn"), sign_in("o.teal")
    assert "Missing" in keeper.get("/training").get_data(as_text=True)
    assert trainee.get("/review").status_code == 403
    assert enter(keeper, post, teal).status_code == 303
    assert trainee.get("/review").status_code == 200
    db.session.rollback()
    record = db.session.scalars(select(TrainingRecord).where(TrainingRecord.account_id == teal.id)).one()
    assert (record.recorded_by.name, record.topics) == ("c.hawthorn", sorted(TOPICS))
    page = f"/training/{teal.uid}"
    assert post(keeper, f"{page}/revoke", {"record": record.uid}, page=page).status_code == 303
    assert trainee.get("/review").status_code == 403
    assert "Revoked" in keeper.get(page).get_data(as_text=True)
    db.session.rollback()
    events = db.session.scalars(select(AuditEvent.event).where(AuditEvent.event.startswith("training.re")))
    assert list(events)[-2:] == ["training.recorded", "training.revoked"]


@pytest.mark.clause("TRN-1")
@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"topics": TOPICS[:-1]}, "did not cover"),
        ({"topics": []}, "did not cover"),
        ({"completed_on": "2999-01-01"}, "not yet completed"),
        ({"completed_on": "soon"}, "Not saved"),
        ({"topics": ["cooking"]}, "Not saved"),
    ],
)
def test_an_incomplete_training_is_refused_with_the_rule(sign_in, post, people, data, said) -> None:
    teal, keeper = people.account("o.teal"), sign_in("c.hawthorn")
    answer = enter(keeper, post, teal, **data)
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)
    assert "Course 7" in answer.get_data(as_text=True), "what was typed stays"
    db.session.rollback()
    assert db.session.scalars(select(TrainingRecord).where(TrainingRecord.account_id == teal.id)).first() is None


@pytest.mark.clause("ACC-4")
def test_nobody_records_their_own(sign_in, post, people, change_person) -> None:
    change_person("c.hawthorn", groups=["fr-supervisors", "fr-examiners"])
    own, keeper = people.account("c.hawthorn"), sign_in("c.hawthorn")
    page = keeper.get(f"/training/{own.uid}").get_data(as_text=True)
    assert "Nobody records their own training." in page
    assert "/records" not in page
    before = len(own.training)
    answer = post(
        keeper,
        f"/training/{own.uid}/records",
        {"topics": TOPICS, "completed_on": today().isoformat()},
        page="/sessions",
    )
    assert answer.status_code == 422
    db.session.rollback()
    assert len(own.training) == before


@pytest.mark.clause("ACC-7")
@pytest.mark.parametrize("name", ["k.rowan", "f.spruce", "h.larch", "d.lark"])
def test_only_unit_supervisors_keep_the_register(sign_in, post, people, name) -> None:
    teal, client = people.account("o.teal"), sign_in(name)
    assert client.get("/training").status_code == 403
    assert client.get(f"/training/{teal.uid}").status_code == 403
    answer = post(client, f"/training/{teal.uid}/records", {"topics": TOPICS}, page="/sessions")
    assert answer.status_code == 403


def test_a_revoked_or_foreign_record_cannot_be_revoked(sign_in, post, people) -> None:
    teal, rowan, keeper = people.account("o.teal"), people.account("k.rowan"), sign_in("c.hawthorn")
    foreign = rowan.training[0].uid
    answer = post(keeper, f"/training/{teal.uid}/revoke", {"record": foreign}, page=f"/training/{teal.uid}")
    assert answer.status_code == 404
    db.session.rollback()
    assert rowan.training[0].revoked_at is None


# Algorithms ------------------------------------------------------------------------------------------------


@pytest.mark.clause("FAIR-2")
def test_the_registry_shows_digests_and_says_what_nist_did_not_evaluate(sign_in) -> None:
    from app.domain.algorithms.registry import active, installed_digest

    text = soup(sign_in("f.spruce").get("/algorithms")).get_text()
    assert active().sha256 in text
    assert (installed_digest() or "Not installed") in text
    assert "Casework searches are off" in text


def test_what_the_department_measured_stands_beside_its_algorithm(sign_in, settings) -> None:
    from app.domain.algorithms.evaluations import CAUTION, keep
    from app.domain.algorithms.registry import active

    perfect = {"value": 1.0, "low": 0.664, "high": 1.0}
    numbers = {
        "date": "2026-03-04T05:06:07+00:00",
        "algorithm": {"sha256": active().sha256},
        "data": {"sha256": "5e" * 32, "photographs": 25, "people": 9, "failures": []},
        "verification": {"at": [{"far": 0.01, "tar": perfect}], "equal_error_rate": perfect},
        "identification": {"ranks": [{"rank": 1, "found": {"value": 0.96, "low": None, "high": None}}]},
    }
    path = keep(numbers)
    assert path.name == f"2026-03-04T050607Z-{'5e' * 32}.json" and path.parent.name == active().sha256
    keep(numbers | {"date": "2026-03-05T05:06:07+00:00", "identification": None})
    (path.parent / "2026-03-06T000000Z-broken.json").write_text("{")
    html = sign_in("f.spruce").get("/algorithms").get_data(as_text=True)
    page = BeautifulSoup(html, "lxml")
    [table] = [t for t in page.select("table") if "department’s photographs" in t.caption.get_text()]
    first, second = (row.get_text(" ", strip=True) for row in table.select("tbody tr"))
    assert first.startswith("5 Mar 2026") and second.startswith("4 Mar 2026")
    assert "25 photographs, 9 people" in second and "5e" * 32 in "".join(second.split())
    assert "TAR at FAR 0.01: 100.0 % (66.4 to 100.0)" in second and "Rank 1: 96.0 % (no interval)" in second
    assert "Rank 1" not in first and CAUTION in page.get_text()
    assert "<img" not in html


@pytest.mark.clause("ACC-7", "ACC-1")
def test_an_administrator_sees_no_case_and_no_face(sign_in, make) -> None:
    request = make.request(state="submitted")
    client = sign_in("f.spruce")
    for path in ("/", "/algorithms", "/notifications"):
        html = client.get(path).get_data(as_text=True)
        assert request.number not in html
        assert request.case_number not in html
        assert "<img" not in html
    for path in ("/review", "/gallery", "/approval", "/audit", "/requests", f"/requests/{request.number}"):
        assert client.get(path).status_code in (403, 404), path
