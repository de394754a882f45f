"""A disposal executed: what is gone from every file, what remains, what is spared (RET-1 to RET-11)."""

from __future__ import annotations

import dataclasses
import os
import random
import time
from datetime import date

import pytest
from sqlalchemy import text

from app import audit
from app.access.scoping import find
from app.domain.approval.verification import verify
from app.domain.disclosures import register
from app.domain.disclosures import verbs as disclosures
from app.domain.disclosures.register import Filters
from app.domain.examination import drafts
from app.domain.gallery import verbs as gallery
from app.domain.gallery.repository_index import generation
from app.domain.identification import search_replays
from app.domain.requests import images as probe_images
from app.domain.retention import erasure, erasure_rows
from app.domain.retention import verbs as retention
from app.domain.workload import verbs as workload
from app.extensions import db, stores
from app.extensions import settings as here
from app.imaging import sniff
from app.jobs.registry import JobFailed
from app.models import (
    Disclosure,
    FRRequest,
    GalleryHold,
    GalleryPerson,
    GalleryPhoto,
    Job,
    Notification,
    Template,
)
from app.unit_of_work import unit_of_work
from config.embedded import Embedded
from demo.people import person
from tests import erasure_search
from tests.disclosure_factory import DisclosureFactory
from tests.disposal_runs import CASE, KEPT, add_rare_words, chain_faults, request_of, run
from tests.drawn_gallery import needs_models
from tests.erasure_search import ErasureSearch
from tests.request_factory import picture
from tests.retention_factory import LONG_AGO, RetentionFactory
from tests.unit_stages import SAME

pytestmark = [needs_models, pytest.mark.timeout(240)]


@pytest.fixture
def settings(settings):
    """As every test's, with a Redis of its own and a short lease."""
    return dataclasses.replace(settings, redis_url=Embedded(settings.data_dir).redis_url, lease_seconds=4)


@pytest.fixture
def keep(make, people):
    return RetentionFactory(make, people)


@pytest.fixture
def case(keep):
    """A closed case with a delivered report, and a victim's file that belongs to it alone."""
    record = keep.record(request="closed", case_number=CASE)
    return record, keep.person(record, "Robin Quillfeather", "victim")


@pytest.mark.clause("RET-11", "ACC-10")
def test_nothing_of_a_disposed_case_is_left_in_any_file(app, keep, case, post):
    record, victim = case
    # searched again by a prepared image, with a supervisor's agreement, and disclosed to the prosecutor
    again = keep.make.request(state="documented", case_number=CASE)
    derived = keep.make.prepare(again)
    # handed over, and back, with notes
    rowan, plover = keep.people.actor("k.rowan"), keep.people.actor("a.plover")
    for giver, receiver in ((rowan, plover), (plover, rowan)):
        with unit_of_work():
            workload.hand_over(again, giver, receiver, "The Quintessential lamp stood behind the counter.")
    keep.make.advance_to(again, "closed", derived=derived, mark="Mark of the Wollongong scar above the brow.")
    keep.set_back(CASE)
    add_rare_words(again, keep)
    # a search of it was done again by a supervisor
    with unit_of_work():
        search_replays.ask_for(again.current_round.search, keep.people.actor("c.hawthorn"))
    keep.make.run_jobs()
    # somebody's words that were saved and never recorded
    with unit_of_work():
        round_ = again.current_round
        page = drafts.background_page(round_, round_.nominee)
        drafts.keep(again, keep.people.actor("k.rowan"), page, {"records_checked": SAME})
    disclosure = DisclosureFactory(app, keep.people, keep.make.run_jobs)(
        state="acknowledged", basis="D2", case_number=CASE
    )
    request, sought = request_of(record), ErasureSearch().of_record(record).of_file(victim)
    sought.of_request(request).of_request(again).of_disclosure(disclosure)
    ids = [request.key_id, record.key_id, victim.key_id, again.key_id, disclosure.key_id]
    ids += [blob for one in (request, again) for image in one.images for blob in (image.blob_id, image.shown_blob_id)]
    ids += [derived.blob_id, *(report.blob_id for one in (request, again) for report in one.reports)]
    ids += [file.blob_id for file in (*disclosure.documents, *disclosure.packages)]
    ids += [decision.document_blob_id for decision in disclosure.decisions]
    delivered = request.reports[0].receipt["path"]
    again_delivered = again.reports[0].receipt["path"]
    remains, code = _remains(request), request.reports[0].code
    pdf = (here().case_files_dir / delivered).read_bytes()
    assert erasure_search.missing(sought.stored) == []
    assert erasure_search.found(sought.plain) == {}

    disposal = keep.disposal("disposed", targets=[record])

    assert erasure_search.found({**sought.stored, **sought.plain}) == {}
    assert erasure_search.files_named(ids) == []
    assert all(stores().keys.is_destroyed(ids[n]) for n in range(5))
    assert chain_faults() == []
    item = disposal.items[0]
    assert [copy["path"] for copy in item.delivered] == [delivered, again_delivered]
    assert (here().case_files_dir / delivered).exists(), "the delivered copy is the department's record"
    assert set(ids) - {victim.key_id} <= {*item.erased["keys"], *item.erased["blobs"]}

    # the paper that was delivered can still be checked, on the public page too
    answer = verify(code, pdf)
    assert (answer.number, answer.same_file, answer.in_force) == (item.delivered[0]["report"], True, False)
    assert answer.disposed_at is not None
    assert verify("0000-0000-0000-0000") is None
    page = post(app.test_client(), "/verify", {"code": code})
    assert page.status_code == 200
    assert "disposed of its record of this case" in page.get_data(as_text=True)

    # number, state, dates and the accounts that took part
    assert (_remains(request), request.state, request.sealed) == (remains, "disposed", None)
    for eraser in erasure_rows.ERASERS:
        for table in set(eraser.tables) - {"fr_request", "disclosure", "disclosure_decision"}:
            assert db.session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
            assert table == "gallery_hold" or item.erased["rows"][table] > 0, f"{table} was empty all along"
    assert (record.state, record.classes, record.sealed, record.history) == ("disposed", [], None, [])
    assert db.session.query(Job).filter(Job.kind != "disposal").count() == 0
    assert db.session.query(Notification).filter(Notification.subject_type.in_(("request", "disclosure"))).count() == 0

    # of the disclosure a line of the register, and a page for nobody
    assert (disclosure.state, disclosure.sealed, disclosure.person_digest) == ("acknowledged", None, None)
    assert [(row.kind, row.sealed, row.document_blob_id) for row in disclosure.decisions] == [("approved", None, None)]
    officer = keep.people.actor("y.hazel")
    assert find(Disclosure, disclosure.number, officer) is None
    line = register.line_of(db.session.scalars(register.rows(Filters(case_number=CASE), officer)).one())
    assert (line["number"], line["basis"], line["recipient"]) == (disclosure.number, "D2", "erased")


