"""The digest of the installed extractor: read once, and again when the file is another (FAIR-2)."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from datetime import timedelta

import msgspec
import pytest

from app.calendar import today
from app.domain.algorithms import registry as algorithms
from app.matching.catalogue import catalogue
from tests.second_network import fictitious_record


@pytest.fixture
def installed(app, tmp_path):
    """The path of an extractor file of our own, which the settings name."""
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], models_dir=tmp_path)
    path = tmp_path / algorithms.active().file
    path.write_bytes(b"the network")
    return path


@pytest.mark.clause("FAIR-2")
def test_a_file_changed_in_place_with_its_times_set_back_has_another_digest(installed):
    first, before = algorithms.installed_digest(), installed.stat()
    assert first == hashlib.sha256(b"the network").hexdigest()
    installed.write_bytes(b"the nEtwork")
    os.utime(installed, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert algorithms.installed_digest() == hashlib.sha256(b"the nEtwork").hexdigest()


def test_a_file_that_is_the_same_is_not_read_again(installed):
    first = algorithms.installed_digest()
    installed.chmod(0o600)  # another state: read, with the same digest
    assert algorithms.installed_digest() == first
    read = algorithms._digest_of.cache_info().misses
    assert algorithms.installed_digest() == first
    assert algorithms._digest_of.cache_info().misses == read


def test_without_the_file_there_is_no_digest_and_no_use(installed):
    installed.unlink()
    assert algorithms.installed_digest() is None
    assert not algorithms.status(today()).ok


@pytest.mark.clause("FAIR-2")
def test_no_other_file_searches_under_an_evaluated_record_bypass(installed, monkeypatch, tmp_path):
    """Put in its place by renaming or by a link, as old and as large; or a record copied to another network."""
    entries, name = catalogue().extractors, algorithms.active_id()
    evaluated = msgspec.structs.replace(entries[name], sha256=hashlib.sha256(b"the network").hexdigest())
    record = fictitious_record(evaluated, today() + timedelta(days=90))
    monkeypatch.setitem(entries, name, msgspec.structs.replace(evaluated, nist=record))
    assert algorithms.status(today()).ok
    before, other = installed.stat(), tmp_path / "other.onnx"
    other.write_bytes(b"the nEtwork")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    kept = tmp_path / "kept.onnx"
    installed.rename(kept)
    installed.symlink_to(other)
    assert "but the loaded file is" in algorithms.status(today()).reason
    installed.unlink()
    other.rename(installed)
    assert not algorithms.status(today()).ok
    kept.replace(installed)
    assert algorithms.status(today()).ok
    for changes in (
        {"version": "2"},
        {"nist": msgspec.structs.replace(record, artefact_sha256="0" * 64)},
        {"nist": None},
    ):
        assert not algorithms.status(today(), msgspec.structs.replace(entries[name], **changes)).ok, changes
