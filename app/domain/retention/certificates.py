"""The certificate of a disposal: its facts from the rows, kept under the disposal's own key, downloaded (RET-11)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from app import audit
from app.access.actor import Actor, system_actor
from app.access.capabilities import check_capability
from app.clauses import enforces
from app.documents.facts import Person
from app.documents.retention.certificate import CertificateFacts, Copy, ItemFacts, RuleCited
from app.documents.typeset import Rendered
from app.domain.accounts.naming import here
from app.domain.destruction import require_gone
from app.domain.retention.eligibility import label
from app.domain.retention.erasure_words import rows_in_words
from app.extensions import db, settings, stores
from app.models import Account, Disposal, DisposalItem
from app.models.base import filled, now
from app.policy import policy
from app.policy.retention.dates import as_documents_say
from app.storage import BlobRef
from app.workflow.engine import advance, refuse_if


def facts_of_certificate(disposal: Disposal) -> CertificateFacts:
    """Gather what the certificate says, from a disposal whose items are all erased or spared.

    Raises FactsError when a key or a file of what was erased is still there.
    """
    erased = [item.erased for item in disposal.items if item.state == "erased"]
    require_gone([key for done in erased for key in done["keys"]], [blob for done in erased for blob in done["blobs"]])
    ends = [item.erased_at for item in disposal.items if item.erased_at is not None]
    return CertificateFacts(
        department=settings().department,
        number=disposal.number,
        demonstration=settings().demonstration,
        proposed_by=_person(disposal.proposed_by),
        proposed_at=here(disposal.created_at),
        first_approver=_person(filled(disposal.first_approver)),
        first_approved_at=here(filled(disposal.first_approved_at)),
        second_approver=_person(filled(disposal.second_approver)),
        second_approved_at=here(filled(disposal.second_approved_at)),
        started_at=here(filled(disposal.started_at)),
        ended_at=here(max(ends, default=filled(disposal.started_at))),
        checked_at=here(now()),
        policy_version=disposal.policy_version,
        items=tuple(_item(item) for item in disposal.items),
    )


def _person(account: Account) -> Person:
    return Person(account.display_name, account.title or None, None, account.command or None)


def _item(item: DisposalItem) -> ItemFacts:
    done, known = item.erased or {}, item.known or {}
    cited = [(entry["rule"], entry["on"]) for entry in item.why]
    if item.state == "spared":
        cited = [(item.spared_by_rule, None)] if item.spared_by_rule else []
    sources = item.disposal.private.get("sources") or {}
    return ItemFacts(
        what=label(item.target).capitalize(),
        allowed_from=item.earliest_on,
        rules=_rules(cited),
        erased_at=here(item.erased_at) if item.erased_at else None,
        requests=tuple(done.get("requests", ())),
        keys=len(done.get("keys", ())),
        blobs=len(done.get("blobs", ())),
        rows=tuple(sorted((rows_in_words(table), count) for table, count in done.get("rows", {}).items())),
        copies=tuple(Copy(copy["report"], copy["path"], copy["sha256"]) for copy in item.delivered),
        spared_because=item.spared_because or "",
        confirmed=tuple(known.get("confirmed", ())),
        suspected=tuple(known.get("suspected", ())),
        days=tuple((what, date.fromisoformat(on)) for what, on in known.get("days", ())),
        contradictions=tuple(as_documents_say(text) for text in known.get("contradictions", ())),
        sources=tuple(sources.get(label(item.target), ())),
    )


def _rules(cited: Sequence[tuple[str, str | None]]) -> tuple[RuleCited, ...]:
    """Return the rules as the policy has them now; one that it no longer has is named by its id alone."""
    known = policy().rules
    return tuple(
        RuleCited(
            known[name].text if name in known else name,
            ", ".join(known[name].authority) if name in known else "RET-11",
            date.fromisoformat(on) if on else None,
        )
        for name, on in cited
    )


@enforces("RET-11")
def keep(disposal: Disposal, rendered: Rendered, stored: BlobRef) -> None:
    """Fix the certificate and end the disposal. Needs an open unit of work; raises Refused."""
    disposal.certificate_blob_id, disposal.certificate_sha256 = stored.id, stored.sha256
    disposal.certificate_pages, disposal.finished_at = rendered.pages, now()
    audit.record("disposal.certified", disposal, actor=system_actor(), sha256=stored.sha256)
    count = {state: sum(item.state == state for item in disposal.items) for state in ("erased", "spared")}
    advance(
        disposal, "finish", system_actor(), erased=count["erased"], spared=count["spared"], certificate=stored.sha256
    )


def download(disposal: Disposal, actor: Actor) -> bytes:
    """Return the certificate's PDF and record the download. Raises Refused before there is one, StorageError."""
    check_capability(actor, "retention.read", reads=True)
    refuse_if("certificate_stored", disposal.certificate_blob_id is None, "There is no certificate yet.")
    blob, digest = filled(disposal.certificate_blob_id), filled(disposal.certificate_sha256)
    data = stores().blobs.get(blob, disposal.key_id, digest)
    audit.sent("disposal.certificate_downloaded", disposal, actor=actor, disposal=disposal.number)
    return data


def disposal_by_number(number: str) -> Disposal:
    """Return a disposal by its number. Raises NoResultFound."""
    return db.session.scalars(select(Disposal).where(Disposal.number == number)).one()
