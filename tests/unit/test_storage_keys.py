"""The key store: envelopes, destruction, concurrency, crashes and the change of the master key."""

import hmac
import multiprocessing
import os
import stat
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clauses import registry
from app.storage import (
    DiskFailure,
    KeyDestroyed,
    KeyStore,
    StorageError,
    Tampered,
    UnknownKey,
    WrongMasterKey,
    durable,
)
from app.storage.keys import Derived

MASTER = bytes(range(32))
SECOND_MASTER = bytes(range(32, 64))
TEXT = b"Marlowe Quillfeather, seen near the old mill"
PURPOSE = b"request.narrative:17"

fork = multiprocessing.get_context("fork")


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "keys"


@pytest.fixture
def store(directory):
    return KeyStore(directory, MASTER)


def everything(directory):
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


def run_in_child(target, *args):
    child = fork.Process(target=target, args=args)
    child.start()
    child.join(30)
    assert child.exitcode is not None, "the child process did not end"
    return child.exitcode


@pytest.mark.clause("ACC-10")
def test_a_box_opens_to_what_was_sealed_and_shows_nothing_of_it(store, directory):
    key_id = store.create()
    box = store.encrypt(key_id, TEXT, PURPOSE)
    assert store.decrypt(key_id, box, PURPOSE) == TEXT
    assert TEXT not in box
    assert TEXT not in everything(directory)
    assert box != store.encrypt(key_id, TEXT, PURPOSE), "nonces must be fresh"


@pytest.mark.clause("ACC-10")
def test_the_envelope_functions_are_registered_as_enforcement_points():
    points = registry()["ACC-10"]
    assert {"app.storage.keys:KeyStore.encrypt", "app.storage.keys:KeyStore.decrypt"} <= set(points)


@given(content=st.binary(max_size=2000), purpose=st.binary(min_size=1, max_size=60))
def test_any_content_and_purpose_round_trip(tmp_path_factory, content, purpose):
    store = KeyStore(tmp_path_factory.getbasetemp() / "any-content", MASTER)
    key_id = store.create()
    assert store.decrypt(key_id, store.encrypt(key_id, content, purpose), purpose) == content


def test_a_box_serves_its_purpose_and_its_key_only(store):
    key_id, other = store.create(), store.create()
    box = store.encrypt(key_id, TEXT, PURPOSE)
    with pytest.raises(Tampered):
        store.decrypt(key_id, box, b"request.narrative:18")
    with pytest.raises(Tampered):
        store.decrypt(other, box, PURPOSE)
    with pytest.raises(ValueError, match="purpose"):
        store.encrypt(key_id, TEXT, b"")


def test_every_changed_byte_of_a_box_is_noticed(store):
    key_id = store.create()
    box = store.encrypt(key_id, TEXT, PURPOSE)
    for position in range(len(box)):
        changed = bytearray(box)
        changed[position] ^= 0x01
        with pytest.raises(Tampered):
            store.decrypt(key_id, bytes(changed), PURPOSE)
    for length in range(len(box)):
        with pytest.raises(Tampered):
            store.decrypt(key_id, box[:length], PURPOSE)


def test_every_changed_byte_of_a_key_file_is_noticed(store, directory):
    key_id = store.create()
    box = store.encrypt(key_id, TEXT, PURPOSE)
    path = directory / key_id[:2] / key_id
    content = path.read_bytes()
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 0x80
        path.write_bytes(changed)
        with pytest.raises((Tampered, WrongMasterKey)):
            store.decrypt(key_id, box, PURPOSE)
    for wrong in (b"", content[:-1], content + b"\0"):
        path.write_bytes(wrong)
        with pytest.raises(Tampered):
            store.decrypt(key_id, box, PURPOSE)


def test_a_key_file_cannot_stand_in_for_another(store, directory):
    key_id, other = store.create(), store.create()
    (directory / key_id[:2] / key_id).write_bytes((directory / other[:2] / other).read_bytes())
    with pytest.raises(Tampered):
        store.encrypt(key_id, TEXT, PURPOSE)


def test_unknown_and_ill_formed_ids_are_refused(store):
    for key_id in ("0" * 32, "", "../../etc/passwd", "A" * 32, "0" * 31, "0" * 32 + "\n"):
        with pytest.raises(UnknownKey):
            store.encrypt(key_id, TEXT, PURPOSE)


