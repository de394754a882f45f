"""A disposal on PostgreSQL: a case is erased and certified; the schema goes up and down with its triggers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from app.audit.chain import verify
from app.domain.retention import verbs as retention
from app.extensions import db, stores
from app.models import AuditEvent, CaseRecord, ProbeImage
from tests.conftest import People, run_due_jobs
from tests.drawn_gallery import needs_models
from tests.request_factory import RequestFactory
from tests.retention_factory import RetentionFactory
from tests.services.portal import on_servers, portal

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def app(session_settings, postgresql_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The portal on an empty PostgreSQL database, and the embedded directory."""
    with portal(on_servers(session_settings, tmp_path / "data", database_url=postgresql_url)) as made:
        yield made


@needs_models
@pytest.mark.clause("RET-11")
def test_a_case_is_disposed_of(app):
    upgrade()
    people = People()
    keep = RetentionFactory(RequestFactory(app, people, run_due_jobs), people)
    record = keep.record(request="withdrawn")
    victim = keep.person(record)
    disposal = keep.disposal("disposed", targets=[record])
    assert [item.state for item in disposal.items] == ["erased", "erased"]
    assert disposal.certificate_sha256
    request = retention.requests_of(record)[0]
    assert (request.state, request.sealed, victim.sealed) == ("disposed", None, None)
    assert db.session.query(ProbeImage).count() == 0
    assert not stores().keys.exists(request.key_id)
    assert list(verify(db.session.scalars(sa.select(AuditEvent).order_by(AuditEvent.sequence)))) == []
    again = keep.make.request(state="submitted")
    assert again.case_number == record.case_number
    assert db.session.query(CaseRecord).one().state == "open"


@pytest.mark.clause("RET-11")
def test_the_history_of_a_case_is_not_changed_and_the_schema_goes_down_again(app):
    upgrade()
    people = People()
    RetentionFactory(None, people).record("closed")
    db.session.rollback()
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE case_history SET happened_on = '2001-01-01'"))
    db.session.remove()
    db.engine.dispose()
    downgrade(revision="0003")
    assert "case_record" not in sa.inspect(db.engine).get_table_names()
    upgrade()
