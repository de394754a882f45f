"""Training records (ACC-4, TRN-1): what counts, for how long, and who may enter it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.access.actor import current_training
from app.domain.accounts.training import add_months, record_training, revoke_training
from app.domain.workload.overview import training_of
from app.models import TrainingRecord
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work

TODAY = date(2026, 11, 23)
TOPICS = [topic.value for topic in policy().training["fr"].topics]


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 11, 23), 12, date(2027, 11, 23)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
    ],
)
def test_months_end_in_their_month(start, months, end) -> None:
    assert add_months(start, months) == end


@pytest.mark.clause("ACC-4")
def test_a_record_counts_from_its_day_until_the_day_it_ends() -> None:
    record = TrainingRecord(completed_on=date(2026, 1, 10), expires_on=date(2027, 1, 10))
    assert not record.current(date(2026, 1, 9))
    assert record.current(date(2026, 1, 10))
    assert record.current(date(2027, 1, 9))
    assert not record.current(date(2027, 1, 10))


@pytest.fixture
def trainee(people):
    return people.account("o.teal")


@pytest.fixture
def keeper(people):
    return people.actor("c.hawthorn")


def enter(account, by, *, topics=TOPICS, on=TODAY):
    with unit_of_work():
        return record_training(account, "fr", topics, on, by, "", today=TODAY)


@pytest.mark.clause("ACC-4", "TRN-1")
def test_a_complete_record_opens_and_its_revocation_closes(trainee, keeper) -> None:
    record = enter(trainee, keeper)
    assert record.expires_on == date(2027, 11, 23)
    assert current_training(trainee.id, TODAY) == {"fr"}
    assert current_training(trainee.id, date(2027, 11, 23)) == set()
    with unit_of_work():
        revoke_training(record, keeper)
    assert current_training(trainee.id, TODAY) == set()


@pytest.mark.clause("TRN-1")
@pytest.mark.parametrize("missing", TOPICS)
def test_every_topic_must_be_covered(trainee, keeper, missing) -> None:
    with pytest.raises(Refused, match="did not cover"):
        enter(trainee, keeper, topics=[topic for topic in TOPICS if topic != missing])
    assert current_training(trainee.id, TODAY) == set()


@pytest.mark.clause("ACC-4")
def test_no_training_ahead_of_its_day_and_none_of_ones_own(trainee, people, keeper) -> None:
    with pytest.raises(Refused, match="not yet completed"):
        enter(trainee, keeper, on=TODAY + timedelta(days=1))
    with pytest.raises(Refused, match="own training"):
        enter(trainee, people.actor("o.teal"))


@pytest.mark.clause("ACC-4")
@pytest.mark.parametrize(
    ("age_in_days", "standing"), [(0, "current"), (334, "current"), (335, "ending"), (364, "ending"), (365, "expired")]
)
def test_the_register_says_where_a_training_stands(trainee, keeper, age_in_days, standing) -> None:
    enter(trainee, keeper)
    assert training_of(trainee, TODAY + timedelta(days=age_in_days)).standing == standing


def test_the_register_says_missing(trainee) -> None:
    assert training_of(trainee, TODAY).standing == "missing"