def test_files_are_private_and_named_by_random_ids(store, directory):
    key_ids = [store.create() for _ in range(5)]
    for path in (directory, *directory.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    assert sorted(store.iter_ids()) == sorted(key_ids)


def test_a_wrong_master_key_is_refused_before_anything_is_written(store, directory):
    before = sorted(directory.rglob("*"))
    with pytest.raises(WrongMasterKey):
        KeyStore(directory, SECOND_MASTER)
    with pytest.raises(ValueError, match="32 bytes"):
        KeyStore(directory, b"short")
    assert sorted(directory.rglob("*")) == before


# Destruction


def test_destruction_leaves_neither_key_nor_wrapped_key_in_the_directory(store, directory, monkeypatch):
    made = []
    write = durable.write_once
    monkeypatch.setattr(durable, "write_once", lambda path, data: (made.append(data), write(path, data)))
    key_id = store.create()
    box = store.encrypt(key_id, TEXT, PURPOSE)
    data_key, wrapped = store._unwrap(key_id), made[0]
    assert wrapped[-48:] in everything(directory)
    store.destroy(key_id)
    rest = everything(directory)
    assert data_key not in rest
    assert wrapped[-48:] not in rest
    for region in range(0, len(wrapped) - 8, 8):
        assert region < 13 or wrapped[region : region + 8] not in rest
    with pytest.raises(KeyDestroyed):
        store.decrypt(key_id, box, PURPOSE)
    with pytest.raises(KeyDestroyed):
        store.encrypt(key_id, TEXT, PURPOSE)
    assert not store.exists(key_id)
    assert key_id not in set(store.iter_ids())


def test_the_key_file_is_overwritten_before_its_name_goes(store, directory):
    key_id = store.create()
    path = directory / key_id[:2] / key_id
    with path.open("rb") as still_open:
        store.destroy(key_id)
        assert not any(still_open.read())


def test_destroying_twice_or_an_unused_id_is_fine(store):
    key_id = store.create()
    store.destroy(key_id)
    store.destroy(key_id)
    store.destroy("0" * 32)
    with pytest.raises(KeyDestroyed):
        store.encrypt("0" * 32, TEXT, PURPOSE)


def test_a_restored_key_file_does_not_bring_the_key_back(store, directory):
    key_id = store.create()
    path = directory / key_id[:2] / key_id
    copy, box = path.read_bytes(), store.encrypt(key_id, TEXT, PURPOSE)
    store.destroy(key_id)
    path.write_bytes(copy)
    with pytest.raises(KeyDestroyed):
        store.decrypt(key_id, box, PURPOSE)
    assert not store.exists(key_id)
    store.destroy(key_id)
    assert not path.exists()


def test_a_destroyed_id_is_never_made_again(store, monkeypatch):
    key_id = store.create()
    store.destroy(key_id)
    monkeypatch.setattr("app.storage.keys.secrets.token_hex", lambda count: key_id)
    with pytest.raises(KeyDestroyed):
        store.create()


def test_an_existing_key_is_never_replaced_by_a_new_one(store, monkeypatch):
    key_id = store.create()
    box = store.encrypt(key_id, TEXT, PURPOSE)
    monkeypatch.setattr("app.storage.keys.secrets.token_hex", lambda count: key_id)
    with pytest.raises(FileExistsError):
        store.create()
    assert store.decrypt(key_id, box, PURPOSE) == TEXT


def test_a_destruction_in_another_process_holds_at_once(store, directory):
    key_id = store.create()
    box = store.encrypt(key_id, TEXT, PURPOSE)
    assert store.decrypt(key_id, box, PURPOSE) == TEXT
    assert run_in_child(lambda: KeyStore(directory, MASTER).destroy(key_id)) == 0
    with pytest.raises(KeyDestroyed):
        store.decrypt(key_id, box, PURPOSE)


def test_readers_racing_a_destruction_see_the_text_or_the_destruction_only(store):
    surprises = []
    for _ in range(20):
        key_id = store.create()
        box = store.encrypt(key_id, TEXT, PURPOSE)

        def read(key_id=key_id, box=box):
            try:
                while store.decrypt(key_id, box, PURPOSE) == TEXT:
                    pass
                surprises.append("other text")
            except KeyDestroyed:
                pass
            except StorageError as fault:
                surprises.append(repr(fault))

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        store.destroy(key_id)
        for reader in readers:
            reader.join(30)
            assert not reader.is_alive()
    assert surprises == []


@pytest.mark.parametrize("moment", ["wipe", "sync_directory"])
def test_a_destruction_cut_short_by_a_kill_holds_and_can_be_completed(store, directory, moment):
    key_id = store.create()
    path = directory / key_id[:2] / key_id

    def destroy_and_die():
        setattr(durable, moment, lambda *args: os._exit(9))
        store.destroy(key_id)

    assert run_in_child(destroy_and_die) == 9
    assert path.exists()
    with pytest.raises(KeyDestroyed):
        store.encrypt(key_id, TEXT, PURPOSE)
    store.destroy(key_id)
    assert not path.exists()


# Crashes and concurrency


def test_a_creation_cut_short_by_a_kill_leaves_no_key(store):
    def create_and_die():
        os.link = lambda *args, **kwargs: os._exit(9)
        store.create()

    assert run_in_child(create_and_die) == 9
    assert list(store.iter_ids()) == []
    key_id = store.create()
    assert list(store.iter_ids()) == [key_id]


def test_a_failing_disk_leaves_no_key(store, directory, monkeypatch):
    def fail(descriptor):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(DiskFailure, match="no space"):
        store.create()
    monkeypatch.undo()
    assert list(store.iter_ids()) == []
    assert list(directory.glob("??/*")) == []


def test_new_files_are_flushed_one_by_one_or_once_per_batch(store, monkeypatch):
    flushed = []
    fsync, sync = os.fsync, os.sync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (flushed.append("file"), fsync(descriptor)))
    monkeypatch.setattr(os, "sync", lambda: (flushed.append("all"), sync()))
    store.create()
    assert flushed.count("file") >= 2
    with durable.batch():
        made = [store.create() for _ in range(10)]
        alone = store.create()
        flushed.clear()
        store.create()
        assert "all" not in flushed
        store.destroy(alone)
        assert "file" in flushed, "destruction is never put off"
    assert flushed[-1] == "all"
    assert all(store.exists(key_id) for key_id in made)


