"""Rows of earlier versions, and what the migrations from 0036 on make of them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.migrations.databases import ACCOUNT, before, count, run, stand, tables

ACKNOWLEDGED = (
    "INSERT INTO policy_acknowledgement (id, uid, created_at, account_id, policy_version) "
    "VALUES ({id}, 'a{id}', '2026-01-01', {account}, '{version}')"
)


def data_0036(app: Flask) -> None:
    """A person of before has acknowledged nothing; the same version may be acknowledged again after another."""
    stand(app, before("0036"))
    run(app, ACCOUNT)
    upgrade(revision="0036")
    assert (count(app, "account"), count(app, "policy_acknowledgement")) == (1, 0)
    run(app, *(ACKNOWLEDGED.format(id=n, account=1, version=v) for n, v in enumerate("aba", 1)))
    with pytest.raises(Exception, match="UNIQUE"):
        run(app, ACKNOWLEDGED.format(id=4, account=1, version="a").replace("'a4'", "'a1'"))
    downgrade(revision=before("0036"))
    assert "policy_acknowledgement" not in tables(app)
    assert count(app, "account") == 1
