"""Rows of earlier versions, and what migration 0044 makes of them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.migrations.databases import ACCOUNT, before, count, run, stand
from tests.migrations.rows_from_0032 import IMPORT, SAMPLE


def data_0044(app: Flask) -> None:
    """Nobody knows what a look at a sample of before showed; what one shows now is not dropped on the way back."""
    stand(app, before("0044"))
    run(app, ACCOUNT, IMPORT, SAMPLE)
    upgrade(revision="0044")
    assert count(app, "import_sample WHERE CAST(looked AS VARCHAR) = '{}' AND sealed IS NULL AND key_id IS NULL") == 1
    run(app, """UPDATE import_sample SET looked = '{"p": ["charged"]}'""")
    with pytest.raises(SystemExit):
        downgrade(revision=before("0044"))
    run(app, "UPDATE import_sample SET looked = '{}'")
    downgrade(revision=before("0044"))
    assert count(app, "import_sample") == 1