def test_two_processes_share_a_store(directory, store):
    def work(queue):
        own = KeyStore(directory, MASTER)
        made = [own.create() for _ in range(20)]
        queue.put([(key_id, own.encrypt(key_id, key_id.encode(), PURPOSE)) for key_id in made])

    queue = fork.Queue()
    children = [fork.Process(target=work, args=(queue,)) for _ in range(2)]
    for child in children:
        child.start()
    boxes = [pair for _ in children for pair in queue.get(timeout=60)]
    for child in children:
        child.join(30)
        assert child.exitcode == 0
    assert len({key_id for key_id, _ in boxes}) == 40
    for key_id, box in boxes:
        assert store.decrypt(key_id, box, PURPOSE) == key_id.encode()


# Change of the master key


@pytest.fixture
def successor(store, directory):
    """The store as processes open it that know the new master key and the one before it."""
    return KeyStore(directory, SECOND_MASTER, MASTER)


def change(store):
    changed = store.rewrap()
    store.end_rewrap()
    return changed


def test_rewrapping_keeps_every_box_readable_under_the_new_master_only(store, successor, directory):
    boxes = {key_id: store.encrypt(key_id, TEXT, PURPOSE) for key_id in (store.create() for _ in range(8))}
    gone = store.create()
    store.destroy(gone)
    assert change(successor) == 8 + len(Derived)
    with pytest.raises(WrongMasterKey):
        KeyStore(directory, MASTER)
    renewed = KeyStore(directory, SECOND_MASTER)
    for user in (successor, renewed):
        assert all(user.decrypt(key_id, box, PURPOSE) == TEXT for key_id, box in boxes.items())
    with pytest.raises(KeyDestroyed):
        renewed.encrypt(gone, TEXT, PURPOSE)
    assert not successor.rewrap_due() and not renewed.rewrap_due()


def test_rewrapping_cut_short_by_a_kill_is_resumed(store, successor, directory):
    boxes = {key_id: store.encrypt(key_id, TEXT, PURPOSE) for key_id in (store.create() for _ in range(8))}

    def rewrap_and_die():
        replace, count = os.replace, iter(range(100))
        os.replace = lambda *args: replace(*args) if next(count) < 4 else os._exit(9)
        successor.rewrap()

    assert run_in_child(rewrap_and_die) == 9
    for master in (MASTER, SECOND_MASTER):
        with pytest.raises(WrongMasterKey):
            KeyStore(directory, master)
    assert all(successor.decrypt(key_id, box, PURPOSE) == TEXT for key_id, box in boxes.items())
    resumed = KeyStore(directory, SECOND_MASTER, MASTER)
    assert resumed.rewrap_due()
    # one replacement was of the mark
    assert change(resumed) == 8 + len(Derived) - 3
    renewed = KeyStore(directory, SECOND_MASTER)
    assert all(renewed.decrypt(key_id, box, PURPOSE) == TEXT for key_id, box in boxes.items())


