"""The log says what happened, never whose face or words it happened with (ACC-10)."""

from __future__ import annotations

import pytest
import structlog

from app import logs


@pytest.mark.clause("ACC-10")
def test_a_traceback_in_the_log_shows_no_values(capsys):
    logs.configure()
    narrative = "the bag of " + "Zanzibar"
    try:
        raise ValueError(len(narrative))
    except ValueError:
        structlog.get_logger().exception("job_crashed", job="a1")
    written = capsys.readouterr().out
    assert "job_crashed" in written
    assert "ValueError" in written
    assert "the bag of Zanzibar" not in written
