"""A document writes each day in one form, whatever the sentence was made for."""

from __future__ import annotations

from datetime import date

from app.policy.retention.dates import as_documents_say, said


def test_a_day_of_a_page_is_written_as_documents_write_it():
    for day in (date(2026, 11, 29), date(2020, 5, 4)):
        assert as_documents_say(f"It was closed on {said(day)}.") == f"It was closed on {day.isoformat()}."
    assert as_documents_say("“4 Mayor 2020” of 12 cases.") == "“4 Mayor 2020” of 12 cases."