def test_both_master_keys_are_read_and_keys_are_made_while_it_runs(store, successor, directory):
    first = store.create()
    box = store.encrypt(first, TEXT, PURPOSE)
    beside = KeyStore(directory, SECOND_MASTER, MASTER)
    made = []

    def in_between(done, total):
        assert beside.decrypt(first, box, PURPOSE) == TEXT
        made.append(beside.create())

    assert successor.rewrap(in_between) == 1 + len(Derived)
    successor.end_rewrap()
    assert set(KeyStore(directory, SECOND_MASTER).iter_ids()) == {first, *made}


def test_before_it_begins_keys_are_still_wrapped_under_the_old_master(store, successor):
    """A change that somebody prepares and gives up leaves the store as it was."""
    made = successor.create()
    assert store.decrypt(made, successor.encrypt(made, TEXT, PURPOSE), PURPOSE) == TEXT


def test_a_key_read_while_the_change_ended_is_read_again(store, successor, directory, monkeypatch):
    key_id = store.create()
    box = store.encrypt(key_id, TEXT, PURPOSE)
    old = (directory / key_id[:2] / key_id).read_bytes()
    change(successor)
    stale, read = [old], durable.read
    monkeypatch.setattr(durable, "read", lambda path, limit: stale.pop() if stale else read(path, limit))
    assert successor.decrypt(key_id, box, PURPOSE) == TEXT


def test_a_copy_of_an_old_key_file_opens_nothing_afterwards_bypass(store, successor, directory):
    key_id = store.create()
    box = store.encrypt(key_id, TEXT, PURPOSE)
    path = directory / key_id[:2] / key_id
    copy = path.read_bytes()
    change(successor)
    path.write_bytes(copy)
    for user in (successor, KeyStore(directory, SECOND_MASTER)):
        with pytest.raises(WrongMasterKey):
            user.decrypt(key_id, box, PURPOSE)


def test_a_master_key_that_never_was_the_stores_changes_nothing(store, directory):
    for wrong in (bytes(32), None):
        with pytest.raises(WrongMasterKey):
            KeyStore(directory, SECOND_MASTER, wrong)
    with pytest.raises(ValueError, match="no previous"):
        store.rewrap()
    assert KeyStore(directory, MASTER, bytes(32)).rewrap_due() is False


def test_what_is_derived_from_the_master_key_outlives_it(store, successor, directory):
    """Codes on reports, tombstones of sealing orders and the register of disclosures are found as before."""
    before = {purpose: hmac.digest(MASTER, purpose.value, "sha256") for purpose in Derived}
    # one was used already, the others never: rows of earlier versions rest on all of them
    assert store.derived(Derived.SEALING) == before[Derived.SEALING]
    assert successor.derived(Derived.ORDERS) == before[Derived.ORDERS]
    change(successor)
    renewed = KeyStore(directory, SECOND_MASTER)
    assert {purpose: renewed.derived(purpose) for purpose in Derived} == before


def test_after_a_kill_in_rewrapping_a_destruction_still_leaves_nothing(store, successor, directory):
    key_id = store.create()

    def rewrap_and_die():
        replace = os.replace
        os.replace = lambda *args: os._exit(9) if args[1].name == key_id else replace(*args)
        successor.rewrap()

    assert run_in_child(rewrap_and_die) == 9
    assert (directory / key_id[:2] / f"{key_id}.part").exists()
    store.destroy(key_id)
    # the store's own key may lie in the same one of 256 folders
    assert [path.name for path in (directory / key_id[:2]).glob(f"{key_id}*")] == [f"{key_id}.destroyed"]


def test_a_process_left_on_the_old_master_makes_no_more_keys(store, successor, directory):
    left_behind = KeyStore(directory, MASTER)
    successor.rewrap()
    for _ in range(2):
        with pytest.raises(WrongMasterKey):
            left_behind.create()
        successor.end_rewrap()
