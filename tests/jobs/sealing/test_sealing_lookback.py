"""The look-back of an order: everything that showed the person, and the notices that follow (CAP-3, SRC-8)."""

from __future__ import annotations

import json

import pytest

from app import audit
from app.domain.disclosures import verbs as disclosures
from app.domain.peers.conditions import line_ups_of
from app.domain.sealing import certificates as sealing_certificates
from app.domain.sealing import lookback
from app.domain.sealing import verbs as sealing
from app.domain.sealing.lookback import counts, look_back
from app.extensions import db, stores
from app.models import AuditEvent, FRRequest, GalleryPhoto
from app.unit_of_work import unit_of_work
from tests.disclosure_factory import CASE, disclose, reported_data, settings  # noqa: F401
from tests.drawn_gallery import needs_models
from tests.jobs.sealing.test_serving import report, seal  # noqa: F401  (a fixture)
from tests.retention_factory import RetentionFactory

pytestmark = [needs_models, pytest.mark.clause("CAP-3")]


@pytest.mark.clause("EXT-7")
def test_a_package_whose_download_broke_off_may_have_left_in_part(report, disclose, people):  # noqa: F811
    disclosure = disclose("released", recipient="court", basis="D2")
    photos = [report.round.nominee.photo]
    [line] = lookback.disclosures(photos)
    assert line.detail.endswith("not handed out")
    with unit_of_work():
        disclosures.begin_fetch(disclosure, people.actor("d.lark"), "a session")
    [line] = lookback.disclosures(photos)
    assert line.detail.endswith("download begun")


@pytest.mark.clause("SRC-8", "EXT-7", "EXT-8")
def test_every_search_round_report_disclosure_view_and_file_is_listed(report, disclose, make, people, run_jobs):  # noqa: F811
    photo, request = report.round.nominee.photo, report.request
    waiting, fetched = disclose("submitted", asker="d.lark"), disclose("fetched", recipient="court", basis="D2")
    negative = db.session.query(FRRequest).filter(FRRequest.id != request.id).one()
    keep = RetentionFactory(make, people)
    file = keep.person(
        keep.record("open", case_number="2026-075-00009"), "Ira Longgone", "suspect", gallery_person=photo.person
    )
    audit.viewed("faces.viewed", photo.person, actor=people.actor("k.rowan"), page="gallery.index", faces=[photo.uid])
    order = seal(photo)
    run_jobs()
    db.session.expire_all()
    lines = sealing_certificates.lines_of(order)
    found = {kind: [line for line in lines if line.kind == kind] for kind in counts(lines)}
    assert set(found) == {"candidate", "nominated", "report", "disclosure", "view", "person_file"}, "no foil"
    assert {line.subject for line in found["candidate"]} == {request.number, negative.number}
    assert {line.detail for line in found["candidate"]} == {"retained", "excluded"}
    assert [(line.subject, line.direct) for line in found["nominated"]] == [(request.number, True)]
    assert "2 peer reviews, approved" in found["nominated"][0].detail
    [told] = found["report"]
    assert (told.report, told.path, told.sha256) == (report.number, report.receipt["path"], report.sha256)
    assert "Dana Lark" in told.detail
    assert {line.subject: "fetched 1×" in line.detail for line in found["disclosure"]} == {
        waiting.number: False,
        fetched.number: True,
    }
    assert any("gallery.index" in line.detail and line.subject == "" for line in found["view"])
    assert [line.subject for line in found["person_file"]] == [file.uid]
    whole = json.dumps([line.stored() for line in lines])
    for private in (photo.person.person_number, photo.uid, "Ira Longgone"):
        assert private not in whole, "neither face nor name"

    notices = {(notice.kind, notice.about): notice for notice in order.notices}
    assert set(notices) == {
        ("investigator", request.number),
        ("privacy_officer", waiting.number),
        ("privacy_officer", fetched.number),
        ("recipient", fetched.number),
    }
    words = notices[("recipient", fetched.number)].private["text"]
    assert fetched.number in words and report.number in words and "[" not in words
    assert notices[("investigator", request.number)].account_id == request.requester_id
    assert stores().blobs.get(report.blob_id, report.key_id, report.sha256), "a delivered report is the department's"


def test_another_photograph_of_the_person_counts_too_and_says_so(report, run_jobs):  # noqa: F811
    shown = report.round.nominee.photo
    sealed = _second_photograph(shown)
    order = seal(sealed)
    lines = look_back([sealed])
    assert lines and not any(line.direct for line in lines if line.kind != "view")
    assert [row.outcome for row in order.records] == ["removed"]
    assert stores().keys.exists(shown.person.key_id), "the person stays with the photograph that was reported"


def _second_photograph(photo: GalleryPhoto) -> GalleryPhoto:
    key_id = stores().keys.create()
    blob = stores().blobs.put(key_id, b"another photograph of the same person")
    with unit_of_work():
        other = GalleryPhoto(
            person=photo.person,
            record_number="R-second",
            source="arrest",
            jurisdiction="criminal",
            charged=True,
            taken_on=photo.taken_on,
            sha256=blob.sha256,
            blob_id=blob.id,
            key_id=key_id,
            phash="0" * 16,
            width=1,
            height=1,
            batch="tests",
        )
        db.session.add(other)
        audit.record("gallery.enrolled", batch="tests", photos=1, generation=0)
    return other


