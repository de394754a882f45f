"""Conditions that a verb asks before the step as well: each called by its name, with nothing before it.

The verb's own refusal bears the same name, so that a test of the verb would not miss the condition.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from app.domain.examination import contradictions
from app.policy.examination.answers import Answer
from app.workflow.registry import CONDITIONS
from tests.unit_stages import NEEDLESS


def told(name: str, subject: Any = None, **facts: Any) -> str | None:
    return CONDITIONS[name](subject, None, facts)


@pytest.mark.clause("SRC-7")
@pytest.mark.parametrize("reason", ["", "x", "Not needed any more.", "found " * 20])
def test_a_search_ends_unexamined_with_a_reason_alone_bypass(reason):
    assert told("end_reasoned", reason=reason)
    assert told("end_reasoned", reason=NEEDLESS) is None


@pytest.mark.clause("CAP-3")
def test_an_order_names_its_number_its_authority_and_whom_it_is_about():
    stated = {"order_number": "IND-2026-0042", "authority": "Supreme Court, Kings County"}
    order = SimpleNamespace(private=stated, records=[object()], person_digest=None)
    assert told("order_stated", order) is None
    for name in stated:
        order.private = stated | {name: " - "}
        assert "missing" in told("order_stated", order)
    order.private, order.records = stated, []
    assert "neither a record nor a person" in told("order_stated", order)
    order.person_digest = "d"
    assert told("order_stated", order) is None


@pytest.mark.clause("CAP-3")
def test_an_order_is_executed_when_its_records_are_gone_and_completed_with_its_certificate():
    left, gone = SimpleNamespace(removed_at=None), SimpleNamespace(removed_at=datetime(2026, 3, 9, tzinfo=UTC))
    records = [SimpleNamespace(photo=photo) for photo in (left, gone, None)]
    order = SimpleNamespace(records=records, certificate_blob_id=None)
    assert told("order_records_gone", order).startswith("1 of the order's records")
    order.records = records[1:]
    assert told("order_records_gone", order) is None
    assert told("order_certificate_stored", order)
    order.certificate_blob_id = "b"
    assert told("order_certificate_stored", order) is None


@pytest.mark.clause("CAP-3", "FAIR-3")
@pytest.mark.parametrize("name", ["every_photograph_accounted_for", "every_photograph_embedded"])
def test_no_algorithm_is_changed_while_a_photograph_would_drop_out(name):
    assert told(name)
    assert told(name, missing=1).startswith("1 photograph has")
    assert told(name, missing=1200).startswith("1,200 photographs have")
    assert told(name, missing=0) is None


@pytest.mark.clause("USE-8")
def test_a_request_closes_with_an_outcome_that_fits_its_result_and_says_why():
    request, why = SimpleNamespace(result="negative"), {"why": "The investigation was closed by the squad."}
    assert told("outcome_given", request, outcome="no_arrest", outcome_facts=why) is None
    assert told("outcome_given", request, outcome="no_arrest", outcome_facts={"why": "x"})
    assert told("outcome_given", request, outcome="eliminated", outcome_facts={"how": why["why"]})
    assert told("outcome_given", request, outcome="somehow", outcome_facts={})


@pytest.mark.clause("SRC-3", "SRC-5")
def test_nobody_agrees_with_an_answer_that_was_not_written_bypass():
    words = "Released on 3 January by the warden of Rikers; the booking log shows it plainly."
    for answer, lacks in (
        (Answer(words, "released", "Booking log 12"), False),
        (Answer(), True),
        (Answer("Not relevant in my view, and in my opinion no problem at all.", "released", "Booking log 12"), True),
        (Answer(words, "", "Booking log 12"), True),
        (Answer(words, "released", ""), True),
    ):
        one = SimpleNamespace(rule_id="inconsistency-custody", text="Confined", answer=answer)
        assert bool(told("contradiction_answered", contradiction=one)) is lacks
    assert contradictions.lacking([]) == []
