"""What the tests of matters share."""

from __future__ import annotations

import pytest

from tests.matter_factory import MatterFactory


@pytest.fixture
def filed(make, run_jobs) -> MatterFactory:
    """filed(number, text): a request of its own photograph, place and account, unless said otherwise; compared."""
    return MatterFactory(make, run_jobs)