@pytest.mark.clause("RET-11", "EXT-7")
def test_a_case_with_a_disclosure_at_work_is_not_disposed_of(app, keep, case):
    record, _ = case
    disclosure = DisclosureFactory(app, keep.people, keep.make.run_jobs)(
        state="submitted", basis="D2", case_number=CASE
    )
    assert retention.not_due(record).rule_id == "closed_cases_only"
    asker = keep.people.actor("d.lark")
    with unit_of_work():
        disclosures.withdraw(disclosure, asker, "The demand was withdrawn.")
    assert retention.not_due(record) is None


def _remains(request: FRRequest) -> tuple[object, ...]:
    people = (request.requester_id, request.examiner_id, request.discussing_supervisor_id)
    return (request.number, request.case_number, request.use_id, request.submitted_at, request.created_at, *people)


# What changes between approval and execution ------------------------------------------------------------------


@pytest.mark.clause("RET-11")
def test_a_hold_placed_after_the_approval_spares_the_record_and_its_files(keep):
    held, other = keep.record(request="withdrawn", case_number=KEPT), keep.record(case_number=CASE)
    victim = keep.person(held)
    disposal = keep.disposal("approved", targets=[held, other])
    hold = keep.hold(held)
    keep.execute()
    assert disposal.state == "disposed"
    state = {item.target: (item.state, item.spared_by_rule) for item in disposal.items}
    assert state == {
        held: ("spared", "hold_wins"),
        other: ("erased", None),
        victim: ("spared", "file_with_records"),
    }
    assert stores().keys.exists(held.key_id)
    assert request_of(held).state == "withdrawn"
    assert victim.private["name"] == "Robin Quill"
    assert hold.private["reason"]


@pytest.mark.clause("RET-9", "RET-10")
def test_a_suspects_file_stays_when_the_record_it_was_to_go_with_is_spared(keep):
    record = keep.record(case_number=CASE)
    suspect = keep.person(record, "Ira Longgone", "suspect", died_on=date(2010, 5, 5))
    disposal = keep.disposal("approved", targets=[record, suspect])
    keep.make.empty(case_number=CASE)  # a new draft: the case is at work again
    keep.execute()
    assert [(item.state, item.spared_by_rule) for item in disposal.items] == [
        ("spared", "closed_cases_only"),
        ("spared", "file_with_records"),
    ]
    assert suspect.private["name"] == "Ira Longgone"


