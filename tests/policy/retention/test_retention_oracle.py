"""The calculation agrees with the oracle on 20,000 generated histories and never allows disposal earlier."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from app.policy.retention import standing_of_case, standing_of_person
from app.policy.retention.types import CaseFacts
from tests.policy.retention.histories import RULES, TAPES, Tape, case_record, person_file
from tests.policy.retention.oracle import may_dispose_of_case, may_dispose_of_file

DAY = timedelta(days=1)
NEVER = date(2400, 1, 1)


def chunks(count: int) -> list:
    """The numbers of the chunks; `make test` takes the first, `make test-long` the others."""
    return [0, *(pytest.param(number, marks=pytest.mark.long) for number in range(1, count))]


def generated(count: int, chunk: int):
    """``count`` tapes of bytes, the same in every run of the chunk."""

    def decorate(compare):
        checks = settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        return seed(chunk)(checks(given(TAPES)(compare)))

    return decorate


@pytest.mark.clause("RET-1", "RET-2", "RET-3", "RET-4", "RET-5", "RET-6", "RET-7", "RET-8", "RET-11")
@pytest.mark.parametrize("chunk", chunks(8))
def test_case_records_agree_with_the_oracle(chunk: int) -> None:
    seen: Counter[str] = Counter()

    @generated(2_500, chunk)
    def compare(tape: Tape) -> None:
        facts, today = case_record(tape), tape.day(2000, 2130)
        standing = standing_of_case(RULES, facts, today)
        seen[standing.status] += 1
        assert (standing.status == "disposable") == may_dispose_of_case(facts, today), (facts, today)
        if any(line.on > today for line in facts.history):
            return  # what is entered for a later day is not known yet: only today can be compared
        if standing.earliest is None:
            assert not may_dispose_of_case(facts, NEVER), (facts, today)
        else:
            assert may_dispose_of_case(facts, standing.earliest), (facts, today)
            assert not may_dispose_of_case(facts, standing.earliest - DAY), (facts, today)
            assert standing_of_case(RULES, facts, standing.earliest).status == "disposable"

    compare()
    assert sum(seen.values()) >= 2_500
    assert min(seen[status] for status in ("disposable", "upcoming", "permanent", "unknown", "open", "held")) > 10, seen


@pytest.mark.clause("RET-9", "RET-10")
@pytest.mark.parametrize("chunk", chunks(2))
def test_person_files_agree_with_the_oracle(chunk: int) -> None:
    seen: Counter[str] = Counter()

    @generated(2_500, chunk)
    def compare(tape: Tape) -> None:
        today = tape.day(2000, 2130)
        facts, records = person_file(tape, today)
        standing = standing_of_person(RULES, facts, today)
        seen[standing.status] += 1
        assert (standing.status == "disposable") == may_dispose_of_file(facts, records, today, today), (facts, today)
        kept = {case.case_number for case in facts.cases if case.disposed_on is None}
        assert standing.earliest is None or set(standing.only_with) == kept
        lines = [line for record in records if isinstance(record, CaseFacts) for line in record.history]
        dates = (
            facts.born_on,
            facts.died_on,
            facts.last_arrest_on,
            facts.arrests_checked_on,
            *(line.on for line in lines),
        )
        if any(day > today for day in dates if day):
            return
        if standing.earliest is None:
            assert not may_dispose_of_file(facts, records, NEVER, today), (facts, today)
        else:
            assert may_dispose_of_file(facts, records, standing.earliest, today), (facts, today)
            assert not may_dispose_of_file(facts, records, standing.earliest - DAY, today), (facts, today)

    compare()
    assert min(seen[status] for status in ("disposable", "upcoming", "permanent", "unknown", "open", "held")) > 10, seen
