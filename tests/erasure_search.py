"""A byte search for identifying data in an installation's files, collected before a disposal and sought after it."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from app.domain.gallery.repository_index import open_template
from app.extensions import db, settings, stores
from app.models import (
    Annotation,
    Assignment,
    CaseRecord,
    DerivedImage,
    Disclosure,
    Draft,
    FRRequest,
    GalleryPerson,
    LineUp,
    NewGround,
    PersonFile,
)

#: how many bytes of a long thing are sought: enough that chance finds none
SLICE = 48


@dataclass
class ErasureSearch:
    """The needles by kind. `stored` ones are in the files before the disposal, `plain` ones never may be."""

    stored: dict[str, bytes] = field(default_factory=dict)
    plain: dict[str, bytes] = field(default_factory=dict)

    def of_request(self, request: FRRequest) -> ErasureSearch:
        """Sealed text, images and their encrypted files, faces, scores, the wrapped key."""
        where = request.number
        self._sealed(where, request)
        self._key(where, request.key_id)
        for text in ("narrative", "priority_reason"):
            self.plain[f"{where} {text}"] = str(request.private[text]).encode()[:SLICE]
        for image in request.images:
            self._sealed(f"{where} image", image)
            self._blob(f"{where} original", image.blob_id, request.key_id, image.sha256)
            self._blob(f"{where} shown", image.shown_blob_id, request.key_id, image.shown_sha256)
            self.stored[f"{where} look of the image"] = image.phash.encode()
            for face in image.faces:
                self.stored[f"{where} hash of the face"] = face.face_hash.encode()
                self.stored[f"{where} points of the face"] = json.dumps(face.points).encode()[:SLICE]
        for derived in db.session.query(DerivedImage).filter_by(request_id=request.id):
            self._sealed(f"{where} prepared image", derived)
            self._blob(f"{where} prepared image", derived.blob_id, request.key_id, derived.sha256)
        for passed in db.session.query(Assignment).filter_by(request_id=request.id):
            self._sealed(f"{where} notes", passed)
        for draft in db.session.query(Draft).filter_by(request_id=request.id):
            self._sealed(f"{where} draft", draft)
        for report in request.reports:
            self._sealed(f"{where} report", report)
            self._blob(f"{where} report", report.blob_id, report.key_id, report.sha256)
        said = [item.judgment for item in request.evidence if item.judgment is not None]
        for row in (*said, *request.evidence, *request.arrests, *request.clearances):
            self._sealed(f"{where} {row.__tablename__} {row.id}", row)
        judged = [row for round_ in request.rounds for check in round_.background_checks for row in check.judgments]
        grounds = db.session.query(NewGround).filter(NewGround.round_id.in_([one.id for one in request.rounds]))
        for row in (*judged, *grounds):
            self._sealed(f"{where} {row.__tablename__} {row.id}", row)
        for search in request.searches:
            for candidate in search.candidates:
                self.stored[f"{where} score {candidate.rank}"] = struct.pack(">d", candidate.score)
        for round_ in request.rounds:
            for row in (round_, *round_.dispositions, *round_.background_checks, *round_.peer_reviews):
                self._sealed(f"{where} {row.__tablename__} {row.id}", row)
            for row in db.session.query(Annotation).filter_by(round_id=round_.id):
                self._sealed(f"{where} {row.__tablename__} {row.id}", row)
            for line_up in db.session.query(LineUp).filter_by(round_id=round_.id):
                for row in (line_up, *line_up.places):
                    self._sealed(f"{where} {row.__tablename__} {row.id}", row)
        return self

    def of_disclosure(self, disclosure: Disclosure) -> ErasureSearch:
        """Sealed text, the person's digest, documents, written decisions, packages, the wrapped key."""
        where = disclosure.number
        self._sealed(where, disclosure)
        self._key(where, disclosure.key_id)
        self.plain[f"{where} recipient"] = str(disclosure.private["recipient"]["name"]).encode()
        if disclosure.person_digest:
            self.stored[f"{where} digest of the person"] = disclosure.person_digest.encode()
        for document in disclosure.documents:
            self._sealed(where, document)
            self._blob(f"{where} document", document.blob_id, disclosure.key_id, document.sha256)
        for decision in disclosure.decisions:
            self._sealed(where, decision)
            self._blob(f"{where} decision", decision.document_blob_id, disclosure.key_id, decision.document_sha256)
        for package in disclosure.packages:
            self._blob(f"{where} package", package.blob_id, disclosure.key_id, package.sha256)
        return self

    def of_record(self, record: CaseRecord) -> ErasureSearch:
        self._key(record.case_number, record.key_id)
        self._sealed(record.case_number, record)
        for line in record.history:
            self.stored[f"{record.case_number} line {line.id}"] = line.uid.encode()
        return self

    def of_file(self, file: PersonFile) -> ErasureSearch:
        """The name, the wrapped key, and the repository's photographs and templates of the person."""
        self._key(file.uid, file.key_id)
        self._sealed(file.uid, file)
        self.plain[f"{file.uid} name"] = str(file.private["name"]).encode()
        if file.gallery_person is not None:
            self._person(file.gallery_person)
        return self

    def _person(self, person: GalleryPerson) -> None:
        self._key(person.person_number, person.key_id)
        self._sealed(person.person_number, person)
        self.plain[f"{person.person_number} name"] = str(person.private["name"]).encode()
        for photo in person.photos:
            self._key(photo.record_number, photo.key_id)
            self._blob(photo.record_number, photo.blob_id, photo.key_id, photo.sha256)
            for template in photo.templates:
                self.stored[f"{photo.record_number} sealed template"] = template.box[:SLICE]
                vector = open_template(photo.key_id, photo.uid, template.algorithm_digest, template.box).vector
                self.plain[f"{photo.record_number} template"] = np.asarray(vector, "<f4").tobytes()[:SLICE]

    def _sealed(self, where: str, row: object) -> None:
        if row.sealed:
            self.stored[f"{where} sealed {row.__tablename__} {row.id}"] = bytes(row.sealed)[:SLICE]

    def _blob(self, where: str, blob_id: str, key_id: str, sha256: str) -> None:
        data = stores().blobs.get(blob_id, key_id, sha256)
        self.plain[f"{where} file {blob_id[:6]}"] = data[200 : 200 + SLICE] or data[:SLICE]
        self.stored[f"{where} encrypted file {blob_id[:6]}"] = _file(settings().blob_dir, blob_id)[:SLICE]

    def _key(self, where: str, key_id: str) -> None:
        self.stored[f"{where} wrapped key"] = _file(settings().key_store_dir, key_id)[-SLICE:]


def _file(base: Path, name: str) -> bytes:
    return (base / name[:2] / name).read_bytes()


def found(needles: dict[str, bytes]) -> dict[str, list[str]]:
    """Map needles to the files that hold them: database and its log, blobs, keys, snapshots, all but case folders."""
    base, cases = settings().data_dir, settings().case_files_dir
    files = [path for path in base.rglob("*") if path.is_file() and not path.is_relative_to(cases)]
    contents = [(path.relative_to(base).as_posix(), path.read_bytes()) for path in files]
    hits = {name: [file for file, content in contents if needle in content] for name, needle in needles.items()}
    return {name: where for name, where in hits.items() if where}


def missing(needles: dict[str, bytes]) -> list[str]:
    """Return needles found nowhere: before a disposal each stored one must be found, or the search proves nothing."""
    db.session.rollback()
    return sorted(set(needles) - set(found(needles)))


def files_named(ids: Iterable[str]) -> list[str]:
    """Files in blob store and key store that still carry one of these ids as their name (tombstones of keys do not)."""
    names = set(ids)
    places = (settings().blob_dir, settings().key_store_dir)
    return [path.name for place in places for path in place.glob("??/*") if path.name.removesuffix(".part") in names]