@pytest.mark.clause("RET-11")
def test_a_new_request_under_the_number_of_a_disposed_case_begins_anew(keep, make):
    record = keep.record("disposed", case_number=CASE)
    gone = record.key_id
    request = make.request(state="submitted", case_number=CASE)
    assert (record.state, record.disposed_at) == ("open", None)
    assert record.key_id != gone
    assert not stores().keys.exists(gone)
    assert retention.standing_of(record).status == "open"
    assert request.private["narrative"]


@pytest.mark.clause("CAP-4", "RET-11")
def test_a_case_waits_while_a_photograph_that_looks_like_its_probe_is_undecided(keep, app):
    record = keep.record(request="withdrawn", case_number=CASE)
    image = request_of(record).images[0]
    held = GalleryHold(
        key_id=stores().keys.create(),
        batch="b",
        record_number="R-1",
        sha256="0" * 64,
        blob_id="0" * 32,
        probe_image_id=image.id,
    )
    with unit_of_work() as rows:
        rows.add(held)
        rows.flush()
        audit.record("gallery.held", held, batch="b", record="R-1", image=image.uid)
    assert retention.not_due(record).rule_id == "probe-look-alike"
    with unit_of_work():
        gallery.decide(held, False, "It is the probe itself.")
    keep.disposal("disposed", targets=[record])
    assert (held.probe_image_id, held.decision) == (None, "refused")


@pytest.mark.clause("RET-11")
def test_a_case_waits_while_an_image_is_still_being_checked(keep, make):
    request = make.request(state="draft", case_number=CASE, images=0)
    upload(make, request)
    make.withdraw(request)
    record = keep.record(case_number=CASE)
    assert retention.not_due(record).sentence == "An image of this case is still being checked."
    keep.execute()
    assert retention.not_due(record) is None


def upload(make, request: FRRequest) -> None:
    """An image that no worker has looked at yet."""
    data = picture()
    stored = stores().blobs.put(request.key_id, data)
    with unit_of_work():
        probe_images.add_image(request, make.people.actor(request.requester.name), stored, sniff(data), "still.jpg")


# Files without rows, rows without files ----------------------------------------------------------------------


@pytest.mark.clause("RET-11", "ACC-10")
def test_orphans_and_absent_files_do_not_stand_in_the_way(keep):
    """A blob of no row goes with the key that opens it; a file that is gone already is no fault; others stay."""
    record = keep.record(request="withdrawn", case_number=CASE)
    request, kept = request_of(record), keep.record(request="withdrawn", case_number=KEPT)
    orphan = stores().blobs.put(request.key_id, b"a copy whose transaction never committed")
    stranger = stores().blobs.put(request_of(kept).key_id, b"a file of a case that is kept")
    stores().blobs.destroy(request.images[0].blob_id)
    keep.disposal("disposed", targets=[record])
    assert not stores().blobs.exists(orphan.id)
    assert stores().blobs.exists(stranger.id)
    assert request.images == []


@pytest.mark.clause("RET-11", "ACC-10")
def test_rows_are_not_deleted_while_a_key_is_left(keep, monkeypatch):
    record = keep.record(request="withdrawn", case_number=CASE)
    disposal = keep.disposal("approved", targets=[record])
    monkeypatch.setattr(erasure, "destroy", lambda uid: None)
    with pytest.raises(RuntimeError, match="only after their keys"):
        run(disposal)
    assert request_of(record).images


@pytest.mark.clause("RET-11", "ACC-10")
def test_nothing_is_certified_while_a_file_of_an_erased_record_is_still_there(keep, monkeypatch):
    disposal = keep.disposal("approved", targets=[keep.record(request="closed", case_number=CASE)])
    monkeypatch.setattr(type(stores().blobs), "destroy", lambda _self, _blob_id: None)
    with pytest.raises(JobFailed, match=r"0 of \d+ keys and [1-9]\d* of \d+ files that were to be destroyed are still"):
        run(disposal)
    assert (disposal.state, disposal.certificate_blob_id) == ("executing", None)
    monkeypatch.undo()
    keep.execute()
    assert disposal.certificate_blob_id is None, "the files stay known, for whoever looks"


@pytest.mark.clause("RET-11")
def test_a_files_write_that_a_crash_cut_short_is_swept(keep):
    part = here().blob_dir / "ab" / ("ab" + "0" * 30 + ".part")
    part.parent.mkdir(exist_ok=True)
    part.write_bytes(b"half")
    os.utime(part, (time.time() - 7200,) * 2)
    young = part.with_name("ab" + "1" * 30 + ".part")
    young.write_bytes(b"half")
    assert erasure.sweep_cut_short() == 1
    assert young.exists() and not part.exists()


