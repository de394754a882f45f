"""What only the FAISS index does: the margin, memory without the removed, snapshots, a store that lost a row."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from app.matching.errors import IndexOutOfStep, MixedModels, SnapshotError
from app.matching.ids import IdColumn, Wanted, pack, unpack
from app.matching.index import faiss_snapshot
from app.matching.index.faiss import FaissIndex
from app.matching.index.faiss_block import Block
from app.matching.types import GalleryBatch, Template
from tests.matching.indexes import MODEL, OTHER, Gallery, Rows, entries_of, exact, unit


def filled(count=40, dims=32, seed=1, block_rows=7):
    gallery = Gallery("faiss", dims)
    gallery.index.block_rows = block_rows
    vectors = unit(np.random.default_rng(seed).normal(size=(count, dims)))
    gallery.add(entries_of(vectors, [f"p{i % 9}" for i in range(count)]), 3)
    return gallery, vectors


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e-7])
def test_no_score_is_further_off_than_the_margin(scale):
    """Also where half precision has no normal numbers left: most entries of these rows are below 2^-14."""
    rng = np.random.default_rng(3)
    raw = rng.normal(size=(3000, 128)) * scale
    raw[:, 0] += 1
    vectors = unit(raw)
    block = Block(128, 3000)
    ids = pack([str(i) for i in range(3000)])
    block.append(vectors, ids, ids)
    for probe in [*unit(rng.normal(size=(3, 128))), vectors[0]]:
        scores, rows = block.nearest(probe[None], 3000, None)
        off = [abs(score - exact(vectors[row], probe)) for score, row in zip(scores.tolist(), rows, strict=True)]
        assert max(off) <= block.margin(float(np.linalg.norm(probe)))
        assert block.margin(1.0) < 5.5e-4, "a margin beyond the theory's would read half the gallery"


def test_the_scan_alone_would_be_wrong():
    """Two people whom half precision swaps: only the margin and the exact scores bring them in order."""
    rng = np.random.default_rng(9)
    probe = unit(rng.normal(size=64))
    vectors = unit(probe + 3e-5 * rng.normal(size=(200, 64)))
    gallery = Gallery("faiss", 64)
    gallery.add(entries_of(vectors, [f"p{i}" for i in range(200)]), 1)
    assert gallery.listed(probe, 20) == gallery.expected(probe, 20)
    (block,) = gallery.index.blocks
    scanned = unpack(block.photos.take(block.nearest(probe[None], 20, None)[1]))
    assert scanned != [photos[0] for _, photos in gallery.expected(probe, 20)]


@pytest.mark.clause("CAP-3")
def test_codes_and_ids_of_the_removed_leave_memory():
    gallery, _vectors = filled()
    memory = [(block.codes, block.photos, block.persons) for block in gallery.index.blocks]
    gone = list(gallery.held)[3:30:2]
    codes = [gallery.held[photo].template.vector.astype(np.float16).tobytes() for photo in gone]
    ids = [pack([photo]).tobytes() for photo in gone]
    held = b"".join(part.tobytes() for part, _, _ in memory)
    assert all(code in held for code in codes)

    assert gallery.remove(gone, 4) == len(gone)
    held = b"".join(part.tobytes() for part, _, _ in memory)
    columns = b"".join(ids.take(slice(7)).tobytes() for _, *both in memory for ids in both)
    assert not any(code in held for code in codes)
    assert not any(one in columns for one in ids)
    assert len(gallery.index.blocks) == -(-len(gallery.held) // 7)


def test_a_photograph_erased_meanwhile_gives_its_place_to_the_next():
    gallery, vectors = filled()
    (first, photos), *_ = gallery.expected(vectors[0], 3)
    for photo in photos:
        del gallery.store[photo]
    held = gallery.held
    gallery.held = {photo: entry for photo, entry in held.items() if entry.person_id != first}
    assert gallery.listed(vectors[0], 3) == gallery.expected(vectors[0], 3)


def test_a_store_with_another_template_is_noticed():
    gallery, vectors = filled()
    photo = gallery.expected(vectors[0], 1)[0][1][0]
    gallery.store[photo] = vectors[1]
    with pytest.raises(IndexOutOfStep):
        gallery.listed(vectors[0], 1)


def test_memory_stays_within_its_bound():
    """At most 0.3 GB a million photographs of 128 numbers, ids and all."""
    index = FaissIndex(MODEL, 128, Rows())
    row = unit(np.ones((1, 128)))
    ids = [f"{i:032x}" for i in range(100_000)]
    index.add_batch(GalleryBatch(ids, ids, np.repeat(row, 100_000, 0), MODEL), generation=1)
    held = sum(array.nbytes for b in index.blocks for array in (b.codes, b.photos._key, b.photos._rest))
    held += sum(array.nbytes for b in index.blocks for array in (b.persons._key, b.persons._rest, b.persons._low))
    assert held == index.nbytes <= 300 * len(index)


# ids


def test_ids_come_back_as_they_were_and_are_found_among_look_alikes():
    ids = ["0" * 32, "f" * 32, "f" * 16, "a", "ab", "b", "name-0000000001", "0000", "é", "0" * 31 + "1", "F" * 16]
    packed = pack(ids)
    assert unpack(packed) == ids
    assert unpack(pack(ids[:2])) == ids[:2]
    for column in (IdColumn(20), IdColumn(20, quick=True)):
        column.put(0, packed)
        for row, one in enumerate(ids):
            assert Wanted.of([one, "x" * 40]).rows(column, len(ids)).tolist() == [row]
        assert Wanted.of(["a", "F" * 16, "not there"]).rows(column, 10).tolist() == [3]
    with pytest.raises(ValueError, match="32 hexadecimal"):
        pack(["x" * 17])


@pytest.mark.parametrize("name", ["{:032x}", "{:x}" + "0" * 24, "person-{:08d}"])
def test_ids_that_count_up_are_sieved_like_any_others(name):
    """Otherwise every row of a million is looked at in Python."""
    ids = [name.format(number + (1 << 28)) for number in range(20_000)]
    packed = pack(ids)
    assert unpack(packed[:50]) == ids[:50]
    assert len(np.unique(packed["key"])) == len(ids)
    assert len(np.unique(packed["key"] & 0xFFFF)) > 9_000, "chance alone gives 17,000"


# snapshots


def seal(content, purpose):
    """Stands for an authenticated cipher: what was sealed for one purpose does not open for another."""
    return purpose + b"|" + bytes(byte ^ 0x5A for byte in content)


def unseal(box, purpose):
    if not box.startswith(purpose + b"|"):
        raise SnapshotError("wrong purpose")
    return bytes(byte ^ 0x5A for byte in box[len(purpose) + 1 :])


@pytest.fixture
def snapshot(tmp_path):
    gallery, vectors = filled()
    path, told = tmp_path / "gallery.snapshot", []
    faiss_snapshot.save(gallery.index, path, seal, lambda *progress: told.append(progress))
    assert told[0] == (7, 40) and told[-1] == (40, 40)
    return gallery, vectors, path


def restored(path, store=None, model=MODEL, dims=32, block_rows=7):
    index = FaissIndex(model, dims, store or Rows(), block_rows=block_rows)
    faiss_snapshot.load(index, path, unseal)
    return index


def test_an_index_from_a_snapshot_answers_alike(snapshot):
    gallery, vectors, path = snapshot
    gallery.index = restored(path, gallery.store)
    assert (gallery.index.generation, gallery.index.photo_ids) == (3, gallery.held.keys())
    for probe in vectors[:5]:
        assert gallery.listed(probe, 4) == gallery.expected(probe, 4)
    gallery.remove(list(gallery.held)[:5], 4)
    assert gallery.listed(vectors[0], 9) == gallery.expected(vectors[0], 9)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.clause("FAIR-2", "ACC-10")
def test_a_snapshot_of_another_network_or_in_plain_text_is_none(snapshot):
    gallery, vectors, path = snapshot
    with pytest.raises(MixedModels, match=OTHER):
        restored(path, model=OTHER)
    content = path.read_bytes()
    assert not any(vector.astype(np.float16).tobytes() in content for vector in vectors)
    with pytest.raises(ValueError, match="empty"):
        faiss_snapshot.load(gallery.index, path, unseal)


@pytest.mark.parametrize("damage", ["cut", "longer", "swapped", "other"])
def test_a_damaged_snapshot_is_refused_and_fills_nothing(snapshot, damage, tmp_path):
    gallery, _vectors, path = snapshot
    content = path.read_bytes()
    boxes, at = [], len(faiss_snapshot._MAGIC)
    while at < len(content):
        size = int.from_bytes(content[at : at + 8], "little")
        boxes.append(content[at : at + 8 + size])
        at += 8 + size
    if damage == "swapped":
        boxes[1], boxes[2] = boxes[2], boxes[1]
    if damage == "other":  # a block of another snapshot of the very same index
        faiss_snapshot.save(gallery.index, tmp_path / "second", seal)
        second = (tmp_path / "second").read_bytes()
        boxes[-1] = second[-len(boxes[-1]) :]
    whole = faiss_snapshot._MAGIC + b"".join(boxes)
    path.write_bytes({"cut": whole[:-10], "longer": whole + b"x"}.get(damage, whole))
    index = FaissIndex(MODEL, 32, Rows(), block_rows=7)
    with pytest.raises(SnapshotError):
        faiss_snapshot.load(index, path, unseal)
    assert (len(index), index.generation) == (0, 0)
    path.write_bytes(b"something else")
    with pytest.raises(SnapshotError, match="not a snapshot"):
        faiss_snapshot.load(index, path, unseal)


def test_a_search_with_a_template_of_ones_own_thread_count(monkeypatch):
    """More threads than blocks, and fewer: the same list."""
    gallery, vectors = filled()
    lists = []
    for threads in (1, 2, 5):
        gallery.index._threads, gallery.index._pool = threads, None
        lists.append(gallery.index.search(Template(vectors[0], MODEL), 9))
        gc.collect()
    assert lists[0] == lists[1] == lists[2]
