"""The extract of a source system that a second person brings: what it says, by record number (CAP-3)."""

from __future__ import annotations

import csv
import io

from app.domain.gallery.intake_manifest import IntakeError
from app.policy import policy


def read_extract(data: bytes, name: str) -> dict[str, dict[str, str]]:
    """Read a CSV file. Raises IntakeError with what is wrong with the file of this name."""
    wanted = ("record_number", *policy().gallery.sample.columns)
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        if missing := [column for column in wanted if column not in (reader.fieldnames or ())]:
            raise IntakeError(f"{name} lacks the column {', '.join(missing)}.")
        rows = list(reader)
    except UnicodeDecodeError:
        raise IntakeError(f"{name} is not UTF-8 text. Save it as “CSV UTF-8”.") from None
    except csv.Error as error:
        raise IntakeError(f"{name} is not CSV: {error}.") from None
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        number = str(row["record_number"] or "").strip()
        if number in found:
            raise IntakeError(f"{name} has the record number {number} twice.")
        found[number] = {column: row[column] or "" for column in wanted}
    return found