@pytest.mark.clause("SRC-4")
def test_a_foil_is_listed_with_the_line_it_stood_in(make):
    request = make.request(state="nominated")
    line = line_ups_of(request.current_round)[0]
    foil, nominee = line.foil_places[0].photo, line.subject_place.photo
    [shown] = [one for one in look_back([foil]) if one.kind == "foil" and line.number in one.detail]
    assert (shown.subject, shown.direct) == (request.number, True)
    assert "foil" not in counts(look_back([nominee])), "the nominee stands under nominations"


def test_somebody_nobody_saw_has_an_empty_look_back(make, run_jobs):
    from demo.people import person

    [photo] = make.enrol([person(41)])
    order = seal(photo)
    run_jobs()
    db.session.expire_all()
    assert order.state == "certified" and sealing_certificates.lines_of(order) == [] and order.notices == []


#: tables that refer to a person, photograph or candidate of the repository, and where the look-back reads each
READ = {
    "gallery_photo": "the photographs themselves",
    "template": "deleted with the photograph",
    "candidate": "candidates()",
    "disposition": "candidates(): the verdict",
    "background_check": "goes with its round",
    "examination_round": "nominations()",
    "peer_review": "nominations(): counted",
    "final_review": "nominations()",
    "report": "reports()",
    "disclosure_item": "disclosures()",
    "person_file": "person_files()",
    "case_person": "person_files(): the cases",
    "legal_hold": "goes with its file or case",
    "disposal_item": "goes with its file or case",
    "sealed_record": "the order's own",
    "line_up_place": "foils(), and nominations() for the nominee",
    "line_up": "foils()",
    "proficiency_picture": "foils()",
    "proficiency_item": "foils()",
    "answer_judgment": "goes with its background check",
    "evidence_judgment": "words about an item of evidence, no photograph",
    "new_ground": "words about a person, no photograph",
    "form_draft": "typed words, no photograph",
    "annotation": "goes with its round",
    "assignment": "who had the request, no photograph",
    "unembedded": "deleted with the photograph",
    "gallery_hold": "decided by the order",
    "stored_standing": "days and rules of a record, no photograph",
    "search_replay": "numbers of what differed, no photograph",
}


def test_no_table_that_can_show_a_photograph_is_forgotten(app):
    """A new table that refers to the repository must be read by the look-back, or say here why not."""
    found, before = {"gallery_person"}, set()
    while found != before:
        before = set(found)
        found |= {
            table.name
            for table in db.metadata.tables.values()
            if {key.column.table.name for key in table.foreign_keys} & before
        }
    assert found - {"gallery_person"} - set(READ) == set()


def test_an_area_can_add_what_it_shows_and_take_it_out(make, monkeypatch):
    from demo.people import person

    [photo] = make.enrol([person(41)])
    seen: list[list[GalleryPhoto]] = []
    monkeypatch.setattr(sealing, "ON_REMOVAL", [lambda photos: seen.append(list(photos))])
    line = lookback.Showing("foil", "request", "FR-2026-000001", "2026-01-01T00:00:00")
    monkeypatch.setattr(lookback, "LOOKERS", [*lookback.LOOKERS, lambda photos: [line]])
    seal(photo)
    assert seen == [[photo]] and line in look_back([photo])


@pytest.mark.clause("SRC-8")
def test_a_report_that_was_rendered_and_not_delivered_is_forgotten_and_made_anew(make, run_jobs, monkeypatch):
    """Another photograph of the nominee is sealed between rendering and delivery: the file that shows it goes."""
    from app.documents.errors import DeliveryError
    from app.domain.approval import verbs as approvals
    from app.jobs.approval import reports

    request = make.request("approved", seed=7)
    shown = request.current_round.nominee.photo
    sealed = _second_photograph(shown)
    import cv2
    import numpy as np

    picture = cv2.imencode(".png", np.zeros((40, 40, 3), np.uint8))[1].tobytes()
    blob = stores().blobs.put(sealed.key_id, picture)
    with unit_of_work():
        sealed.blob_id, sealed.sha256, sealed.width, sealed.height = blob.id, blob.sha256, 40, 40
        audit.record("gallery.enrolled", batch="tests", photos=0, generation=0)

    class Down:
        def deliver(self, _delivery):
            raise DeliveryError("The case folders do not answer.")

    monkeypatch.setattr(reports, "connector", Down)
    with unit_of_work():
        approvals.prepare_report(request, make.people.actor("k.rowan"))
    run_jobs()
    db.session.expire_all()
    [waiting] = request.reports
    old = waiting.blob_id
    assert old is not None and waiting.delivered_at is None
    seal(sealed)
    db.session.expire_all()
    assert waiting.blob_id is None and not stores().blobs.exists(old)


@pytest.mark.clause("SRC-8")
def test_a_report_rendered_while_the_order_came_is_not_kept(make, run_jobs, monkeypatch):
    from app.domain.approval import verbs as approvals
    from app.jobs.approval import reports

    request = make.request("approved", seed=7)
    photo = request.current_round.nominee.photo
    plain, before = reports.render_report, db.session.query(AuditEvent).filter_by(event="report.rendered").count()

    def sealed_meanwhile(*given):
        rendered = plain(*given)
        seal(photo)
        return rendered

    monkeypatch.setattr(reports, "render_report", sealed_meanwhile)
    with unit_of_work():
        approvals.prepare_report(request, make.people.actor("k.rowan"))
    run_jobs()
    db.session.expire_all()
    assert request.state == "approved" and all(one.blob_id is None for one in request.reports)
    assert db.session.query(AuditEvent).filter_by(event="report.rendered").count() == before
