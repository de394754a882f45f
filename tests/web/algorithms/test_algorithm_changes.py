"""The administrator's page of a change, the registry with a record, and the replay pages (FAIR-2, FAIR-3, AUD-2)."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from app.calendar import today
from app.domain.algorithms import registry as algorithms
from app.domain.algorithms.upkeep import running
from app.domain.gallery import embedding
from app.domain.gallery import verbs as gallery
from app.extensions import db
from app.matching.catalogue import catalogue
from app.models import AlgorithmSwitch, SearchReplay, Unembedded
from app.models.base import now
from app.unit_of_work import unit_of_work
from demo.people import person
from tests.conftest import models_directory
from tests.second_network import SECOND, fictitious_record, settings  # noqa: F401  (a fixture)
from tests.web.page_reading import soup

pytestmark = pytest.mark.skipif(
    not (models_directory() / "centerface.onnx").is_file(), reason="the face models are not installed (make setup)"
)
PAGE = "/algorithms/changes"


@pytest.fixture
def admin(sign_in):
    return sign_in("f.spruce")


def words(client, url=PAGE) -> str:
    return " ".join(soup(client.get(url)).main.get_text(" ").split())


def take(admin, post, step, **more):
    change = running()
    data = {"step": step, "version": change.version, "reason": "The vendor's later version.", **more}
    return post(admin, f"{PAGE}/{change.number}/steps", data, page=PAGE)


@pytest.mark.clause("FAIR-3", "CAP-3")
def test_a_change_on_the_page_from_begin_to_taken_back(admin, post, make, run_jobs, monkeypatch):
    make.enrol([person(7), person(21)], photos=1)
    assert "No change has ended yet." in words(admin)
    assert post(admin, PAGE, {"model": SECOND}).status_code == 303
    told = words(admin)
    assert "Templates of the target: 0 of 2" in told and "Cut over" not in told
    plain = embedding._chip
    monkeypatch.setattr(embedding, "_chip", lambda photo, net: "No face." if photo.id == 2 else plain(photo, net))
    run_jobs()
    told = words(admin)
    assert "Templates of the target: 1 of 2" in told and "Cut over: " in told and "nobody has decided on it" in told
    record = db.session.query(Unembedded).one().photo.record_number
    assert record in told
    early = take(admin, post, "cut_over")
    assert early.status_code == 422 and "The vendor&#39;s later version." in early.get_data(as_text=True)
    assert take(admin, post, "leave_out", record=record, reason="Shows no face.").status_code == 303
    assert "Left out Shows no face." in words(admin)

    from app.domain.algorithms import changes

    with unit_of_work():
        change = running()
        change.evaluated_on, change.evaluated_at = "d" * 64, now()
        from app import audit

        audit.record("algorithm.tried_again", change, records=[])
    assert changes.running().state == "ready"
    assert take(admin, post, "cut_over").status_code == 303
    assert algorithms.active_id() == SECOND and "In use is Fictitious second network" in words(admin)
    assert take(admin, post, "revert").status_code == 303
    assert algorithms.active_id() == "dlib-resnet-v1"
    told = words(admin)
    assert "Cut over" in told and "Taken back" in told and "2 photographs, templates 2 and 1, left out 1." in told
    assert db.session.query(AlgorithmSwitch).count() == 2


@pytest.mark.clause("FAIR-3")
@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"step": "cut_over", "reason": ""}, 409),
        ({"step": "guess"}, 303),
        ({"step": ""}, 303),
        ({"step": "withdraw", "reason": "  "}, 422),
        ({"step": "withdraw", "reason": "x" * 301}, 422),
        ({"step": "leave_out", "record": "R-unknown", "reason": "It is not listed."}, 404),
        ({"step": "withdraw", "reason": "Begun by mistake.", "version": "0"}, 409),
    ],
)
def test_a_step_that_cannot_be_taken_changes_nothing(admin, post, make, data, status):
    make.enrol([person(7)], photos=1)
    assert post(admin, PAGE, {"model": SECOND}).status_code == 303
    answer = take(admin, post, **data)
    assert answer.status_code == status
    db.session.rollback()
    assert running().state == "embedding"


def test_another_algorithm_that_is_no_choice_is_refused_and_one_not_installed_by_rule(admin, post):
    assert post(admin, PAGE, {"model": "nobody-knows"}).status_code == 422
    refused = post(admin, PAGE, {"model": "sface-2021dec"})
    assert refused.status_code == 422 and "is not installed" in refused.get_data(as_text=True)
    assert running() is None


@pytest.mark.clause("ACC-7", "FAIR-3")
@pytest.mark.parametrize("name", ["k.rowan", "c.hawthorn", "d.lark", "h.larch"])
def test_nobody_else_changes_the_algorithm(sign_in, post, name):
    client = sign_in(name)
    assert client.get(PAGE).status_code == 403
    assert post(client, PAGE, {"model": SECOND}, page="/report-misuse").status_code == 403


@pytest.mark.clause("FAIR-2")
def test_the_registry_shows_the_whole_record(admin, monkeypatch):
    plain = catalogue().extractors["dlib-resnet-v1"]
    due = today() + timedelta(days=100)
    monkeypatch.setitem(
        catalogue().extractors, "dlib-resnet-v1", msgspec.structs.replace(plain, nist=fictitious_record(plain, due))
    )
    told = words(admin, "/algorithms")
    for part in (
        "fictitious_000",
        "FRTE 1:N",
        "https://frte.example/fictitious",
        "f" * 8,
        "Example Vendor (fictitious)",
        "webcam (fictitious)",
        "1,000",
        "0.05",
        "0.01",
        "up to 2.0 times between A, B",
        "up to 1.5 times",
        "Installed file is the evaluated one Yes",
        "Next review due",
        "150 pixels",
        "divided by 256",
        "License CC0-1.0",
        "Templates in the repository",
    ):
        assert part in told, part
    assert "Casework is searched with" in told


@pytest.mark.clause("FAIR-2")
def test_an_algorithm_in_use_that_left_the_catalogue_is_said_and_searches_nothing(admin, post, make, monkeypatch):
    from app import audit
    from app.domain.algorithms import changes

    request = make.request(state="probe_selected")
    assert post(admin, PAGE, {"model": SECOND}).status_code == 303
    with unit_of_work() as rows:
        change = running()
        counts = {"photographs": 0, "source": 0, "target": 0, "left_out": 0}
        rows.add(
            AlgorithmSwitch(
                change=change,
                kind="cut_over",
                from_model="dlib-resnet-v1",
                from_digest=change.source_digest,
                to_model=SECOND,
                to_digest=change.target_digest,
                by_id=change.begun_by_id,
                reason="A test.",
                counts=counts,
            )
        )
        audit.record("audit.read", filter={})
    with unit_of_work():
        changes.end(running(), "withdraw", make.people.actor("f.spruce"), "The trial is over.")
    monkeypatch.delitem(catalogue().extractors, SECOND)
    assert "not in the model catalogue" in words(admin, "/algorithms")
    assert "not in the catalogue any more" in words(admin)
    assert admin.get("/").status_code == 200
    from app.policy.refused import Refused

    with pytest.raises(Refused, match="not in the model catalogue"):
        make.search(request)


# Replays ----------------------------------------------------------------------------------------------------


@pytest.fixture
def search(make, run_jobs):
    make.enrol([person(7), person(21)], photos=1)
    request = make.request(state="searching")
    run_jobs()
    return request.current_search


@pytest.mark.clause("AUD-2", "AUD-5", "SRC-1")
@pytest.mark.parametrize("name", ["c.hawthorn", "h.larch"])
def test_a_supervisor_and_an_integrity_officer_have_a_search_done_again(sign_in, post, search, run_jobs, name):
    client, page = sign_in(name), f"/searches/{search.uid}"
    assert "Not replayed" in words(client, "/searches")
    assert "was not replayed yet" in words(client, page)
    for _ in range(2):  # asked for twice, done once
        assert post(client, f"{page}/replays", page="/report-misuse").status_code == 303
    assert "A worker does the search again" in words(client, page)
    run_jobs()
    told = words(client, page)
    assert "Identical: the same list, every score to the last bit." in told and "2 of 2 people" in told
    assert search.algorithm_digest in told.replace(" ", "")
    assert "Identical" in words(client, "/searches")
    assert db.session.query(SearchReplay).one().asked_by.name == name


@pytest.mark.clause("ACC-11", "AUD-5")
def test_these_pages_show_no_face_and_no_name(sign_in, post, search, run_jobs):
    client, page = sign_in("h.larch"), f"/searches/{search.uid}"
    with unit_of_work():
        gallery.remove(search.candidates[0].photo, "sealed")
    record = search.candidates[0].photo.record_number
    post(client, f"{page}/replays", page="/report-misuse")
    run_jobs()
    html = client.get(page).get_data(as_text=True)
    assert f"Record {record} was on the list" in html and "Records have left" in html
    assert "<img" not in html
    for name in (person(7).name, person(21).name, "k.rowan", search.examiner.display_name):
        assert name not in html


@pytest.mark.clause("AUD-5")
def test_a_replay_that_cannot_be_run_says_why(sign_in, post, search, run_jobs):
    from app.extensions import stores

    client, page = sign_in("c.hawthorn"), f"/searches/{search.uid}"
    stores().keys.destroy(search.request.key_id)
    post(client, f"{page}/replays", page="/report-misuse")
    run_jobs()
    told = words(client, page)
    assert "Cannot be replayed" in told and "The probe cannot be read" in told


@pytest.mark.clause("AUD-5")
def test_no_search_yet_is_an_empty_page_and_an_unfinished_one_does_not_exist(sign_in, make):
    client = sign_in("h.larch")
    assert "No search has finished yet." in words(client, "/searches")
    request = make.request(state="probe_selected")
    assert client.get(f"/searches/{request.current_search.uid}").status_code == 404
