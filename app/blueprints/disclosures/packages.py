"""Handing out: the package is built, fetched once, and its receipt recorded (EXT-7, ACC-12)."""

from __future__ import annotations

import io

from flask import Response, abort, flash, send_file, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.disclosures.blueprint import bp
from app.blueprints.disclosures.forms import receipt_form
from app.blueprints.disclosures.rendering import render_disclosure
from app.blueprints.fact_fields import answers, day_of, mark
from app.blueprints.shared_forms import ReasonForm, VersionForm
from app.days import today
from app.domain import disclosures as domain
from app.domain.disclosure_decisions import PACKAGE_JOB
from app.extensions import stores
from app.jobs import last_job
from app.models.disclosure import Disclosure, DisclosurePackage
from app.policy import policy
from app.policy.enforcement import enforces
from app.policy.facts import check_questions
from app.refusals import attempt, form_again, same_version, status_of
from app.storage import BlobCorrupt, KeyDestroyed, UnknownBlob
from app.unit import Conflict
from app.web import page, redirect_after_post, wants_part
from app.workflow.engine import explain
from app.workflow.registry import Refused


@bp.post("/disclosures/<number>/release")
@needs("disclosure.release", of=Disclosure)
def release(subject: Disclosure) -> WerkzeugResponse | tuple[str, int]:
    """Have the package built, while basis and decision hold."""
    form, actor = VersionForm(), current_actor()

    def act() -> None:
        same_version(subject, form.version.data)
        domain.release(subject, actor)

    refusal = attempt("release", subject, act)
    if refusal is not None:
        return render_disclosure(subject, refusal=refusal), status_of(refusal)
    flash("The package is being built; you are told when it is ready.", "success")
    return redirect_after_post(url_for("disclosures.show", number=subject.number))


@bp.get("/disclosures/<number>/progress")
@needs("disclosure.read", of=Disclosure)
def progress(subject: Disclosure) -> WerkzeugResponse | str:
    """The package while it is built; the whole page once it is. Without htmx the page itself asks again."""
    if not wants_part() or subject.state != "releasing":
        return redirect_after_post(url_for("disclosures.show", number=subject.number))
    return page("disclosures/_progress.html", item=subject, job=last_job(PACKAGE_JOB, subject.number))


@enforces("EXT-7", "ACC-12")
@bp.post("/disclosures/<number>/package")
@needs("disclosure.release", of=Disclosure)
def fetch(subject: Disclosure) -> Response | tuple[str, int]:
    """Stream the package, once. It is read and checked before the only chance to fetch it is used up."""
    actor, package = current_actor(), subject.current_package
    data = _bytes(package) if package is not None and explain(subject, "fetch", actor) is None else b""
    taken: list[DisclosurePackage] = []

    def act() -> None:
        if data and subject.current_package is not package:
            raise Conflict("another package was built after this one was read")
        taken.append(domain.fetch(subject, actor))

    refusal = attempt("fetch", subject, act)
    if refusal is not None:
        return render_disclosure(subject, refusal=refusal), status_of(refusal)
    name = f"{subject.number}-{taken[0].number}.zip"
    answer = send_file(io.BytesIO(data), mimetype="application/zip", as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _bytes(package: DisclosurePackage) -> bytes:
    try:
        return stores().blobs.get(package.blob_id, package.disclosure.key_id, package.sha256)
    except (UnknownBlob, KeyDestroyed):
        abort(404)
    except BlobCorrupt:
        abort(500, "The stored package is not the one that was built, so it is not handed out.")


@bp.get("/disclosures/<number>/reissue")
@needs("disclosure.release", of=Disclosure)
def reissue_form(subject: Disclosure) -> str:
    form = ReasonForm(version=subject.version, formdata=None)
    return page("disclosures/reissue.html", item=subject, form=form, refusal=None)


@bp.post("/disclosures/<number>/reissue")
@needs("disclosure.release", of=Disclosure)
def reissue(subject: Disclosure) -> WerkzeugResponse | tuple[str, int]:
    """Have another package built, with the reason."""
    form = ReasonForm()
    refusal: Refused | None = None
    if form.validate_on_submit():
        actor, reason = current_actor(), form.reason.data or ""
        refusal = attempt("reissue", subject, lambda: domain.reissue(subject, actor, reason))
        if refusal is None:
            flash("Another package is being built; you are told when it is ready.", "success")
            return redirect_after_post(url_for("disclosures.show", number=subject.number))
    return form_again("disclosures/reissue.html", subject, form, refusal)


@bp.get("/disclosures/<number>/receipt")
@needs("disclosure.release", of=Disclosure)
def receipt(subject: Disclosure) -> str:
    form = receipt_form(formdata=None, data={"version": subject.version, "on": today().isoformat()})
    return page("disclosures/receipt.html", item=subject, form=form, refusal=None)


@bp.post("/disclosures/<number>/receipt")
@needs("disclosure.release", of=Disclosure)
def acknowledge(subject: Disclosure) -> WerkzeugResponse | tuple[str, int]:
    """Record who received the package, how and when."""
    form, rule = receipt_form(), policy().disclosure.receipt
    given = answers(form, "", rule.facts)
    refusal: Refused | None = None
    if form.validate_on_submit():
        actor = current_actor()
        refusal = attempt(
            "acknowledge", subject,
            lambda: domain.acknowledge(
                subject, actor, given.get("received_by", ""), given.get("how", ""), day_of(given.get("on"))
            ),
        )  # fmt: skip
        if refusal is None:
            flash("The receipt is recorded.", "success")
            return redirect_after_post(url_for("disclosures.show", number=subject.number))
        mark(form, check_questions(rule, given), [])
    return form_again("disclosures/receipt.html", subject, form, refusal)
