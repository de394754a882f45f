"""Personal information files of the people of a case: opened, linked, completed (RET-9, RET-10).

Every function needs an open unit of work and raises Refused; none commits. Names and days are sealed under the file's
own key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select

from app import audit
from app.access.actor import Actor
from app.access.capabilities import check_capability
from app.calendar import today
from app.clauses import enforces
from app.domain.retention.eligibility import locked
from app.domain.retention.verbs import refuse_while_disposed
from app.extensions import db, stores
from app.models.gallery import GalleryPerson
from app.models.retention import ROLES, CasePerson, CaseRecord, PersonFile
from app.workflow.engine import refuse_if

DAYS = ("born_on", "died_on", "last_arrest_on", "arrests_checked_on")
#: what is told of a day that cannot be
WORDS = {
    "born_on": "birth",
    "died_on": "death",
    "last_arrest_on": "last arrest",
    "arrests_checked_on": "the look at the arrest records",
}
RULE = "unknown_is_kept"


@enforces("RET-9", "RET-10")
def open_file(
    record: CaseRecord,
    actor: Actor,
    name: str,
    role: str,
    days: Mapping[str, date | None] | None = None,
    *,
    child_victim: bool = False,
    juvenile: bool = False,
    gallery_person: GalleryPerson | None = None,
) -> PersonFile:
    """Open a file for a person of a case. days: those of `DAYS`; what is not known is left out.

    `gallery_person`: for a suspect, the person of the repository whose arrest photographs belong to this file.
    """
    check_capability(actor, "retention.keep")
    refuse_while_disposed(record, "WF-case-note")
    refuse_if(RULE, not name.strip(), "Enter the name.")
    file = PersonFile(key_id=stores().keys.create())
    db.session.add(file)
    _set(file, name=name.strip(), days=days or {})
    _set_gallery_person(file, gallery_person, role)
    db.session.flush()
    audit.record("person_file.opened", file, actor=actor, file=file.uid, case=record.case_number)
    _link(file, record, role, child_victim, juvenile)
    return file


@enforces("RET-10")
def link(
    file: PersonFile, record: CaseRecord, actor: Actor, role: str, *, child_victim: bool = False, juvenile: bool = False
) -> CasePerson:
    """Link a person's file to another case: it is kept as long as the longer of both."""
    check_capability(actor, "retention.keep")
    file = locked(file)
    refuse_while_disposed(record, "WF-case-note")
    refuse_while_disposed(file, "file_with_records")
    made = _link(file, record, role, child_victim, juvenile)
    audit.record("person_file.linked", file, actor=actor, file=file.uid, case=record.case_number)
    return made


def _link(file: PersonFile, record: CaseRecord, role: str, child_victim: bool, juvenile: bool) -> CasePerson:
    refuse_if(RULE, role not in ROLES, "Choose what the person is in the case.")
    refuse_if(RULE, child_victim and role == "suspect", "A suspect is not marked as the child of the offense.")
    known = select(CasePerson).where(CasePerson.person_file_id == file.id, CasePerson.case_record_id == record.id)
    refuse_if(RULE, db.session.scalars(known).first() is not None, "The person is linked to this case already.")
    made = CasePerson(record=record, file=file, role=role, child_victim=child_victim, juvenile=juvenile)
    db.session.add(made)
    db.session.flush()
    return made


@enforces("RET-9", "RET-10")
def change_file(
    file: PersonFile,
    actor: Actor,
    *,
    name: str | None = None,
    days: Mapping[str, date | None] | None = None,
    gallery_person: GalleryPerson | None = None,
) -> list[str]:
    """Correct or complete a file; returns the changed fields. A day given as None becomes unknown."""
    check_capability(actor, "retention.keep")
    file = locked(file)
    refuse_while_disposed(file, "file_with_records")
    before = dict(file.private)
    _set(file, name=(name or "").strip() or before.get("name"), days=days or {})
    changed = sorted(field for field in {*before, *file.private} if before.get(field) != file.private.get(field))
    if gallery_person is not None and gallery_person.id != file.gallery_person_id:
        role = "suspect" if any(link.role == "suspect" for link in file.links) else "witness"
        _set_gallery_person(file, gallery_person, role)
        changed.append("gallery_person")
    if changed:
        db.session.flush()
        audit.record("person_file.changed", file, actor=actor, file=file.uid, fields=changed)
    return changed


def _set_gallery_person(file: PersonFile, person: GalleryPerson | None, role: str) -> None:
    if person is None:
        return
    refuse_if(RULE, role != "suspect", "Only the file of a suspect has arrest photographs in the repository.")
    taken = select(PersonFile.id).where(PersonFile.gallery_person_id == person.id, PersonFile.id != file.id)
    with db.session.no_autoflush:
        another = db.session.scalars(taken).first()
    refuse_if(RULE, another is not None, "Another file has this person of the repository.")
    file.gallery_person = person


def _set(file: PersonFile, *, name: str | None, days: Mapping[str, date | None]) -> None:
    for field in days:
        if field not in DAYS:
            raise LookupError(f"a person file has no day {field}")
    known = {field: date.fromisoformat(text) for field in DAYS if (text := file.private.get(field))}
    wanted = {**known, **days}
    for field, day in wanted.items():
        refuse_if(RULE, day is not None and day > today(), f"The day of {WORDS[field]} lies in the future.")
    born, died, arrested, _ = (wanted.get(field) for field in DAYS)
    refuse_if(RULE, bool(born and died and died < born), "The day of death lies before the day of birth.")
    refuse_if(RULE, bool(born and arrested and arrested < born), "The last arrest lies before the day of birth.")
    refuse_if(RULE, bool(died and arrested and arrested > died), "The last arrest lies after the day of death.")
    file.seal(name=name, **{field: day.isoformat() if day else None for field, day in wanted.items()})
