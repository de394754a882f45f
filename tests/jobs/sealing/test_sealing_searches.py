"""Sealing while searches run: threads and processes, each index, and between scan and delivery (CAP-3).

A search may list a photograph only if it began before the order was carried out; whatever began later never sees it.
"""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from app.access.actor import system_actor
from app.audit import record
from app.calendar import today
from app.domain.gallery import index_snapshot, repository_index
from app.domain.sealing import verbs as sealing
from app.domain.sealing.order_statement import OrderStatement
from app.extensions import db, settings, stores
from app.factory import create_app
from app.jobs.identification.search import still_held
from app.jobs.sealing import completion
from app.matching.errors import MatchingError
from app.matching.types import Template as Vector
from app.models import GalleryPhoto, Template
from app.unit_of_work import unit_of_work
from tests.conftest import models_directory
from tests.jobs.identification.test_search_indexes import enrol, index, listed, probe_of  # noqa: F401

pytestmark = [
    pytest.mark.clause("CAP-3"),
    pytest.mark.skipif(
        not (models_directory() / "centerface.onnx").is_file(), reason="the face models are not installed (make setup)"
    ),
]
PEOPLE = 12


def order(*records: str, number: str = "IND-1") -> OrderStatement:
    return OrderStatement("sealed", number, "Criminal Court of the Example City", today(), records)


def seal(*records: str, number: str = "IND-1"):
    return sealing.execute(order(*records, number=number), system_actor(), "command")[0]


def test_absent_from_the_very_next_search_of_every_index(index, tmp_path):  # noqa: F811
    people = [enrol(number) for number in range(PEOPLE)]
    photo = people[5].photos[0]
    uid, probe = photo.uid, probe_of(photo)
    assert listed(index, probe)[0][0] == uid
    seal(photo.record_number)
    ranking, *_ = index.search(probe, 25)
    assert uid not in {found for person in ranking for found, _ in person.photos}
    assert len(index.index) == PEOPLE * 2 - 1
    if settings().matching_index == "milvus":
        assert _vector_bytes(probe) not in _all_bytes(tmp_path), "compacted: no file of Milvus holds the template"


def test_a_shared_index_is_rid_of_it_although_nobody_searches(index, tmp_path):  # noqa: F811
    if settings().matching_index != "milvus":
        pytest.skip("only Milvus keeps templates outside the workers' memory; snapshots have their own test")
    people = [enrol(number) for number in range(4)]
    index.refresh()
    photo = people[1].photos[0]
    probe, kept = probe_of(photo), probe_of(people[2].photos[0])
    before = _all_bytes(tmp_path)
    assert _vector_bytes(kept) in before and _vector_bytes(probe) in before, "the search of bytes would find it"
    seal(photo.record_number)
    db.session.rollback()
    completion.clean_index()
    after = _all_bytes(tmp_path)
    assert _vector_bytes(probe) not in after and _vector_bytes(kept) in after


@pytest.mark.parametrize("index", ["milvus"], indirect=True)
def test_the_index_of_a_network_that_is_gone_is_cleaned_or_bars_the_certificate(index, app, tmp_path):  # noqa: F811
    people = [enrol(number) for number in range(3)]
    index.refresh()
    photo, other = people[1].photos[0], people[2].photos[0]
    probe = probe_of(photo)
    with unit_of_work():
        unknown = Template(photo=other, algorithm_digest="0" * 64, box=other.templates[0].box)
        db.session.add(unknown)
        _count()
    seal(photo.record_number)
    db.session.rollback()
    app.extensions["settings"] = dataclasses.replace(settings(), models_dir=tmp_path / "no-models")
    with pytest.raises(MatchingError, match="000000000000 is not cleaned"):
        completion.clean_index()
    assert _vector_bytes(probe) not in _all_bytes(tmp_path), "the index that is known was cleaned all the same"


def _vector_bytes(probe: Vector) -> bytes:
    return np.asarray(probe.vector, "<f4").tobytes()[:48]


def _all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and "milvus" in str(path))


@pytest.mark.parametrize("index", ["faiss"], indirect=True)
@pytest.mark.clause("ACC-10")
def test_a_snapshot_made_before_the_order_cannot_be_read_after_it(index, settings):  # noqa: F811
    people = [enrol(number) for number in range(4)]
    index.refresh()
    path = index_snapshot.save(index)
    key_id, content = path.stem.rsplit("-", 1)[1], path.read_bytes()
    seal(people[0].photos[0].record_number)
    assert stores().keys.is_destroyed(key_id) and not path.exists()
    path.write_bytes(content)  # from a backup
    fresh = repository_index.RepositoryIndex.empty(index.index.model_digest, 128, kind="faiss")
    assert not index_snapshot.restore(fresh) and not path.exists()
    fresh.refresh()
    again = index_snapshot.save(fresh)
    assert again.stem.rsplit("-", 1)[1] != key_id, "the next one stands under a key of its own"


@pytest.mark.parametrize("index", ["exact"], indirect=True)
def test_sealed_between_scan_and_delivery_it_is_not_delivered(index):  # noqa: F811
    people = [enrol(number) for number in range(4)]
    photo, other = people[1].photos
    ranking, *_ = index.search(probe_of(photo), 25)
    assert ranking[0].photo_id == photo.uid, "scanned before the order"
    seal(photo.record_number)
    with unit_of_work():
        delivered = still_held(ranking)
        _count()
    assert photo not in [one for one, _ in delivered]
    assert other in [one for one, _ in delivered], "the person stands with the photograph that is still held"
    assert len(delivered) == 4
    seal(other.record_number, number="IND-2")
    with unit_of_work():
        assert people[1] not in [one.person for one, _ in still_held(ranking)]
        _count()


