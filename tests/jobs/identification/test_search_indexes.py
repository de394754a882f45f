"""A search through each index that the settings may name: the same list, and what left is absent from the very next."""

from __future__ import annotations

import dataclasses
import sqlite3

import numpy as np
import pytest

from app.audit import record
from app.calendar import today
from app.domain.algorithms import networks
from app.domain.gallery import index_snapshot, loaded_index, repository_index
from app.domain.gallery import verbs as gallery
from app.domain.gallery.repository_index import next_generation, seal_template
from app.domain.retention import erasure
from app.extensions import db, stores
from app.matching.types import Template as Vector
from app.models import GalleryPerson, GalleryPhoto, Template
from app.models.base import now
from app.unit_of_work import unit_of_work
from tests.conftest import models_directory

pytestmark = pytest.mark.skipif(
    not (models_directory() / "centerface.onnx").is_file(), reason="the face models are not installed (make setup)"
)


@pytest.fixture(params=["exact", "faiss", "milvus"])
def index(request, app, settings, tmp_path, make):
    """The index of the settings over twelve people whose templates are random: no network has to run."""
    if request.param == "milvus":
        pytest.importorskip("milvus_lite", reason="Milvus Lite is not installed (pip install .[test])")
    app.extensions["settings"] = dataclasses.replace(
        settings, matching_index=request.param, milvus_uri=str(tmp_path / "milvus.db")
    )
    yield loaded_index.repository()
    app.extensions.pop("repository")


def enrol(number, photos=2):
    """A person with photographs and templates in the database."""
    digest = networks.extractor().digest
    random = np.random.default_rng(number)
    with unit_of_work():
        person = GalleryPerson(person_number=f"P-{number}", key_id=stores().keys.create())
        db.session.add(person)
        for n in range(photos):
            raw = random.normal(size=128)
            vector = Vector((raw / np.linalg.norm(raw)).astype(np.float32), digest)
            photo = GalleryPhoto(
                record_number=f"R-{number}-{n}",
                person=person,
                source="arrest",
                jurisdiction="criminal",
                charged=True,
                taken_on=today(),
                sha256=f"{number:032x}{n:032x}",
                phash=f"{number:08x}{n:08x}",
                blob_id="0" * 32,
                width=480,
                height=600,
                batch="tests",
                key_id=stores().keys.create(),
            )
            db.session.add(photo)
            db.session.flush()
            box = seal_template(photo.key_id, photo.uid, vector)
            db.session.add(Template(photo=photo, algorithm_digest=digest, box=box))
        record("gallery.enrolled", batch="tests", photos=photos, generation=next_generation())
    return person


def change(photo, removed):
    with unit_of_work():
        photo.removed_at, photo.removed_because = (now(), "sealed") if removed else (None, None)
        record("gallery.enrolled", batch="tests", photos=0, generation=next_generation())


def probe_of(photo):
    return repository_index.open_template(photo.key_id, photo.uid, networks.extractor().digest, photo.templates[0].box)


def listed(index, probe, k=25):
    ranking, _generation, people, photos = index.search(probe, k)
    return [person.photo_id for person in ranking], people, photos


@pytest.mark.clause("CAP-3", "CAP-6")
def test_a_photograph_that_left_is_absent_from_the_very_next_search(index):
    people = [enrol(number) for number in range(12)]
    photo = people[5].photos[0]
    probe = probe_of(photo)
    best, *others = (found := listed(index, probe))[0]
    assert best == photo.uid and found[1:] == (12, 24) and len(others) == 11

    change(photo, removed=True)
    after = listed(index, probe)
    assert photo.uid not in after[0] and after[1:] == (12, 23)
    ranking, *_ = index.search(probe, 25)
    assert photo.uid not in {uid for person in ranking for uid, _ in person.photos}

    added = enrol(99, photos=1)
    assert listed(index, probe_of(added.photos[0]))[0][0] == added.photos[0].uid
    assert listed(index, probe)[1:] == (13, 24)


