"""Files of long lists: written in parts and slices, whole or resumed, for whoever asked, for a while (AUD-6, EXT-7)."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import audit
from app.domain.oversight import exports
from app.domain.retention import erasure
from app.extensions import db, stores
from app.jobs import runner
from app.jobs.disclosures.lapses import lapse
from app.jobs.oversight import exports as export_jobs
from app.models import AuditEvent, Job
from app.models.base import now
from app.unit_of_work import unit_of_work
from tests.web.oversight.export_pages import ask_for_file, file_of
from tests.web.page_reading import soup, text

WATCHER, OTHER, RECORDS = "w.sparrow", "h.larch", "b.juniper"


@pytest.fixture
def many(people):
    """Some hundred events."""
    account = people.account("f.spruce")
    with unit_of_work():
        for number in range(300):
            audit.record("terms.accepted", account, actor=account, terms=f"version-{number}")


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of a few lines, and a slice for each."""
    monkeypatch.setattr(exports, "PART_BYTES", 10_000)
    monkeypatch.setattr(exports, "BATCH", 20)
    monkeypatch.setattr(export_jobs, "SLICE_SECONDS", 0.0)


def recorded(event: str) -> list[tuple[str, dict]]:
    """Return (file, keys) of the events of one kind, in order."""
    db.session.rollback()
    rows = select(AuditEvent).where(AuditEvent.event == event).order_by(AuditEvent.sequence)
    return [(row.subject_id, json.loads(row.keys)) for row in db.session.scalars(rows)]


def asked(client, page: str = "/audit") -> str:
    """The address of a file that was asked for."""
    answer = ask_for_file(client, page)
    assert answer.status_code == 303
    return answer.headers["Location"]


def uid_of(place: str) -> str:
    return place.rpartition("/")[2]


def sequences(answer) -> list[int]:
    heading, *lines = list(csv.reader(io.StringIO(answer.get_data(as_text=True), newline="")))
    assert len({len(line) for line in lines} | {len(heading)}) == 1
    return [int(line[0]) for line in lines]


@pytest.mark.clause("AUD-6")
def test_every_event_up_to_the_question_is_in_the_file_once(many, small_parts, sign_in, run_jobs) -> None:
    client = sign_in(WATCHER)
    place = asked(client)
    [(uid, keys)] = recorded("export.asked")
    last = db.session.scalars(select(AuditEvent.sequence).where(AuditEvent.event == "export.asked")).one()
    assert (uid, keys) == (uid_of(place), {"of": "audit", "filter": {}})
    audit.viewed("audit.read", filter={"page": 1})
    run_jobs()
    answer = client.get(f"{place}/file")
    # the question itself is recorded as its unit ends: what comes before it is in the file
    assert sequences(answer) == list(range(last - 2, 0, -1))
    progress = exports.find(uid).progress
    assert len(progress.parts) > 5, "in parts"
    [(of, done)] = recorded("export.finished")
    digest = hashlib.sha256(answer.data).hexdigest()
    assert of == uid and done == {
        "of": "audit",
        "rows": last - 2,
        "newest": str(last - 2),
        "oldest": "1",
        "bytes": len(answer.data),
        "sha256": digest,
    }
    assert recorded("export.taken") == [(uid, {"of": "audit", "sha256": digest, "first": 0})]


