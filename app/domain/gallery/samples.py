"""Samples of imports: a second person compares drawn records with the system they come from, and signs (CAP-3).

The importer's list says that each photograph is eligible; whoever signs brings an extract of the booking or parole
system instead of looking at that list, and the portal compares the two.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Select, select

from app import audit
from app.access.actor import Actor
from app.access.capabilities import check_capability
from app.clauses import enforces
from app.domain.accounts.people import holders_of
from app.domain.gallery.photographs import stored
from app.domain.gallery.repository_index import lock_repository, next_generation
from app.domain.notices.notifications import tell
from app.extensions import db, stores
from app.models import GalleryImport, GalleryPhoto, ImportSample
from app.models.base import now
from app.policy import policy
from app.policy.names import CapabilityId
from app.policy.reasons import gives_reason
from app.policy.refused import Refused
from app.storage.errors import StorageError
from app.unit_of_work import unit_of_work

#: samples with a changed answer that a page lists
CHANGED_SHOWN = 50
#: record number -> column -> what the source says
Extract = Mapping[str, Mapping[str, str]]


def draw(of: GalleryImport) -> None:
    """Draw the sample of an import that ended, for its last row that has none. Needs an open unit of work."""
    last = of.samples[-1] if of.samples else None
    there = list(db.session.scalars(_there(of)))
    if last is None or last.drawn_at is not None or not there:
        return
    # after a difference, signed or only looked at, all that is left is compared: nobody draws until a sample agrees
    every = any(one.verdict == "differs" or one.looked for one in of.samples)
    last.records = sorted(there if every else secrets.SystemRandom().sample(there, size(len(there))))
    last.drawn_at = now()
    db.session.flush()
    audit.record("gallery.sample_drawn", of, batch=of.uid, sample=last.number, records=len(last.records))
    tell("sample_drawn", holders_of(signer()), of)


def signer() -> CapabilityId:
    """Return the capability of whoever may sign."""
    return cast("CapabilityId", policy().gallery.sample.signer)


def waiting() -> list[GalleryImport]:
    """Return the imports that wait for a second person, the longest first."""
    unsigned = select(ImportSample.import_id).where(ImportSample.drawn_at.is_not(None), ImportSample.verdict.is_(None))
    rows = select(GalleryImport).where(GalleryImport.id.in_(unsigned)).order_by(GalleryImport.id)
    return [of for of in db.session.scalars(rows) if of.samples[-1].verdict is None]


def size(photographs: int) -> int:
    """Return how many of so many photographs are drawn."""
    rule = policy().gallery.sample
    return min(photographs, max(rule.least, min(rule.most, -(-photographs * rule.share // 100))))


def due(sample: ImportSample) -> datetime | None:
    """Return until when a sample may be signed; None where it was not drawn."""
    return None if sample.drawn_at is None else sample.drawn_at + timedelta(days=policy().gallery.sample.days)


def draw_again(of: GalleryImport, actor: Actor) -> None:
    """Draw anew: after a difference, once the differing records are out, or when the time ran out.

    Needs an open unit of work. Raises Refused.
    """
    _check_second_person(actor)
    last = _last(of)
    if last.drawn_at is None:
        draw(of)
        return
    if (why := undrawable(of)) is not None:
        raise why
    still = sorted(numbers(set(db.session.scalars(_there(of))) & last.differing.keys()))
    if still:
        raise _refused(f"Records that differ are still in the repository: {', '.join(still[:5])}.")
    of.samples.append(ImportSample(number=last.number + 1))
    db.session.flush()
    draw(of)


@enforces("CAP-3")
def sign(of: GalleryImport, actor: Actor, extract: Extract, reason: str = "") -> ImportSample:
    """Compare the drawn records with an extract of their sources and sign for what it showed.

    reason: why records that differed at a look agree now. Needs an open unit of work. Raises Refused.
    """
    _check_second_person(actor)
    lock_repository()
    last = _last(of)
    if (why := unsignable(of)) is not None:
        raise _refused(why)
    _check_files(last)
    last.differing = differing(of, last, extract)
    changed = [one for one in looked_at(of) if one.uid not in last.differing]
    if changed:
        _explain(last, changed, reason)
    last.verdict = "differs" if last.differing else "agrees"
    last.signed_by_id, last.signed_at = actor.id, now()
    db.session.flush()
    audit.record(
        "gallery.sample_signed",
        of,
        actor=actor,
        batch=of.uid,
        sample=last.number,
        verdict=last.verdict,
        differing=len(last.differing),
    )
    if changed:
        told = holders_of("misuse.read")
        tell("sample_changed", told, of)
        audit.record(
            "gallery.sample_changed",
            of,
            actor=actor,
            batch=of.uid,
            sample=last.number,
            changed=len(changed),
            people=sorted(told),
        )
    if last.verdict == "agrees":
        next_generation()
    return last


def looked_at(of: GalleryImport) -> list[GalleryPhoto]:
    """Return the drawn photographs still there that differed when somebody looked, at this sample or an earlier one."""
    before = {uid for one in of.samples for uid in one.looked}
    return [photo for photo in drawn(_last(of)) if photo.uid in before]


def _explain(last: ImportSample, changed: Sequence[GalleryPhoto], reason: str) -> None:
    least = policy().gallery.sample.min_reason
    if not gives_reason(policy(), reason, least):
        listed = ", ".join(photo.record_number for photo in changed[:5])
        raise _refused(
            f"What was said of these records differed before and agrees now: {listed}. Write why, in at least {least} "
            "characters; the integrity officers are told."
        )
    last.key_id = last.key_id or stores().keys.create()
    last.seal(reason=reason.strip())


@enforces("CAP-3")
def changed_answers() -> list[ImportSample]:
    """Return the latest samples signed with an answer that had differed at a look, newest first."""
    rows = select(ImportSample).where(ImportSample.sealed.is_not(None)).order_by(ImportSample.id.desc())
    return list(db.session.scalars(rows.limit(CHANGED_SHOWN)))


def unsignable(of: GalleryImport) -> str | None:
    """Return in a sentence why the import cannot be signed for now, whoever asks; None where it can."""
    last = _last(of)
    if last.drawn_at is None:
        return "No sample is drawn yet: the import has not ended."
    if last.verdict is not None:
        return "This sample is signed already."
    return f"The sample could be signed until {due(last):%Y-%m-%d}; draw another." if _overdue(last) else None


def undrawable(of: GalleryImport) -> Refused | None:
    """Return why no other sample is drawn, whoever asks; None after a difference, or when the time ran out."""
    if not of.samples:
        return _refused("The import is older than the rule; it has no sample.")
    last = of.samples[-1]
    if last.verdict == "agrees":
        return _refused("The import is signed for already.")
    if last.drawn_at is not None and last.verdict is None and not _overdue(last):
        return _refused(f"The drawn sample waits for its signature until {due(last):%Y-%m-%d}.")
    return None


def barred(actor: Actor) -> Refused | None:
    """Return why this person signs for no import, whatever was drawn; None for a second person."""
    try:
        _check_second_person(actor)
    except Refused as refusal:
        return refusal
    return None


def shown(of: GalleryImport) -> str:
    """Return a digest of what a page shows: another one where the sample, a record or its file changed."""
    last = _last(of)
    rows = [(photo.uid, photo.record_number, photo.sha256, stated(photo)) for photo in drawn(last)]
    told = json.dumps([last.number, last.verdict, sorted(last.records), rows], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def compared(of: GalleryImport, actor: Actor, extract: Extract) -> dict[str, list[str]]:
    """Return what differs, before anybody signs; each look and what differed is recorded. Raises Refused."""
    _check_second_person(actor)
    if (why := unsignable(of)) is not None:
        raise _refused(why)
    last = _last(of)
    found = differing(of, last, extract)
    with unit_of_work():
        # what differed once stays, whatever is answered next
        last.looked = last.looked | {uid: sorted({*names, *last.looked.get(uid, ())}) for uid, names in found.items()}
        db.session.flush()
        audit.record("gallery.sample_compared", of, actor=actor, batch=of.uid, sample=last.number, differing=len(found))
    return found


def _check_files(sample: ImportSample) -> None:
    """Refuse to sign for a photograph whose stored file is not the one that was imported any more."""
    for photo in drawn(sample):
        try:
            stored(photo)
        except StorageError:
            raise _refused(
                f"The stored photograph of record {photo.record_number} is not as it was imported."
            ) from None


def differing(of: GalleryImport, sample: ImportSample, extract: Extract) -> dict[str, list[str]]:
    """Return the drawn photographs (uids) that differ from their source, with the columns; none where it has no such
    record.

    A record that left the repository meanwhile is none of the import's any more.
    """
    drawn = select(GalleryPhoto).where(
        GalleryPhoto.batch == of.uid, GalleryPhoto.removed_at.is_(None), GalleryPhoto.uid.in_(sample.records)
    )
    found: dict[str, list[str]] = {}
    for photo in db.session.scalars(drawn):
        said = extract.get(photo.record_number)
        listed = stated(photo)
        wrong = [] if said is None else [name for name, value in listed.items() if _plain(said.get(name, "")) != value]
        if said is None or wrong:
            found[photo.uid] = wrong
    return found


def stated(photo: GalleryPhoto) -> dict[str, str]:
    """Return what the importer's list said of a photograph, plainly, as it was kept; only active records entered."""
    values = {
        "source_record": str(photo.private.get("source_record") or ""),
        "taken_on": photo.taken_on.isoformat(),
        "source": photo.source,
        "charged": "yes" if photo.charged else "no",
        "jurisdiction": photo.jurisdiction,
        "status": "active",
    }
    return {name: _plain(values[name]) for name in policy().gallery.sample.columns}