def tables_of_a_request() -> set[str]:
    """Every table from which foreign keys lead to a request, however far."""
    found, before = {"fr_request"}, set()
    while found != before:
        before = set(found)
        found |= {
            table.name
            for table in db.metadata.tables.values()
            if {key.column.table.name for key in table.foreign_keys} & before
        }
    return found


@pytest.mark.clause("RET-11")
def test_every_table_that_hangs_on_a_request_says_what_becomes_of_it(app):
    tables = {table for eraser in erasure_rows.ERASERS for table in eraser.tables}
    assert tables_of_a_request() - tables == set()


@pytest.mark.clause("RET-11")
def test_every_column_that_names_a_stored_file_is_known_to_the_search_for_orphans(app):
    columns = {
        f"{table.name}.{column.name}"
        for table in db.metadata.tables.values()
        for column in table.columns
        if "blob" in column.name
    }
    assert columns and all(name.endswith("blob_id") for name in columns)


# A person's file with photographs in the repository ------------------------------------------------------------


@pytest.mark.clause("RET-9", "CAP-3", "ACC-10")
def test_a_suspects_photographs_leave_the_repository_with_the_file(app, settings, keep, make):
    gone, stays = make.enrol([person(31)], photos=2)[0].person, make.enrol([person(32)])[0].person
    app.extensions["settings"] = dataclasses.replace(settings, matching_index="faiss")
    assert app.test_cli_runner().invoke(args=["matching", "snapshot"]).exit_code == 0
    (snapshot,) = (settings.data_dir / "index").iterdir()
    record = keep.record(case_number=CASE)
    suspect = keep.person(record, "Ira Longgone", "suspect", died_on=date(2010, 5, 5), gallery_person=gone)
    sought, before = ErasureSearch().of_file(suspect), generation()
    blobs = [photo.blob_id for photo in gone.photos]
    assert erasure_search.missing(sought.stored) == []
    keep.disposal("disposed", targets=[record, suspect])
    assert erasure_search.found({**sought.stored, **sought.plain}) == {}
    assert erasure_search.files_named([*blobs, gone.key_id, suspect.key_id]) == []
    assert not snapshot.exists() and stores().keys.is_destroyed(snapshot.stem.rsplit("-", 1)[1])
    assert {photo.removed_because for photo in gone.photos} == {"disposed"}
    assert generation() > before, "workers drop the templates before their next search"
    assert [template.photo.person for template in db.session.query(Template)] == [stays]
    assert (suspect.sealed, suspect.gallery_person, suspect.links) == (None, None, [])
    assert db.session.query(GalleryPhoto).count() == 3, "that they were here and left remains known"
    assert db.session.query(GalleryPerson).filter_by(id=gone.id).one().sealed is None


@pytest.mark.clause("RET-9")
def test_a_suspects_file_outlives_the_case_until_its_own_day(keep):
    record = keep.record(case_number=CASE)
    suspect = keep.person(record, "Ira Stillhere", "suspect", born_on=date(1990, 5, 5), arrests_checked_on=LONG_AGO)
    disposal = keep.disposal("disposed", targets=[record])
    assert [item.target for item in disposal.items] == [record]
    standing = retention.standing_of(suspect)
    assert (standing.status, standing.earliest) == ("upcoming", date(2080, 5, 5))
    assert suspect.private["name"] == "Ira Stillhere"


# The database's own files ---------------------------------------------------------------------------------------


@pytest.mark.clause("RET-11")
def test_the_scrub_leaves_no_remains_of_deleted_rows_in_the_databases_files(app):
    """Measured: `secure_delete` alone leaves remains of rows that moved between pages; the log leaves whole pages."""
    chance = random.Random(1)
    rows = [chance.randbytes(chance.choice([40, 120, 400, 900, 3000])) for _ in range(1200)]
    gone = chance.sample(range(1200), 1000)
    raw = db.engine.raw_connection()
    connection = raw.driver_connection
    connection.execute("CREATE TABLE remains (id INTEGER PRIMARY KEY, sealed BLOB)")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO remains VALUES (?, ?)", enumerate(rows))
    connection.execute("COMMIT")
    connection.execute("BEGIN")
    connection.executemany("DELETE FROM remains WHERE id = ?", [(n,) for n in gone])
    connection.execute("COMMIT")
    raw.close()
    needles = {str(n): rows[n][:32] for n in gone}
    assert erasure_search.found(needles)
    erasure.scrub()
    assert erasure_search.found(needles) == {}
