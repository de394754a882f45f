"""The register of disclosures, filtered, and as a CSV file; reading it is recorded (EXT-7, AUD-6)."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response, request, stream_with_context, url_for

from app import audit
from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.disclosures.blueprint import bp
from app.blueprints.disclosures.forms import RegisterFilter
from app.blueprints.fact_fields import day_of
from app.csv_lines import csv_line
from app.domain import register as domain
from app.domain.register import Filters
from app.extensions import db
from app.web import page

PER_PAGE = 50


@bp.get("/disclosures/register")
@needs("disclosure.register")
def register() -> str:
    """Every disclosure that was ever submitted, newest first."""
    form, wanted = _asked()
    actor = current_actor()
    _record(form, export=False)
    pages = db.paginate(domain.rows(wanted, actor), per_page=PER_PAGE, max_per_page=PER_PAGE, error_out=False)
    kept = {name: value for name, value in request.args.items() if name != "page"}
    return page(
        "disclosures/register.html", filter=form, pages=pages, export=url_for("disclosures.export", **kept),
        lines=[(item, domain.line_of(item)) for item in pages.items], may_open="disclosure.read" in actor.capabilities,
    )  # fmt: skip


@bp.get("/disclosures/register.csv")
@needs("disclosure.register")
def export() -> Response:
    """The filtered register as a file; no cell of it can run as a formula."""
    form, wanted = _asked()
    actor = current_actor()
    _record(form, export=True)
    rows = db.session.scalars(domain.rows(wanted, actor).execution_options(yield_per=200))
    name = f"disclosures-{datetime.now(UTC):%Y%m%d-%H%M%S}Z.csv"
    return Response(
        stream_with_context(map(csv_line, domain.csv_rows(rows))), mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


def _asked() -> tuple[RegisterFilter, Filters]:
    form = RegisterFilter(request.args)
    form.validate()
    for field in (form.since, form.until):
        if field.data and day_of(field.data) is None:
            field.errors = ["Write a date as year-month-day, for example 2026-03-09."]
    return form, Filters(
        person=form.person.data or "", case_number=form.case.data or "", recipient_kind=form.recipient.data or "",
        basis=form.basis.data or "", state=form.state.data or "", since=day_of(form.since.data),
        until=day_of(form.until.data),
    )  # fmt: skip


def _record(form: RegisterFilter, *, export: bool) -> None:
    audit.viewed("disclosure.register_read", filters=sorted(field.name for field in form if field.data), export=export)