def test_what_the_counts_give_away_is_found_by_comparing_all(index):
    """A photograph that is held again has an old template: nothing is newer, yet one more may be searched."""
    people = [enrol(number) for number in range(3)]
    photo = people[1].photos[0]
    probe = probe_of(photo)
    change(photo, removed=True)
    assert listed(index, probe)[1:] == (3, 5)
    change(photo, removed=False)
    assert listed(index, probe)[0][0] == photo.uid
    assert listed(index, probe)[1:] == (3, 6)


def test_a_database_put_back_to_an_earlier_state_is_searched_as_it_then_was(index, settings):
    """A backup restored beside a running worker: the index is ahead, and holds people of another history."""
    photo = enrol(1).photos[0]
    before, kept, probe = repository_index.generation(), photo.uid, probe_of(photo)
    database = sqlite3.connect(settings.data_dir / "corroborate.sqlite")
    backup = sqlite3.connect(":memory:")
    database.backup(backup)
    enrol(2)
    assert listed(index, probe)[1:] == (2, 4)
    db.session.remove()
    db.engine.dispose()
    backup.backup(database)
    assert listed(index, probe) == ([kept], 1, 2) and index.index.generation == before


def test_nothing_is_read_while_nothing_changes(index, monkeypatch):
    enrol(1)
    index.refresh()
    monkeypatch.setattr(repository_index.StoredTemplates, "read", None)
    index.refresh()
    enrol(2)
    with pytest.raises(TypeError):
        index.refresh()
    monkeypatch.undo()
    index.refresh()
    assert len(index.index) == 4, "a refresh that failed is not taken for done"


@pytest.mark.parametrize("index", ["faiss"], indirect=True)
@pytest.mark.clause("CAP-3", "ACC-10")
def test_a_worker_starts_from_a_snapshot_and_forgets_it_when_a_photograph_leaves(index, app, settings, monkeypatch):
    people = [enrol(number) for number in range(4)]
    result = app.test_cli_runner().invoke(args=["matching", "snapshot"])
    assert result.exit_code == 0 and "8 photographs of generation 4" in result.output
    (path,) = (settings.data_dir / "index").iterdir()
    content, key_id = path.read_bytes(), path.stem.rsplit("-", 1)[1]
    photo = people[2].photos[0]
    probe = probe_of(photo)
    assert not any(probe_of(p).vector.astype(np.float16).tobytes() in content for who in people for p in who.photos)

    app.extensions.pop("repository")
    again, read = loaded_index.repository(), []
    plain = repository_index.StoredTemplates.read
    monkeypatch.setattr(repository_index.StoredTemplates, "read", lambda *given: read.append(given) or plain(*given))
    again.refresh()
    assert (len(again.index), read) == (8, []), "nothing is decrypted at the start"
    assert listed(again, probe) == listed(index, probe)

    change(photo, removed=True)
    assert photo.uid not in listed(again, probe)[0]
    assert not path.exists() and stores().keys.is_destroyed(key_id)
    app.extensions.pop("repository")
    assert len(loaded_index.repository().index) == 0


@pytest.mark.parametrize("index", ["faiss"], indirect=True)
@pytest.mark.clause("CAP-3", "ACC-10")
def test_the_snapshot_dies_with_the_photograph_although_nobody_searches(index, app, settings):
    photo = enrol(1).photos[0]
    assert app.test_cli_runner().invoke(args=["matching", "snapshot"]).exit_code == 0
    (path,) = (settings.data_dir / "index").iterdir()
    with unit_of_work():
        gallery.remove(photo, "ineligible")
    assert not path.exists() and stores().keys.is_destroyed(path.stem.rsplit("-", 1)[1])
    assert index_snapshot.forget in erasure.AFTERWARDS, "also when a crash came between"


@pytest.mark.parametrize("index", ["exact"], indirect=True)
def test_an_index_without_snapshots_says_so(index, app):
    result = app.test_cli_runner().invoke(args=["matching", "snapshot"])
    assert result.exit_code == 1 and "Only CORROBORATE_INDEX=faiss" in result.output
