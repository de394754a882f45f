"""An import killed twice with SIGKILL, wherever that strikes, ends complete, with nothing twice (CAP-3)."""

from __future__ import annotations

import dataclasses

import pytest

from tests.noise_gallery import faults, run_and_kill, write_records

RECORDS, CHUNK_ROWS = 300, 10


@pytest.fixture
def settings(settings):
    """As every test's, with a short lease."""
    return dataclasses.replace(settings, lease_seconds=2)


@pytest.mark.timeout(300)
@pytest.mark.clause("CAP-3")
@pytest.mark.long
def test_an_import_killed_twice_ends_complete_and_nothing_is_there_twice(app, settings, tmp_path):
    folder = write_records(tmp_path / "import", RECORDS)
    assert run_and_kill(settings, folder, CHUNK_ROWS, 50) == -9
    assert run_and_kill(settings, folder, CHUNK_ROWS, 150) == -9
    assert run_and_kill(settings, folder, CHUNK_ROWS, None) == 0
    assert faults(RECORDS) == []
