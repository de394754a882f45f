"""Rows that the migrations from 0030 on find, and what becomes of them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.migrations.databases import ACCOUNT, REQUEST, before, count, engine, run, stand


def data_0030(app: Flask) -> None:
    """A request stays what it was; one that ended unexamined keeps the version that knows of it."""
    stand(app, before("0030"))
    run(app, ACCOUNT, REQUEST)
    end = "UPDATE fr_request SET state = '{}'"
    with pytest.raises(Exception, match="known_state"):
        run(app, end.format("unexamined"))
    with engine(app).connect() as connection:
        was = connection.exec_driver_sql("SELECT state FROM fr_request").scalar()
    upgrade(revision="0030")
    with engine(app).connect() as connection:
        assert connection.exec_driver_sql("SELECT state FROM fr_request").scalar() == was
    with pytest.raises(Exception, match="known_state"):
        run(app, end.format("forgotten"))
    examiner = "use_id = 'USE-1', submission = 1, examiner_id = 2"
    run(app, ACCOUNT.replace("(1, 'a1'", "(2, 'a2'").replace("'d.lark'", "'m.heron'"))
    run(app, f"{end.format('unexamined')}, {examiner}")
    with pytest.raises(SystemExit):
        downgrade(revision=before("0030"))
    run(app, end.format(was))
    downgrade(revision=before("0030"))
    assert count(app, "fr_request") == 1
