"""What a certificate of disposal says of a record: every rule by which it was kept, its days, its sources (RET-11)."""

from __future__ import annotations

from datetime import date

import pytest

from app import audit
from app.domain.requests.arrests import by_year
from app.domain.retention import erasure_rows
from app.domain.retention.certificates import facts_of_certificate
from app.domain.retention.eligibility import requests_of
from app.domain.retention.erasure_words import WORDS
from app.extensions import db
from app.models import Arrest
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.retention_factory import LONG_AGO, SOURCE, RetentionFactory


@pytest.fixture
def keep(make, people) -> RetentionFactory:
    return RetentionFactory(make, people)


@pytest.mark.clause("RET-8", "RET-11")
def test_the_certificate_cites_the_rule_of_the_class_whichever_day_decided(keep):
    """The closing decided, for the juvenile was of age by then: the certificate names RET-8 all the same."""
    record = keep.record(classes=("juvenile",), reason="without_arrest")
    keep.person(record, "Ash Fennel", "witness", born_on=date(1990, 1, 1), juvenile=True)
    (item, _) = facts_of_certificate(keep.disposal("disposed", targets=[record])).items
    assert "RET-8" in [rule.clause for rule in item.rules]
    assert item.allowed_from == LONG_AGO
    assert all(rule.on in (None, LONG_AGO) for rule in item.rules), "no day of a birth stays"


@pytest.mark.clause("RET-4", "RET-5", "RET-11")
def test_the_certificate_says_until_when_each_class_was_kept_and_what_its_source_was(keep):
    record = keep.record(classes=("violation", "misdemeanor"), request="withdrawn")
    (item,) = facts_of_certificate(keep.disposal("disposed", targets=[record])).items
    ran = {rule.clause: rule.on for rule in item.rules}
    assert ran["RET-4"] == LONG_AGO.replace(year=LONG_AGO.year + 5)
    assert ran["RET-5"] == LONG_AGO.replace(year=LONG_AGO.year + 1)
    assert len(item.sources) == 2
    assert all(source.endswith(f"2 Mar 2015: {SOURCE}") for source in item.sources), item.sources
    assert any("its source is printed with it" in one for one in item.contradictions)
    assert not [what for what, _ in item.rows if "_" in what or what.islower()], item.rows


def test_the_source_of_a_disposition_is_kept_sealed_alone(keep):
    record = keep.record()
    item = keep.disposal("proposed", targets=[record]).items[0]
    assert SOURCE not in str(item.known)
    assert SOURCE in str(item.disposal.private["sources"])


def test_every_table_that_an_erasure_deletes_from_has_words():
    tables = {table for eraser in erasure_rows.ERASERS for table in eraser.tables}
    assert tables | {"case_history", "case_person"} <= set(WORDS)
    assert len(set(WORDS.values())) == len(WORDS)


@pytest.mark.clause("AUD-7", "RET-11")
def test_the_yearly_figures_of_arrests_survive_a_disposal_as_counts_alone(keep):
    """What was counted stays counted: nothing of whom, which request or when."""
    record = keep.record(request="withdrawn")
    (request,) = requests_of(record)
    with unit_of_work() as rows:
        for basis, held in (("on_lead", 0), ("on_lead", 2), ("no_lead", 0), ("no_lead", 0)):
            arrest = Arrest(
                request=request,
                recorded_by=request.requester,
                policy_version=policy().version,
                year=2019,
                basis=basis,
                in_hand=held,
            )
            rows.add(arrest)
            arrest.seal(facts={"arrest_number": "M19600002"})
        audit.record("request.saved", request, fields=["arrests"])
    before = by_year()
    assert [year.cells() for year in before] == [(2019, 1, 0, 1, 0, 2)]
    item = keep.disposal("disposed", targets=[record]).items[0]
    assert by_year() == before
    assert db.session.query(Arrest).count() == 0
    assert sorted(item.erased["arrests"]) == [[2019, "no_lead", 0, 2], [2019, "on_lead", 0, 1], [2019, "on_lead", 2, 1]]