@pytest.mark.clause("AUD-6")
def test_a_transfer_that_broke_off_goes_on_where_it_stopped(many, small_parts, sign_in, run_jobs) -> None:
    client = sign_in(WATCHER)
    whole = file_of(client, "/audit", run_jobs)
    address = whole.request.path
    half, size = len(whole.data) // 2 + 7, len(whole.data)
    rest = client.get(address, headers={"Range": f"bytes={half}-", "If-Range": whole.headers["ETag"]})
    assert rest.status_code == 206
    assert rest.headers["Content-Range"] == f"bytes {half}-{size - 1}/{size}"
    assert whole.data[:half] + rest.data == whole.data
    assert client.get(address, headers={"Range": "bytes=-9"}).data == whole.data[-9:]
    assert client.get(address, headers={"Range": "bytes=0-0"}).data == whole.data[:1]
    another = client.get(address, headers={"Range": f"bytes={half}-", "If-Range": '"another"'})
    assert (another.status_code, another.data) == (200, whole.data), "a range of another version is no use"
    beyond = client.get(address, headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    assert client.head(address).content_length == size
    assert [keys["first"] for _, keys in recorded("export.taken")] == [0, half, size - 9, 0, 0]


def test_the_page_follows_the_file_until_it_is_written(many, small_parts, sign_in, run_jobs) -> None:
    client, htmx = sign_in(WATCHER), {"HX-Request": "true", "X-Poll": "1"}
    place = asked(client)
    first = client.get(place)
    assert first.text.count('http-equiv="refresh"') == 1 and client.get(f"{place}/file").status_code == 404
    polled = soup(first).select_one("#export-progress")
    runner.perform(uid_of(place))
    page = soup(client.get(polled["hx-get"], headers=htmx)).select_one("#export-progress")
    written, total = int(page.progress["value"]), int(page.progress["max"])
    assert 0 < written < total >= 300
    assert "Being written" in text(client.get("/audit"))
    run_jobs()
    done = client.get(polled["hx-get"], headers=htmx)
    assert (done.headers["HX-Redirect"], done.data) == (place, b"")
    assert client.get(polled["hx-get"]).location == place, "without htmx"
    assert f"{total}" in text(client.get(place))
    assert "Ready" in text(client.get("/audit"))


def test_a_file_takes_its_turn_after_every_slice_and_a_turn_is_no_try(many, small_parts, sign_in, run_jobs) -> None:
    place = asked(sign_in(WATCHER))
    turns = 0
    while not exports.find(uid_of(place)).ready:
        runner.perform(uid_of(place))
        row = db.session.scalars(select(Job).where(Job.uid == uid_of(place))).one()
        turns += 1
        assert turns < 100
        if not exports.Export(row).ready:
            assert (row.state, row.attempts, row.sent_at, row.lease_owner) == ("queued", 0, None, None)
            assert row.not_before <= now()
    assert turns > 5 and row.state == "done"


def test_what_is_written_stays_written_after_a_kill(many, small_parts, sign_in) -> None:
    client = sign_in(WATCHER)
    uid = uid_of(asked(client))
    turns = 0
    while exports.write_part(uid):
        turns += 1
    assert turns > 5
    exports.finish(uid)
    exports.finish(uid)
    assert len(recorded("export.finished")) == 1
    found = sequences(client.get(f"/exports/{uid}/file"))
    assert found == sorted(set(found), reverse=True) and found[-1] == 1
    kept = {part.id for part in exports.find(uid).progress.parts}
    assert kept == set(stores().blobs.iter_ids()), "nothing else was kept"


def test_a_part_that_another_worker_wrote_first_is_thrown_away(many, small_parts, sign_in, monkeypatch) -> None:
    uid = uid_of(asked(sign_in(WATCHER)))
    own, other = exports._next_text, []

    def slow(export: exports.Export) -> str:
        written = own(export)
        if not other:
            other.append(True)
            exports.write_part(uid)
        return written

    monkeypatch.setattr(exports, "_next_text", slow)
    assert exports.write_part(uid)
    assert len(exports.find(uid).progress.parts) == 1
    assert len(list(stores().blobs.iter_ids())) == 1


@pytest.mark.clause("ACC-7", "ACC-11")
def test_a_file_is_for_whoever_asked_as_long_as_they_may_read_the_list(sign_in, run_jobs, change_person, post) -> None:
    client, other = sign_in(WATCHER), sign_in(OTHER)
    place = asked(client)
    run_jobs()
    for path in ("", "/progress", "/file"):
        assert other.get(f"{place}{path}").status_code == 404, path
    assert post(other, f"{place}/removal", page="/report-misuse").status_code == 404
    assert "Files you asked for" not in text(other.get("/audit"))
    change_person(WATCHER, groups=["records-officers"])
    assert client.get("/disclosures/register").status_code == 200
    for path in ("", "/progress", "/file"):
        assert client.get(f"{place}{path}").status_code == 404, path


@pytest.mark.clause("ACC-10")
def test_no_word_of_the_question_or_the_list_stands_in_the_database(sign_in, run_jobs, settings) -> None:
    client = sign_in(RECORDS)
    place = asked(client, "/disclosures/register?person=Robin+Sandpiper&state=released")
    run_jobs()
    assert client.get(f"{place}/file").data.startswith(b"number,submitted")
    assert recorded("export.asked")[0][1] == {"of": "register", "filter": {"fields": ["person", "state"]}}
    db.session.rollback()
    for path in settings.data_dir.rglob("*"):
        if path.is_file():
            assert b"andpiper" not in path.read_bytes(), path


def test_a_filter_that_does_not_hold_asks_for_no_file(sign_in, post) -> None:
    for name, address, page in (
        (WATCHER, "/audit/exports", "/audit"),
        (RECORDS, "/disclosures/register/exports", "/disclosures/register"),
    ):
        answer = post(sign_in(name), address, {"since": "yesterday"}, page=page)
        assert (
            answer.status_code == 422
            and "Correct the filter: until then nothing is listed and no file is made." in text(answer)
        )
    assert recorded("export.asked") == [] and db.session.scalars(select(Job)).all() == []


def test_nobody_fills_the_disk_with_files(sign_in, post) -> None:
    client = sign_in(WATCHER)
    places = [asked(client) for _ in range(exports.AT_ONCE)]
    answer = ask_for_file(client, "/audit")
    assert answer.status_code == 409 and "remove one" in text(answer)
    assert post(client, f"{places[0]}/removal", page=places[1]).headers["Location"] == "/audit"
    assert recorded("export.destroyed") == [(uid_of(places[0]), {"of": "audit", "why": "removed"})]
    asked(client)


@pytest.mark.clause("ACC-10")
def test_a_file_is_destroyed_when_its_time_is_over(many, small_parts, sign_in, run_jobs) -> None:
    client = sign_in(WATCHER)
    place = asked(client)
    run_jobs()
    export = exports.find(uid_of(place))
    assert timedelta(hours=23) < export.progress.kept_until - now() <= timedelta(hours=24)
    key, parts = export.progress.key_id, [part.id for part in export.progress.parts]
    assert lapse() == 0 and client.get(f"{place}/file").status_code == 200
    with unit_of_work():
        export.progress.kept_until = now() - timedelta(seconds=1)
        export.keep()
    assert lapse() == 1
    assert client.get(place).status_code == 404 and client.get(f"{place}/file").status_code == 404
    assert stores().keys.is_destroyed(key) and not any(stores().blobs.exists(part) for part in parts)
    assert db.session.scalars(select(Job)).all() == []
    assert recorded("export.destroyed") == [(uid_of(place), {"of": "audit", "why": "expired"})]


def test_a_file_that_could_not_be_written_says_why_and_goes(sign_in, run_jobs, monkeypatch) -> None:
    client = sign_in(WATCHER)
    place = asked(client)
    stores().keys.create()
    export = exports.find(uid_of(place))
    box = bytearray(export.progress.wanted)
    box[-1] ^= 1
    with unit_of_work():
        export.progress.wanted = bytes(box)
        export.keep()
    run_jobs()
    page = text(client.get(place))
    assert "could not be written" in page and "authenticity" in page
    assert "Not written" in text(client.get("/audit"))
    assert lapse() == 0
    with unit_of_work():
        export = exports.find(uid_of(place))
        export.row.finished_at = now() - timedelta(days=2)
    assert lapse() == 1 and client.get(place).status_code == 404


@pytest.mark.clause("RET-11")
def test_a_disposal_destroys_the_files_of_the_register_and_no_other(sign_in, run_jobs) -> None:
    """A line that was erased may stand in a file that was written before."""
    records, watcher = sign_in(RECORDS), sign_in(WATCHER)
    written, list_of_events = asked(records, "/disclosures/register"), asked(watcher)
    run_jobs()
    waiting = asked(records, "/disclosures/register")
    for step in erasure.AFTERWARDS:
        step()
    assert records.get(f"{written}/file").status_code == records.get(waiting).status_code == 404
    assert watcher.get(f"{list_of_events}/file").status_code == 200
    assert {(uid, keys["why"]) for uid, keys in recorded("export.destroyed")} == {
        (uid_of(written), "erased"),
        (uid_of(waiting), "erased"),
    }
    run_jobs()
