"""Handing a package out: it is built, fetched once, and its receipt recorded (EXT-7, ACC-12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import Response, abort, g, url_for
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
from app.domain.serving import clear
from app.extensions import running_app, stores
from app.models.disclosures import Disclosure, DisclosurePackage
from app.outbox import last_job
from app.policy import policy
from app.policy.facts import check_questions
from app.policy.refused import Refused
from app.refusals import status_of
from app.steps import Answer, Why, take_step
from app.storage import BlobCorrupt, KeyDestroyed, StorageError, UnknownBlob
from app.web.downloads import Download, Withheld, asked_range, send
from app.web.pages import page, redirect_after_post, wants_part


@bp.post("/disclosures/<number>/release")
@needs("disclosure.release", of=Disclosure)
def release(subject: Disclosure) -> Answer:
    """Have the package built, while basis and decision hold."""
    actor = current_actor()
    return take_step(
        subject,
        "release",
        VersionForm(),
        lambda: domain.release(subject, actor),
        again=lambda why: render_disclosure(subject, refusal=why),
        done="The package is being built; you are told when it is ready.",
        to=url_for("disclosures.show", number=subject.number),
    )


@bp.get("/disclosures/<number>/progress")
@needs("disclosure.read", of=Disclosure)
def progress(subject: Disclosure) -> WerkzeugResponse | str:
    """Show the package being built, then the whole page. Without htmx the page reloads itself."""
    if not wants_part() or subject.state != "releasing":
        return redirect_after_post(url_for("disclosures.show", number=subject.number))
    return page("disclosures/_progress.html", item=subject, job=last_job(PACKAGE_JOB, subject.number))


@bp.post("/disclosures/<number>/package")
@needs("disclosure.release", of=Disclosure)
def fetch(subject: Disclosure) -> Answer:
    """Begin the download of the package, or begin it again; nothing is used up before all of it has arrived."""
    actor, begun = current_actor(), []
    return take_step(
        subject,
        "begin_fetch",
        VersionForm(),
        lambda: begun.append(domain.begin_fetch(subject, actor, g.session_uid).number),
        again=lambda why: render_disclosure(subject, refusal=why),
        to=lambda: url_for("disclosures.package", number=subject.number, package=begun[0]),
        compare=False,  # the page stays while the file arrives: pressed again on it, it is the same download
    )


@enforces("EXT-7", "ACC-12")
@bp.get("/disclosures/<number>/packages/<int:package>")
@needs("disclosure.release", of=Disclosure)
def package(subject: Disclosure, package: int) -> Response | tuple[str, int]:
    """Send the package, whole or from where a transfer broke off, to whoever began its download."""
    actor, found = current_actor(), subject.current_package
    if found is None or found.number != package:
        abort(404)
    refusal = domain.withheld(subject, actor, g.session_uid)
    if refusal is not None:
        audit.viewed("workflow.refused", subject, verb="fetch", rule=refusal.rule_id)
        return render_disclosure(subject, refusal=refusal), status_of(refusal)
    handing = HandingOut(running_app(), subject.number, package, actor, g.session_uid)
    cleared, read = clear(found, actor), _reader(found, handing)
    name = f"{subject.number}-{found.number}.zip"
    download = Download(name, "application/zip", found.size, found.sha256, read, to_the_end=True)
    span = asked_range(download)
    if span is not None:
        audit.sent("disclosure.package_sent", subject, package=package, sha256=found.sha256, first=span[0])
    return send(cleared, download, before_last=handing.ask_again, arrived=handing.record, left=handing.leave)


def _reader(package: DisclosurePackage, handing: HandingOut) -> Callable[[int, int], Iterator[bytes]]:
    """Return what reads the stored package a segment at a time: it may be larger than a process should hold."""
    try:
        read = stores().blobs.reader(package.blob_id, package.disclosure.key_id, package.sha256, package.size)
    except (UnknownBlob, KeyDestroyed):
        abort(404)
    except BlobCorrupt:
        abort(500, "The stored package is not the one that was built, so it is not handed out.")

    def pieces(first: int, stop: int) -> Iterator[bytes]:
        try:
            yield from read(first, stop)
        except StorageError as gone:
            # destroyed in mid-transfer: the rule for which, if there is one, says more
            handing.ask_again()
            raise Withheld(f"The package was destroyed while it was sent: {gone}") from gone

    return pieces


@bp.get("/disclosures/<number>/reissue")
@needs("disclosure.release", of=Disclosure)
def reissue_form(subject: Disclosure) -> str:
    form = ReasonForm(version=subject.version, formdata=None)
    return page("disclosures/reissue.html", item=subject, form=form, refusal=None)


@bp.post("/disclosures/<number>/reissue")
@needs("disclosure.release", of=Disclosure)
def reissue(subject: Disclosure) -> Answer:
    """Have another package built, with the reason."""
    form, actor = ReasonForm(), current_actor()
    return take_step(
        subject,
        "reissue",
        form,
        lambda: domain.reissue(subject, actor, form.reason.data or ""),
        again=lambda why: page("disclosures/reissue.html", item=subject, form=form, refusal=why),
        done="Another package is being built; you are told when it is ready.",
        to=url_for("disclosures.show", number=subject.number),
    )


@bp.get("/disclosures/<number>/receipt")
@needs("disclosure.release", of=Disclosure)
def receipt(subject: Disclosure) -> str:
    form = receipt_form(formdata=None, data={"version": subject.version, "on": today().isoformat()})
    return page("disclosures/receipt.html", item=subject, form=form, refusal=None)


@bp.post("/disclosures/<number>/receipt")
@needs("disclosure.release", of=Disclosure)
def acknowledge(subject: Disclosure) -> Answer:
    """Record who received the package, how and when."""
    form, rule, actor = receipt_form(), policy().disclosure.receipt, current_actor()
    given = answers(form, "", rule.facts)

    def act() -> None:
        domain.acknowledge(subject, actor, given.get("received_by", ""), given.get("how", ""), day_of(given.get("on")))

    def again(why: Why) -> str:
        if isinstance(why, Refused):
            mark(form, check_questions(rule, given), [])
        return page("disclosures/receipt.html", item=subject, form=form, refusal=why)

    return take_step(
        subject,
        "acknowledge",
        form,
        act,
        again=again,
        done="The receipt is recorded.",
        to=url_for("disclosures.show", number=subject.number),
    )