def _count() -> None:
    """The next generation, with the event that a change of the repository never comes without."""
    record("gallery.enrolled", batch="tests", photos=0, generation=repository_index.next_generation())


@pytest.mark.timeout(240)
@pytest.mark.parametrize("index", ["exact", "faiss", "milvus"], indirect=True)
def test_threads_that_search_all_the_time_never_see_it_after_the_order(index, app, settings):  # noqa: F811
    """Four threads, each an index of its own (Milvus: one shared through one lock, as one file allows no more)."""
    people = [enrol(number) for number in range(PEOPLE)]
    victims = [person.photos[0] for person in people[:3]]
    uids = {photo.record_number: photo.uid for photo in victims}
    probes = {photo.record_number: probe_of(photo) for photo in victims}
    db.session.rollback()
    kind = app.extensions["settings"].matching_index
    shared, lock = index, threading.Lock()
    gone: dict[str, float] = {}
    seen: list[tuple[str, float]] = []
    faults: list[str] = []
    stop = threading.Event()

    def search_all_the_time() -> None:
        with app.app_context():
            own = (
                shared
                if kind == "milvus"
                else repository_index.RepositoryIndex.empty(shared.index.model_digest, 128, kind=kind)
            )
            while not stop.is_set():
                for record, probe in probes.items():
                    if kind == "milvus":
                        lock.acquire()
                    began = time.monotonic()
                    try:
                        ranking, *_ = own.search(probe, 25)
                    except Exception as fault:
                        faults.append(repr(fault))
                        stop.set()
                        return
                    finally:
                        db.session.rollback()
                        if kind == "milvus":
                            lock.release()
                    if uids[record] in {uid for person in ranking for uid, _ in person.photos}:
                        seen.append((record, began))
                        if began > gone.get(record, float("inf")):
                            faults.append(f"{record} was listed by a search that began after the order")

    threads = [threading.Thread(target=search_all_the_time) for _ in range(2 if kind == "milvus" else 4)]
    for thread in threads:
        thread.start()
    for number, photo in enumerate(victims):
        record = photo.record_number
        _until(lambda record=record: any(name == record for name, _ in seen), stop)
        seal(record, number=f"IND-{number}")
        gone[record] = time.monotonic()
        time.sleep(0.3)
    stop.set()
    for thread in threads:
        thread.join(60)
    assert not faults, faults[:3]
    assert {record for record, _ in seen} == set(uids), "each was listed before its order, so the searches search"


def _until(true, stop, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true() and not stop.is_set():
        assert time.monotonic() < until, "no search listed the photograph before the order"
        time.sleep(0.02)


def _searching_process(made, probe: bytes, digest: str, uid: str, out: Path) -> None:
    """A worker of its own: searches until told to end; a line for each search with its beginning and what it saw."""
    app = create_app(made)
    with app.app_context(), out.open("w", buffering=1) as lines:
        own = repository_index.RepositoryIndex.empty(digest, 128, kind=made.matching_index)
        vector = Vector(np.frombuffer(probe, "<f4"), digest)
        while not out.with_suffix(".stop").exists():
            began = time.time()
            ranking, at, *_ = own.search(vector, 25)
            db.session.rollback()
            hit = uid in {found for person in ranking for found, _ in person.photos}
            lines.write(json.dumps([began, at, hit]) + "\n")


@pytest.mark.timeout(240)
@pytest.mark.parametrize("index", ["exact", "faiss"], indirect=True)
@pytest.mark.long
def test_two_worker_processes_never_see_it_after_the_order(index, app, tmp_path):  # noqa: F811
    people = [enrol(number) for number in range(PEOPLE)]
    photo = people[4].photos[0]
    uid, probe = photo.uid, np.asarray(probe_of(photo).vector, "<f4").tobytes()
    record, digest = photo.record_number, index.index.model_digest
    made = dataclasses.replace(app.extensions["settings"])
    db.session.rollback()
    outs = [tmp_path / f"worker-{number}.lines" for number in range(2)]
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_searching_process, args=(made, probe, digest, uid, out)) for out in outs]
    for worker in workers:
        worker.start()
    try:
        until = time.monotonic() + 90
        while not all(out.exists() and len(out.read_text().splitlines()) > 5 for out in outs):
            assert time.monotonic() < until and all(worker.is_alive() for worker in workers)
            time.sleep(0.1)
        sealed = seal(record)
        gone, generation = time.time(), sealed.generation
        time.sleep(1.0)
    finally:
        for out in outs:
            out.with_suffix(".stop").touch()
        for worker in workers:
            worker.join(30)
    for out in outs:
        searches = [json.loads(line) for line in out.read_text().splitlines()]
        assert any(hit for _, _, hit in searches), "listed before the order"
        later = [(at, hit) for began, at, hit in searches if began > gone]
        assert later and not any(hit for _, hit in later)
        assert all(not hit for _, at, hit in searches if at >= generation), "the generation says which saw it"


def test_the_photographs_that_stay_are_found_as_before(index):  # noqa: F811
    people = [enrol(number) for number in range(PEOPLE)]
    kept = people[2].photos[1]
    before = listed(index, probe_of(kept))[0][0]
    seal(*(person.photos[0].record_number for person in people))
    found, there, photos = listed(index, probe_of(kept))
    assert (found[0], before, there, photos) == (kept.uid, kept.uid, PEOPLE, PEOPLE)
    assert db.session.query(GalleryPhoto).filter(GalleryPhoto.removed_at.is_(None)).count() == PEOPLE
