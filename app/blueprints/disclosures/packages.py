"""Handing out: the package is built, fetched once, and its receipt recorded (EXT-7, ACC-12)."""

from __future__ import annotations

from flask import Response, abort, current_app, flash, g, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from app import audit
from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.disclosures.blueprint import bp
from app.blueprints.disclosures.forms import receipt_form
from app.blueprints.disclosures.handing_out import HandingOut
from app.blueprints.disclosures.rendering import render_disclosure
from app.blueprints.fact_fields import answers, day_of, mark
from app.blueprints.shared_forms import ReasonForm, VersionForm
from app.calendar import today
from app.clauses import enforces
from app.domain.disclosures import verbs as domain
from app.domain.disclosures.decisions import PACKAGE_JOB
from app.extensions import stores
from app.models.disclosures import Disclosure, DisclosurePackage
from app.outbox import last_job
from app.policy import policy
from app.policy.facts import check_questions
from app.policy.refused import Refused
from app.refusals import attempt, form_again, same_version, status_of
from app.storage import BlobCorrupt, KeyDestroyed, UnknownBlob
from app.web.downloads import Download, asked_range, in_memory, send
from app.web.pages import page, redirect_after_post, wants_part
from app.workflow.engine import explain


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


@bp.post("/disclosures/<number>/package")
@needs("disclosure.release", of=Disclosure)
def fetch(subject: Disclosure) -> WerkzeugResponse | tuple[str, int]:
    """Begin the download of the package, or begin it again; nothing is used up before all of it has arrived."""
    actor, begun = current_actor(), []
    refusal = attempt(
        "begin_fetch", subject, lambda: begun.append(domain.begin_fetch(subject, actor, g.session_uid).number)
    )
    if refusal is not None:
        return render_disclosure(subject, refusal=refusal), status_of(refusal)
    return redirect_after_post(url_for("disclosures.package", number=subject.number, package=begun[0]))


@enforces("EXT-7", "ACC-12")
@bp.get("/disclosures/<number>/packages/<int:package>")
@needs("disclosure.release", of=Disclosure)
def package(subject: Disclosure, package: int) -> Response | tuple[str, int]:
    """Send the package, whole or from where a transfer broke off, to whoever began its download."""
    actor, found = current_actor(), subject.current_package
    if found is None or found.number != package:
        abort(404)
    refusal = explain(subject, "fetch", actor, **domain.fetch_facts(subject, g.session_uid))
    if refusal is not None:
        audit.viewed("workflow.refused", subject, verb="fetch", rule=refusal.rule_id)
        return render_disclosure(subject, refusal=refusal), status_of(refusal)
    data = _bytes(found)
    name = f"{subject.number}-{found.number}.zip"
    download = Download(name, "application/zip", len(data), found.sha256, in_memory(data))
    span = asked_range(download)
    if request.method == "GET" and span is not None:
        audit.viewed("disclosure.package_sent", subject, package=package, sha256=found.sha256, first=span[0])
    handing = HandingOut(current_app._get_current_object(), subject.number, package, actor, g.session_uid)
    return send(download, before_last=handing.ask_again, arrived=handing.record)


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
