"""What of a disclosure leaves, or left: the files of its items, what stays behind and why (CAP-3, EXT-7)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from app.clauses import enforces
from app.domain.matters.photographs import with_copies
from app.domain.serving import of_disclosure
from app.models.approval import Report
from app.models.base import filled
from app.models.disclosures import Disclosure, DisclosureItem
from app.models.examination import Round
from app.models.gallery import GalleryHold, GalleryPhoto
from app.models.identification import Candidate, Search
from app.models.requests import ProbeImage
from app.policy import policy

#: said of an image that no copy could be made of
NO_COPY = "No copy without what is written into the file could be made of it; the file stays here."
#: said of what a recipient is given nothing of
LEFT = "It shows a photograph that has left the repository; this recipient is given nothing of it."


def as_originals(recipient_kind: str | None) -> bool:
    """Tell whether images go to this kind of recipient as submitted; what says no kind is no reason to hide it."""
    rule = policy().disclosure.recipients.get(recipient_kind or "")
    return rule is None or rule.originals


@enforces("EXT-7")
def digest_of(item: DisclosureItem) -> tuple[str, bool]:
    """Return the SHA-256 of the file that leaves, and whether it is that; of an image without a copy the original's."""
    thing = item.thing
    if not isinstance(thing, ProbeImage) or as_originals(item.disclosure.recipient_kind):
        return item.sha256, True
    if thing.shown_blob_id is None:
        return item.sha256, False
    return filled(thing.shown_sha256), True


def uncopied(disclosure: Disclosure, included: list[DisclosureItem]) -> list[DisclosureItem]:
    """Return images of which this recipient gets no file: nobody could read them, so that there is no copy."""
    return [item for item in included if not digest_of(item)[1]]


@enforces("CAP-3", "EXT-2", "EXT-7")
def kept_back(disclosure: Disclosure, included: list[DisclosureItem]) -> list[DisclosureItem]:
    """Return those of the items that do not go to this recipient as a file: what they show has left the repository."""
    if policy().sealing.for_recipient(disclosure.recipient_kind).treatment == "document":
        return []
    return of_disclosure(included)


def proposed(disclosure: Disclosure) -> list[DisclosureItem]:
    """Return the items that a decision proposes to let out: all but those of which this recipient is given nothing."""
    if policy().sealing.for_recipient(disclosure.recipient_kind).treatment != "withheld":
        return disclosure.items
    left = of_disclosure(disclosure.items)
    return [item for item in disclosure.items if item not in left]


@enforces("CAP-3", "EXT-7")
def staying(disclosure: Disclosure, items: list[DisclosureItem]) -> dict[str, str]:
    """Return which of these items do not leave as a file, and why: uid -> words. What was fetched its package tells."""
    words = policy().sealing.for_recipient(disclosure.recipient_kind).words or LEFT
    package, held = disclosure.current_package, []
    if package is not None and package.fetched_at is not None:
        held = [item for item in items if item.uid in package.withheld]
    elif not disclosure.has("final"):
        held = kept_back(disclosure, items)
    no_file = uncopied(disclosure, items)
    return {item.uid: NO_COPY if item in no_file else words for item in items if item in held or item in no_file}


def touched() -> ColumnElement[bool]:
    """Test row by row whether what left the repository may concern a disclosure; `stopped` then says whether it does.

    A report is found by the person in it or by its probe, an image by its bytes and by what is known as a copy of it.
    """
    left = GalleryPhoto.removed_at.is_not(None)
    gone = select(GalleryPhoto.sha256).where(left)
    held = select(GalleryHold.probe_image_id).where(GalleryHold.sha256.in_(gone))
    images = with_copies(select(ProbeImage.id).where(ProbeImage.sha256.in_(gone) | ProbeImage.id.in_(held)))
    people = select(GalleryPhoto.person_id).where(left)
    nominees = select(Candidate.id).where(Candidate.person_id.in_(people))
    searched = Round.search_id.in_(select(Search.id).where(Search.image_id.in_(images)))
    reports = select(Report.id).join(Round, Report.round_id == Round.id)
    reports = reports.where(Round.nominee_id.in_(nominees) | searched)
    return Disclosure.items.any(DisclosureItem.image_id.in_(images) | DisclosureItem.report_id.in_(reports))


@enforces("CAP-3", "EXT-7")
def stopped(disclosure: Disclosure) -> bool:
    """Tell whether nothing can leave as it was decided or packed, for what it shows has left the repository."""
    treatment = policy().sealing.for_recipient(disclosure.recipient_kind).treatment
    if treatment == "document":
        return False
    if disclosure.takes("release"):
        return treatment == "withheld" and bool(of_disclosure(disclosure.included_items))
    package = disclosure.current_package
    if package is None or not disclosure.takes("fetch") or package.fetched_at is not None:
        return False
    return bool(of_disclosure(item for item in disclosure.included_items if item.uid not in package.withheld))
