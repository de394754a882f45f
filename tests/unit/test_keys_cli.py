"""`flask keys rewrap|clear`: the master key changes beside the running portal, once recorded, old key refused."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from sqlalchemy import select

from app.cli import groups
from app.domain.approval.reports import verification_secret
from app.domain.disclosures.verbs import person_digest
from app.domain.gallery.tombstones import digest_of_person
from app.extensions import db, stores
from app.factory import open_stores
from app.models.engine import AuditEvent
from app.storage.errors import StorageError, WrongMasterKey
from app.storage.keys import KeyStore

pytestmark = pytest.mark.clause("ACC-10")
ROOT = Path(__file__).resolve().parents[2]
NEW = bytes(range(100, 132))


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *args: runner.invoke(args=["keys", *args])


@pytest.fixture
def with_both(app, settings):
    """The portal as it is started for the change: with the new master key and the one before it."""

    def start(**changes):
        both = dataclasses.replace(settings, **{"master_key": NEW, "master_key_before": settings.master_key} | changes)
        app.extensions["settings"] = both
        app.extensions["stores"] = open_stores(both)

    return start


def events(name):
    rows = db.session.scalars(select(AuditEvent).where(AuditEvent.event == name).order_by(AuditEvent.sequence))
    return [json.loads(row.keys) for row in rows]


def test_the_master_key_changes_once_recorded_and_the_old_one_is_refused(app, settings, run, with_both):
    key_id = stores().keys.create()
    box = stores().keys.encrypt(key_id, b"a face", b"purpose")
    told = verification_secret(), person_digest("Lark, Dana"), digest_of_person("P-1")
    with_both()
    result = run("rewrap")
    assert result.exit_code == 0, result.output
    assert "The old master key opens nothing here now." in result.stdout
    [event] = events("keys.rewrapped")
    assert event["keys"] == len(list(stores().keys.iter_ids())) and event["master"] != event["before"]
    again = run("rewrap")
    assert again.exit_code == 0 and "take CORROBORATE_MASTER_KEY_BEFORE away" in again.stdout
    assert len(events("keys.rewrapped")) == 1
    with_both(master_key_before=None)
    assert stores().keys.decrypt(key_id, box, b"purpose") == b"a face"
    assert (verification_secret(), person_digest("dana lark"), digest_of_person("P-1")) == told
    with pytest.raises(WrongMasterKey):
        open_stores(settings)


def test_a_run_that_was_cut_short_anywhere_is_ended_by_the_next_and_recorded_once(app, run, with_both, monkeypatch):
    with_both()
    for _ in range(3):
        stores().keys.create()
    end = KeyStore.end_rewrap
    wrap, count = KeyStore._rewrap_one, iter(range(100))

    def stopped(self, key_id):
        if next(count) == 2:
            raise StorageError("the disk is full")
        return wrap(self, key_id)

    monkeypatch.setattr(KeyStore, "_rewrap_one", stopped)
    first = run("rewrap")
    assert first.exit_code == 1 and events("keys.rewrapped") == []
    monkeypatch.setattr(KeyStore, "_rewrap_one", wrap)
    monkeypatch.setattr(KeyStore, "end_rewrap", lambda self: (_ for _ in ()).throw(StorageError("the disk is full")))
    second = run("rewrap")
    assert second.exit_code == 1 and len(events("keys.rewrapped")) == 1
    monkeypatch.setattr(KeyStore, "end_rewrap", end)
    third = run("rewrap")
    assert third.exit_code == 0 and len(events("keys.rewrapped")) == 1
    assert not stores().keys.rewrap_due()


def test_without_the_key_before_it_says_what_to_set(run):
    result = run("rewrap")
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("Error: Set CORROBORATE_MASTER_KEY to the new master key")


def test_a_backup_brings_no_destroyed_key_back_bypass(run, settings):
    keys = stores().keys
    gone = keys.create()
    path = settings.key_store_dir / gone[:2] / gone
    backup = path.read_bytes()
    keys.destroy(gone)
    path.write_bytes(backup)
    result = run("clear")
    assert result.exit_code == 0 and "1 key file of destroyed keys wiped" in result.stdout
    assert not path.exists() and events("keys.cleared") == [{"keys": 1}]
    assert "0 key files" in run("clear").stdout and len(events("keys.cleared")) == 1


@pytest.mark.long
def test_a_key_store_of_another_master_key_stops_the_start_with_one_line(tmp_path):
    own = tmp_path / "data"
    KeyStore(own / "keys", bytes(range(50, 82)))
    environ = {**os.environ, "CORROBORATE_MODE": "demonstration", "CORROBORATE_DATA_DIR": str(own)}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "keys", "rewrap"]
    ended = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == ["The key store belongs to another master key than the one configured."]


def test_the_master_key_is_read_where_the_key_store_is_opened_and_nowhere_else():
    """What is derived from it elsewhere would be lost with it."""
    found = [
        str(path.relative_to(ROOT)) for path in (ROOT / "app").rglob("*.py") if "master_key" in path.read_text("utf-8")
    ]
    assert set(found) == {"app/factory.py", "app/storage/keys.py"}


#: they come with tools/, by entry points
MEASURING = {("matching", "bench"), ("matching", "quality"), ("matching", "same-photographs")}


def documented():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    text = " ".join(" ".join(page.read_text("utf-8").split()) for page in pages)
    for words in re.findall(r"`flask ([a-z][^`]*)`", text):
        first, *rest = words.split()
        for name in (rest[0] if rest else "").split("|"):
            if re.fullmatch(r"[a-z-]+", name or "x"):
                yield first, name


def test_every_documented_command_is_there_and_every_command_is_documented():
    known = {group.name: group for group in groups()}
    told = set(documented())
    for name, command in told:
        if name in ("db", "demo") or (name, command) in MEASURING:
            continue
        assert name in known, f"flask {name} is documented and not there"
        assert not command or command in known[name].commands, f"flask {name} {command} is documented and not there"
    commands = {(name, one) for name, group in known.items() for one in group.commands}
    assert commands <= told, f"not documented: {sorted(commands - told)}"
    assert all(isinstance(group, click.Group) for group in known.values())
