"""The blob store: write-once, checked on every read, erased with its key."""

import hashlib
import multiprocessing
import os
import sqlite3
import time

import pytest

from app.storage import (
    BlobCorrupt,
    BlobStore,
    BlobTooLarge,
    DiskFailure,
    KeyDestroyed,
    KeyStore,
    UnknownBlob,
    UnknownKey,
)
from app.storage.blobs import SEGMENT_BYTES

MASTER = bytes(range(32))
CONTENT = b"\xff\xd8" + b"a face no longer to be seen " * 40

fork = multiprocessing.get_context("fork")


@pytest.fixture
def keys(tmp_path):
    return KeyStore(tmp_path / "keys", MASTER)


@pytest.fixture
def blobs(tmp_path, keys):
    return BlobStore(tmp_path / "blobs", keys)


def blob_path(tmp_path, blob_id):
    return tmp_path / "blobs" / blob_id[:2] / blob_id


@pytest.mark.clause("ACC-10")
def test_a_blob_is_given_back_whole_and_lies_encrypted(tmp_path, keys, blobs):
    key_id = keys.create()
    ref = blobs.put(key_id, CONTENT)
    assert (ref.sha256, ref.size) == (hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    assert blobs.get(ref.id, key_id, ref.sha256) == CONTENT
    stored = blob_path(tmp_path, ref.id).read_bytes()
    assert b"no longer to be seen" not in stored
    assert stored[:2] != b"\xff\xd8"


def test_the_same_content_twice_is_two_unlike_blobs(tmp_path, keys, blobs):
    key_id = keys.create()
    first, second = blobs.put(key_id, CONTENT), blobs.put(key_id, CONTENT)
    assert first.id != second.id
    assert blob_path(tmp_path, first.id).read_bytes() != blob_path(tmp_path, second.id).read_bytes()
    assert blobs.get(blobs.put(key_id, b"").id, key_id, hashlib.sha256(b"").hexdigest()) == b""


def test_every_region_of_a_stored_file_is_guarded(tmp_path, keys, blobs):
    key_id = keys.create()
    ref = blobs.put(key_id, CONTENT)
    path = blob_path(tmp_path, ref.id)
    stored = path.read_bytes()
    for position in [*range(40), *range(40, len(stored), 37), *range(len(stored) - 20, len(stored))]:
        changed = bytearray(stored)
        changed[position] ^= 0x10
        path.write_bytes(changed)
        with pytest.raises(BlobCorrupt):
            blobs.get(ref.id, key_id, ref.sha256)
    for wrong in (b"", stored[:-1], stored + b"\0", stored[:500]):
        path.write_bytes(wrong)
        with pytest.raises(BlobCorrupt):
            blobs.get(ref.id, key_id, ref.sha256)


def test_the_digest_in_the_record_is_checked_on_every_read(keys, blobs):
    key_id = keys.create()
    ref = blobs.put(key_id, CONTENT)
    for digest in (hashlib.sha256(b"other").hexdigest(), "", ref.sha256[:-1], "é"):
        with pytest.raises(BlobCorrupt, match="digests"):
            blobs.get(ref.id, key_id, digest)


def test_blobs_cannot_be_swapped_or_opened_with_another_key(tmp_path, keys, blobs):
    key_id, other_key = keys.create(), keys.create()
    first, second = blobs.put(key_id, CONTENT), blobs.put(key_id, CONTENT)
    with pytest.raises(BlobCorrupt):
        blobs.get(first.id, other_key, first.sha256)
    blob_path(tmp_path, first.id).write_bytes(blob_path(tmp_path, second.id).read_bytes())
    with pytest.raises(BlobCorrupt):
        blobs.get(first.id, key_id, first.sha256)


def test_absent_ids_keys_and_ill_formed_names_are_refused(tmp_path, keys, blobs):
    with pytest.raises(UnknownKey):
        blobs.put("0" * 32, CONTENT)
    assert list(blobs.iter_ids()) == []
    for blob_id in ("0" * 32, "../keys/.master", "", "F" * 32):
        with pytest.raises(UnknownBlob):
            blobs.get(blob_id, keys.create(), "")


def test_size_is_bounded_on_the_way_in_and_out(tmp_path, keys):
    small = BlobStore(tmp_path / "small", keys, max_bytes=100)
    key_id = keys.create()
    assert small.put(key_id, b"x" * 100).size == 100
    with pytest.raises(BlobTooLarge):
        small.put(key_id, b"x" * 101)
    ref = small.put(key_id, b"x")
    with (tmp_path / "small" / ref.id[:2] / ref.id).open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(BlobCorrupt, match="larger"):
        small.get(ref.id, key_id, ref.sha256)


@pytest.fixture
def long_blob(keys, blobs):
    """(reference, key, content) of a blob of three segments and a bit."""
    key_id, content = keys.create(), os.urandom(3 * SEGMENT_BYTES + 17)
    return blobs.put(key_id, content), key_id, content


@pytest.mark.clause("ACC-10")
@pytest.mark.parametrize("size", [0, 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 2 * SEGMENT_BYTES, 2 * SEGMENT_BYTES + 1])
def test_a_blob_of_any_size_is_given_back_whole_and_in_parts(keys, blobs, size):
    key_id, content = keys.create(), os.urandom(size)
    ref = blobs.put(key_id, content)
    assert blobs.get(ref.id, key_id, ref.sha256) == content
    assert blobs.sealed_under(ref.id, key_id) and not blobs.sealed_under(ref.id, keys.create())
    read = blobs.reader(ref.id, key_id, ref.sha256, size)
    for first, stop in ((0, size), (size // 2, size), (0, size // 2), (max(size - 1, 0), size), (0, 0)):
        assert b"".join(read(first, stop)) == content[first:stop]


def test_a_part_is_read_without_the_rest(keys, blobs, long_blob, monkeypatch):
    ref, key_id, content = long_blob
    read, opened, decrypt = blobs.reader(ref.id, key_id, ref.sha256, ref.size), [], keys.decrypt
    monkeypatch.setattr(keys, "decrypt", lambda of, box, aad: opened.append(len(box)) or decrypt(of, box, aad))
    assert b"".join(read(SEGMENT_BYTES + 5, SEGMENT_BYTES + 9)) == content[SEGMENT_BYTES + 5 : SEGMENT_BYTES + 9]
    assert len(opened) == 1 and opened[0] < SEGMENT_BYTES + 100


def test_no_segment_is_altered_moved_left_out_or_added(tmp_path, keys, blobs, long_blob):
    ref, key_id, _content = long_blob
    path = blob_path(tmp_path, ref.id)
    stored = path.read_bytes()
    box = (len(stored) - 1 - 17) // 3 // 2 * 2  # not a boundary
    boxed = SEGMENT_BYTES + 29
    parts = [stored[1 + at * boxed : 1 + (at + 1) * boxed] for at in range(4)]
    assert b"".join(parts) == stored[1:]
    wrongs = [
        stored[:1] + b"".join(parts[:3]),
        stored[:1] + b"".join((parts[1], parts[0], *parts[2:])),
        stored[:1] + b"".join((parts[0], parts[1], parts[1], parts[3])),
        stored + parts[3],
        stored[:box] + bytes([stored[box] ^ 1]) + stored[box + 1 :],
        stored[:-1],
        b"\x01" + stored[1:],
        parts[0],
    ]
    for wrong in wrongs:
        path.write_bytes(wrong)
        with pytest.raises(BlobCorrupt):
            blobs.get(ref.id, key_id, ref.sha256)
        with pytest.raises(BlobCorrupt):
            list(blobs.reader(ref.id, key_id, ref.sha256, ref.size)(0, ref.size))
    path.write_bytes(stored)
    with pytest.raises(BlobCorrupt, match="digests"):
        blobs.reader(ref.id, key_id, "0" * 64, ref.size)
    with pytest.raises(BlobCorrupt, match="sizes"):
        blobs.reader(ref.id, key_id, ref.sha256, ref.size - 1)


def test_a_long_blob_from_before_there_were_segments_is_still_read(tmp_path, keys, blobs, long_blob):
    ref, key_id, content = long_blob
    blob_path(tmp_path, ref.id).write_bytes(keys.encrypt(key_id, content, b"blob:" + ref.id.encode()))
    assert blobs.get(ref.id, key_id, ref.sha256) == content
    assert b"".join(blobs.reader(ref.id, key_id, ref.sha256, ref.size)(5, ref.size)) == content[5:]


@pytest.mark.clause("ACC-10")
def test_a_blob_erased_while_it_is_read_ends_there(keys, blobs, long_blob):
    ref, key_id, content = long_blob
    pieces = blobs.reader(ref.id, key_id, ref.sha256, ref.size)(0, ref.size)
    assert next(pieces) == content[:SEGMENT_BYTES]
    keys.destroy(key_id)
    with pytest.raises(KeyDestroyed):
        next(pieces)
    blobs.destroy(ref.id)
    with pytest.raises(UnknownBlob):
        blobs.reader(ref.id, key_id, ref.sha256, ref.size)


def test_a_blob_is_never_overwritten(keys, blobs, monkeypatch):
    key_id = keys.create()
    ref = blobs.put(key_id, CONTENT)
    monkeypatch.setattr("app.storage.blobs.secrets.token_hex", lambda count: ref.id)
    with pytest.raises(FileExistsError):
        blobs.put(key_id, b"other content")
    assert blobs.get(ref.id, key_id, ref.sha256) == CONTENT


def test_destroying_a_blob_overwrites_it_and_is_idempotent(tmp_path, keys, blobs):
    key_id = keys.create()
    ref = blobs.put(key_id, CONTENT)
    with blob_path(tmp_path, ref.id).open("rb") as still_open:
        blobs.destroy(ref.id)
        assert not any(still_open.read())
    blobs.destroy(ref.id)
    blobs.destroy("0" * 32)
    assert not blobs.exists(ref.id)
    with pytest.raises(UnknownBlob):
        blobs.get(ref.id, key_id, ref.sha256)


def test_destroying_the_key_erases_blobs_that_were_kept_elsewhere(tmp_path, keys, blobs):
    key_id = keys.create()
    ref = blobs.put(key_id, CONTENT)
    data_key = keys._unwrap(key_id)
    keys.destroy(key_id)
    with pytest.raises(KeyDestroyed):
        blobs.get(ref.id, key_id, ref.sha256)
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert data_key not in everything
    assert b"no longer to be seen" not in everything


def test_a_rolled_back_transaction_leaves_an_orphan_that_is_found(keys, blobs):
    key_id = keys.create()
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE image (blob_id TEXT PRIMARY KEY)")
    database.commit()
    kept, orphan = blobs.put(key_id, CONTENT), blobs.put(key_id, CONTENT)
    database.execute("INSERT INTO image VALUES (?)", [kept.id])
    database.commit()
    database.execute("INSERT INTO image VALUES (?)", [orphan.id])
    database.rollback()
    rows = {blob_id for (blob_id,) in database.execute("SELECT blob_id FROM image")}
    assert set(blobs.iter_ids()) - rows == {orphan.id}
    assert list(blobs.iter_ids(older_than=3600)) == [], "a young blob may belong to a running transaction"


def test_age_decides_which_blobs_may_be_called_orphans(tmp_path, keys, blobs):
    old, young = (blobs.put(keys.create(), CONTENT) for _ in range(2))
    hour_ago = time.time() - 3600
    os.utime(blob_path(tmp_path, old.id), (hour_ago, hour_ago))
    assert list(blobs.iter_ids(older_than=1800)) == [old.id]
    assert set(blobs.iter_ids()) == {old.id, young.id}


def test_a_write_cut_short_by_a_kill_is_no_blob_yet_is_found_and_removed(tmp_path, keys, blobs):
    key_id = keys.create()

    def put_and_die():
        os.link = lambda *args, **kwargs: os._exit(9)
        blobs.put(key_id, CONTENT)

    child = fork.Process(target=put_and_die)
    child.start()
    child.join(30)
    assert child.exitcode == 9
    (left,) = blobs.iter_ids()
    assert not blobs.exists(left)
    blobs.destroy(left)
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


def test_a_symbolic_link_is_not_followed(tmp_path, keys, blobs):
    key_id = keys.create()
    ref = blobs.put(key_id, CONTENT)
    path = blob_path(tmp_path, ref.id)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.raises(DiskFailure):
        blobs.get(ref.id, key_id, ref.sha256)


def test_two_processes_put_at_once(tmp_path, keys, blobs):
    key_id = keys.create()

    def work(queue, letter):
        own = BlobStore(tmp_path / "blobs", KeyStore(tmp_path / "keys", MASTER))
        queue.put([(own.put(key_id, letter * size), letter * size) for size in range(1, 25)])

    queue = fork.Queue()
    children = [fork.Process(target=work, args=(queue, letter)) for letter in (b"a", b"b")]
    for child in children:
        child.start()
    made = [pair for _ in children for pair in queue.get(timeout=60)]
    for child in children:
        child.join(30)
        assert child.exitcode == 0
    assert len({ref.id for ref, _ in made}) == 48 == len(set(blobs.iter_ids()))
    for ref, content in made:
        assert blobs.get(ref.id, key_id, ref.sha256) == content
