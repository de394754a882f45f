"""A disclosure from its draft to the receipt, through the real verbs; what stops it on the way (EXT, ACC-12)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.extensions import db
from tests.disclosing import disclose, reported_data, set_back, settings  # noqa: F401
from tests.gallery import needs_models

pytestmark = needs_models


@pytest.mark.clause("EXT-7", "ACC-12", "EXT-1")
def test_a_disclosure_goes_from_draft_to_receipt(disclose, people):
    disclosure = disclose("acknowledged")
    assert disclosure.number.startswith("D-")
    steps = [step.verb for step in transitions(disclosure)]
    assert steps == ["submit", "determine", "release", "finish_release", "fetch", "acknowledge"]
    assert disclosure.private["receipt"]["received_by"] == "Noel Egret"
    package = disclosure.current_package
    assert package.fetched_by_id == disclosure.asked_by_id
    assert package.expires_at - package.built_at <= timedelta(hours=72)


def transitions(subject):
    from app.models import Transition

    rows = db.session.query(Transition).filter_by(subject_type=subject.subject_type, subject_id=subject.id)
    return rows.order_by(Transition.id).all()