def drawn(sample: ImportSample) -> list[GalleryPhoto]:
    """Return the photographs of a sample that are still there, by their numbers."""
    rows = select(GalleryPhoto).where(GalleryPhoto.uid.in_(sample.records), GalleryPhoto.removed_at.is_(None))
    return sorted(db.session.scalars(rows), key=lambda photo: photo.record_number)


def numbers(uids: Iterable[str]) -> dict[str, str]:
    """Return the record numbers of photographs, each with its uid."""
    rows = db.session.scalars(select(GalleryPhoto).where(GalleryPhoto.uid.in_(list(uids))))
    return {photo.record_number: photo.uid for photo in rows}


def standing(of: GalleryImport) -> str:
    """Return in a sentence whether the import is searched, and what it waits for."""
    if not of.samples:
        return "Imported before samples were signed; it is searched."
    last = of.samples[-1]
    if last.verdict == "agrees":
        changed = " An answer had differed before; why it changed is on record." if last.sealed is not None else ""
        return f"Signed by a second person, {len(last.records)} compared; it is searched.{changed}"
    if last.verdict == "differs":
        told = f"{len(last.differing)} of {len(last.records)}"
        return f"{told} compared records differ from their source; it is not searched."
    if last.drawn_at is None:
        return "No sample is drawn yet; it is not searched."
    until = due(last)
    if before := sum(len(one.looked) for one in of.samples):
        told = "record differed" if before == 1 else "records differed"
        again = "everything is to be drawn" if _overdue(last) else f"a second person is to sign until {until:%Y-%m-%d}"
        return f"{before} {told} at a look before a signature; {again}. It is not searched."
    if _overdue(last):
        return f"Nobody signed until {until:%Y-%m-%d}: another sample is to be drawn; it is not searched."
    return f"{len(last.records)} drawn records wait for a second person until {until:%Y-%m-%d}; it is not searched."


def _there(of: GalleryImport) -> Select[str]:
    return select(GalleryPhoto.uid).where(GalleryPhoto.batch == of.uid, GalleryPhoto.removed_at.is_(None))


def _overdue(sample: ImportSample) -> bool:
    until = due(sample)
    return until is not None and until < now()


def _last(of: GalleryImport) -> ImportSample:
    if not of.samples:
        raise _refused("The import is older than the rule; it has no sample.")
    return of.samples[-1]


def _check_second_person(actor: Actor) -> None:
    rule = policy().gallery.sample
    check_capability(actor, signer())
    if rule.apart_from in actor.capabilities:
        raise _refused("Whoever may import signs for no import.")


def _refused(said: str) -> Refused:
    return Refused(policy().gallery.sample.id, said)


def _plain(text: str) -> str:
    return " ".join(str(text).casefold().split())
