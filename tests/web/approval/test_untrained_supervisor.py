"""A supervisor without current training decides nothing and sees no candidate (ACC-4, TRN-1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.access.actor import actor_of
from app.domain.accounts.training import revoke_training
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work

pytestmark = pytest.mark.clause("ACC-4", "TRN-1")


def untrain(people, name: str) -> None:
    account, by = people.account(name), people.actor("v.osprey")
    with unit_of_work():
        for record in account.training:
            revoke_training(record, by)


def test_an_untrained_supervisor_approves_nothing_and_opens_no_file_bypass(make, people, sign_in):
    request = make.request(state="peer_reviewed")
    make.agree(request)
    client = sign_in("c.hawthorn")
    assert client.get(f"/final-review/{request.number}").status_code == 200
    untrain(people, "c.hawthorn")
    for page in ("", f"/{request.number}", f"/{request.number}/contradictions"):
        assert client.get(f"/final-review{page}").status_code == 403, page
    assert client.get("/workload").status_code == 403
    assert client.get("/proficiency").status_code == 403
    with pytest.raises(Refused) as refused:
        make.approve(request)
    assert refused.value.rule_id == "approval.decide"
    assert request.state == "peer_reviewed"


def test_training_that_has_run_out_counts_for_nothing_bypass(people):
    account = people.account("c.hawthorn")
    expires = account.training[-1].expires_on
    roles = frozenset(account.roles)
    assert actor_of(account, roles, expires - timedelta(days=1)).can("approval.decide")
    assert not actor_of(account, roles, expires + timedelta(days=1)).can("approval.decide")
