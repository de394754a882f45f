"""What changed in the policy since the person acknowledged it last, and the acknowledgement (TRN-2)."""

from __future__ import annotations

from itertools import groupby

from flask import g, request, url_for
from flask.typing import ResponseReturnValue

from app.access.acknowledgement import acknowledged_by, changes_since, last_acknowledged
from app.access.guard import needs
from app.blueprints.accounts.addresses import own_address, page_before
from app.blueprints.accounts.forms import AcknowledgementForm
from app.blueprints.accounts.views import bp
from app.domain.accounts.acknowledgement import acknowledge
from app.policy import policy
from app.policy.differences import Change
from app.steps import Overtaken, Why, take_step
from app.web.pages import page


@bp.get("/policy-changes")
@needs("portal.use")
def policy_changes() -> ResponseReturnValue:
    """Show rule by rule what changed, with the form that acknowledges it."""
    onward = own_address(request.args.get("next")) or page_before()
    return _page(AcknowledgementForm(formdata=None, version=policy().version, next=onward))


@bp.post("/policy-changes")
@needs("portal.use")
def acknowledge_policy() -> ResponseReturnValue:
    form, account = AcknowledgementForm(), g.account
    return take_step(
        None,
        "acknowledge",
        form,
        lambda: acknowledge(account),
        stands=lambda: policy().version,
        again=lambda why: _page(form, why),
        done="You acknowledged the policy as it is now.",
        to=own_address(form.next.data) or url_for("home.index"),
    )


def _page(form: AcknowledgementForm, why: Why = None) -> str:
    last, rule = last_acknowledged(g.account.id), policy().acknowledgement
    changes = changes_since(last.policy_version) if last is not None else None
    return page(
        "accounts/policy_changes.html",
        form=form,
        rule=rule,
        last=last,
        standing=acknowledged_by(g.account.id),
        files=_by_file(changes or ()),
        told=changes is not None,
        overtaken=isinstance(why, Overtaken),
    )


def _by_file(changes: tuple[Change, ...]) -> list[tuple[str, list[Change]]]:
    """The changes beneath the file in which each rule stands now, or stood."""
    ordered = sorted(changes, key=lambda change: change.rule.file)
    return [(name, list(found)) for name, found in groupby(ordered, key=lambda change: change.rule.file)]
