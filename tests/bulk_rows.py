"""Bulk rows written past the program, so that its lists are as after years of use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Table, event, insert

from app.calendar import today
from app.extensions import db
from app.models.base import now
from app.policy import policy
from tests.sql_statements import recorded

#: what every third record stands as, and the day where there is one
STANDING = (("disposable", date(2016, 3, 2)), ("upcoming", date(2099, 1, 1)), ("unclassified", None))


class Crowd:
    """Adds rows by the hundred; `people` are ids of accounts: an investigator, an examiner, a supervisor."""

    def __init__(self, requester: int, examiner: int, supervisor: int) -> None:
        self.requester, self.examiner, self.supervisor = requester, examiner, supervisor
        self.given: dict[str, int] = {}

    def _add(self, table: str, rows: list[dict[str, Any]], *, start: int = 100_000) -> list[int]:
        """Insert rows with new ids; returns the ids."""
        known: Table = db.metadata.tables[table]
        first = self.given.get(table, start)
        self.given[table] = first + len(rows)
        made = []
        for key, row in enumerate(rows, first):
            common = {"id": key, "uid": f"{table[:12]}-{key}", "created_at": now(), "state_since": now(), "version": 1}
            made.append({**{name: value for name, value in common.items() if name in known.c}, **row})
        with db.engine.begin() as connection:
            connection.info["recorded"] = 1
            connection.execute(insert(known), made)
        return [row["id"] for row in made]

    def records(self, count: int) -> None:
        """Case records with their history and standing, and a person file with every tenth."""
        begun = self.given.get("case_record", 0)
        numbers = [f"2020-001-{begun + n:06}" for n in range(count)]
        ids = self._add(
            "case_record",
            [
                {
                    "case_number": number,
                    "key_id": "k",
                    "policy_version": "p",
                    "state": "classified",
                    "classes": ["violation"],
                    "proposed": ["violation"],
                    "history_seen": 1,
                    "classified_at": now(),
                    "classified_by_id": self.supervisor,
                }
                for number in numbers
            ],
        )
        self._add(
            "case_history",
            [
                {
                    "case_record_id": key,
                    "kind": "closed",
                    "happened_on": date(2015, 3, 2),
                    "value": "settled",
                    "recorded_by_id": self.supervisor,
                }
                for key in ids
            ],
        )
        files = self._add("person_file", [{"key_id": "k"} for _ in ids[::10]])
        self._add(
            "case_person",
            [
                {
                    "case_record_id": key,
                    "person_file_id": file,
                    "role": "victim",
                    "child_victim": False,
                    "juvenile": False,
                }
                for key, file in zip(ids[::10], files, strict=True)
            ],
        )
        kept = [("case_record_id", key) for key in ids] + [("person_file_id", key) for key in files]
        self._add(
            "stored_standing",
            [
                {
                    "case_record_id": None,
                    "person_file_id": None,
                    column: key,
                    "status": STANDING[n % 3][0],
                    "earliest": STANDING[n % 3][1],
                    "rule": "violation",
                    "policy_version": policy().version,
                    "calculated_on": today(),
                }
                for n, (column, key) in enumerate(kept)
            ],
        )

    def requests(self, state: str, count: int, **more: Any) -> list[int]:
        """Requests in a state, each with a face, a finished search, a round and its steps."""
        begun, submitted = self.given.get("fr_request", 0), now() - timedelta(days=3)
        ids = self._add(
            "fr_request",
            [
                {
                    "number": f"FR-2020-{begun + n:06}",
                    "key_id": "k",
                    "policy_version": "p",
                    "case_number": f"OLD-{begun + n}",
                    "requester_id": self.requester,
                    "command": "",
                    "use_id": "USE-1",
                    "priority": "other",
                    "political": False,
                    "discussing_supervisor_id": self.supervisor,
                    "submitted_at": submitted,
                    "submission": 1,
                    "state": state,
                    "state_since": now() - timedelta(minutes=n),
                    "examiner_id": self.examiner,
                    **more,
                }
                for n in range(count)
            ],
        )
        images = self._add(
            "probe_image",
            [
                {
                    "request_id": key,
                    "submission": 1,
                    "state": "no_face",
                    "media_type": "image/png",
                    "width": 9,
                    "height": 9,
                    "size": 9,
                    "sha256": f"sha-{key}",
                    "blob_id": f"b-{key}",
                }
                for key in ids
            ],
        )
        faces = self._add(
            "detected_face",
            [
                {
                    "image_id": key,
                    "position": 1,
                    "box": [],
                    "points": [],
                    "detector_score": 1.0,
                    "inter_eye": 9.0,
                    "quality": {},
                }
                for key in images
            ],
        )
        searches = self._add(
            "search",
            [
                {
                    "request_id": key,
                    "submission": 1,
                    "image_id": image,
                    "face_id": face,
                    "examiner_id": self.examiner,
                    "suitability": "ok",
                    "state": "finished",
                    "probe_sha256": "s",
                    "algorithm": "drawn",
                    "algorithm_digest": "a",
                    "gallery_generation": 1,
                    "order_seed": 1,
                    "finished_at": submitted,
                    "parameters": {},
                }
                for key, image, face in zip(ids, images, faces, strict=True)
            ],
        )
        self._add(
            "examination_round",
            [
                {"request_id": key, "search_id": search, "number": 1, "examiner_id": self.examiner}
                for key, search in zip(ids, searches, strict=True)
            ],
        )
        way = (
            ("submit", "draft", "submitted", 0),
            ("accept", "submitted", "documented", 2),
            ("approve", "documented", "approved", 5),
            ("deliver_report", "approved", "reported", 7),
        )
        self._add(
            "transition",
            [
                {
                    "subject_type": "request",
                    "subject_id": key,
                    "verb": verb,
                    "rule": "WF",
                    "source": source,
                    "target": target,
                    "policy_version": "p",
                    "created_at": submitted + timedelta(hours=hours),
                }
                for key in ids
                for verb, source, target, hours in way
            ],
        )
        self.jobs("match_report", [f"FR-2020-{begun + n:06}" for n in range(count)])
        return ids

    def jobs(self, kind: str, subjects: list[str], *, finished: Any = None, state: str = "done") -> None:
        """Jobs at their end, one of each subject."""
        ended = finished or now()
        begun = self.given.get("job", 0)
        self._add(
            "job",
            [
                {
                    "kind": kind,
                    "queue": "documents",
                    "subject_id": subject,
                    "once": f"crowd:{begun + n}",
                    "state": state,
                    "attempts": 1,
                    "not_before": ended,
                    "finished_at": ended,
                    "created_at": ended,
                    "progress": {},
                }
                for n, subject in enumerate(subjects)
            ],
        )

    def disclosures(self, state: str, count: int, case_number: str = "OLD-1") -> None:
        """Disclosures asked for by the investigator, submitted by them; those released have a package."""
        begun = self.given.get("disclosure", 0)
        ids = self._add(
            "disclosure",
            [
                {
                    "number": f"D-2020-{begun + n:06}",
                    "key_id": "k",
                    "policy_version": "p",
                    "case_number": case_number,
                    "asked_by_id": self.requester,
                    "recipient_kind": "court",
                    "basis": "D2",
                    "purpose": "p",
                    "immigration": False,
                    "submission": 1,
                    "submitted_at": now(),
                    "release_by": date(2099, 1, 1),
                    "state": state,
                }
                for n in range(count)
            ],
        )
        self._add(
            "transition",
            [
                {
                    "subject_type": "disclosure",
                    "subject_id": key,
                    "verb": "submit",
                    "rule": "WF",
                    "source": "draft",
                    "target": "submitted",
                    "policy_version": "p",
                    "actor_id": self.requester,
                }
                for key in ids
            ],
        )
        if state == "released":
            self._add(
                "disclosure_package",
                [
                    {
                        "disclosure_id": key,
                        "number": 1,
                        "released_by_id": self.requester,
                        "blob_id": "b",
                        "sha256": "s",
                        "size": 1,
                        "sums_sha256": "s",
                        "built_at": now(),
                        "expires_at": now() + timedelta(days=1),
                    }
                    for key in ids
                ],
            )


class Asked:
    """The load of a page on the database: its statements, and how many rows became objects."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, Any]] = []
        self.rows = 0


@contextmanager
def asked() -> Iterator[Asked]:
    """Count statements and loaded rows of what runs inside."""
    found = Asked()

    def loaded(_row: Any, _context: Any) -> None:
        found.rows += 1

    event.listen(db.Model, "load", loaded, propagate=True)
    try:
        with recorded() as statements:
            yield found
        found.statements = [one for one in statements if not one[0].startswith(("BEGIN", "PRAGMA", "INSERT", "UPDATE"))]
    finally:
        event.remove(db.Model, "load", loaded)


def plans(statements: list[tuple[str, Any]]) -> list[tuple[str, list[str]]]:
    """(statement, lines of its plan) of everything that was asked."""
    found = []
    with db.engine.connect() as connection:
        for statement, values in statements:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            found.append((statement, [row[3] for row in rows]))
    return found
