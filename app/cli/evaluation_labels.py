"""The labels of the department's photographs: who is on them, or which pairs show one person, and other columns."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from click import ClickException

from app.clauses import enforces
from app.domain.gallery.intake_manifest import file_below

SAME = {"yes": True, "no": False}
#: A column with more values says who somebody is, not what group they belong to, and has no place in the registry.
MOST_GROUPS = 50


class EvaluationError(Exception):
    """Raised when the photographs cannot be evaluated; the message is one clear line."""


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """A labelled photograph: its name in the labels, its path, the person on it, its value in each chosen column."""

    name: str
    path: Path
    person: str
    groups: dict[str, str]


@dataclass(frozen=True, slots=True)
class Labels:
    """All photographs and any listed pairs: the numbers of both, and the pair's value in each column."""

    files: list[LabelledFile]
    pairs: list[tuple[int, int]] | None = None
    pair_values: dict[str, list[str]] | None = None


def reader_of(identities: Path | None, pairs: Path | None) -> Callable[[Path | None, Sequence[str]], Labels]:
    """Return the reader of the one label source given. Raises ClickException for none or both."""
    if identities is not None and pairs is None:
        return partial(from_identities, identities)
    if pairs is not None and identities is None:
        return partial(from_pairs, pairs)
    raise ClickException("Give either --identities or --pairs.")


def from_identities(source: Path, images: Path | None, columns: Sequence[str]) -> Labels:
    """Labels from a CSV (file, identity, further columns), or from a folder with one folder for each person.

    Raises EvaluationError.
    """
    if source.is_dir():
        if columns:
            raise EvaluationError(f"{source} is a folder and has no column {columns[0]}; supply a CSV for groups.")
        found = [
            LabelledFile(path.relative_to(source).as_posix(), path, path.parent.name, {})
            for path in sorted(source.glob("*/*"))
            if path.is_file() and not path.name.startswith(".")
        ]
        if not found:
            raise EvaluationError(f"{source} holds no folder of photographs for any person.")
        return Labels(found)
    rows = _rows(source, ("file", "identity"), columns)
    folder = _folder(images)
    [(name, times)] = Counter(row["file"] for row in rows).most_common(1)
    if times > 1:
        raise EvaluationError(f"{source} lists {name} twice.")
    return Labels(
        [
            LabelledFile(row["file"], _photograph(folder, row["file"]), row["identity"], {c: row[c] for c in columns})
            for row in rows
        ]
    )


def from_pairs(source: Path, images: Path | None, columns: Sequence[str]) -> Labels:
    """Labels from a CSV (file_x, file_y, Decision: Yes for one person, No for two; further columns are of the pair).

    Photographs joined by Yes, directly or through others, are one person; one that no Yes names is a person of its own.
    Raises EvaluationError, also when a No contradicts that.
    """
    rows = _rows(source, ("file_x", "file_y", "decision"), columns)
    folder = _folder(images)
    names = list(dict.fromkeys(row[side] for row in rows for side in ("file_x", "file_y")))
    number = {name: i for i, name in enumerate(names)}
    pairs, same = [], []
    for row in rows:
        decision = SAME.get(row["decision"].lower())
        if decision is None:
            raise EvaluationError(f"{source}: “{row['decision'][:20]}” is neither Yes nor No.")
        pairs.append((number[row["file_x"]], number[row["file_y"]]))
        same.append(decision)
    if any(one == other for one, other in pairs) or len({frozenset(pair) for pair in pairs}) != len(pairs):
        raise EvaluationError(f"{source} lists a pair twice, or a photograph with itself.")
    people = _closure(len(names), [pair for pair, yes in zip(pairs, same, strict=True) if yes])
    for (one, other), yes in zip(pairs, same, strict=True):
        if not yes and people[one] == people[other]:
            raise EvaluationError(f"{source} says No of {names[one]} and {names[other]}, but joins both by Yes.")
    files = [LabelledFile(name, _photograph(folder, name), str(people[i]), {}) for i, name in enumerate(names)]
    return Labels(files, pairs, {column: [row[column] for row in rows] for column in columns})


def _closure(count: int, joined: list[tuple[int, int]]) -> list[int]:
    """The least photograph number of the group each photograph belongs to."""
    root = list(range(count))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for one, other in joined:
        low, high = sorted((find(one), find(other)))
        root[high] = low
    return [find(i) for i in range(count)]


@enforces("CAP-8")
def _rows(path: Path, needed: tuple[str, ...], columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows with the needed columns (in any case) and the asked-for ones; others are dropped.

    A group comes only from a column that is there: one that is not is an error, never an estimate.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            place = {name: [h.lower() for h in header].index(name) for name in needed if name in map(str.lower, header)}
            if len(place) < len(needed):
                raise EvaluationError(f"{path} must have the columns {', '.join(needed[:-1])} and {needed[-1]}.")
            for column in columns:
                if column not in header or column.lower() in needed:
                    raise EvaluationError(
                        f"{path} has no column {column} for groups, and none is ever estimated (CAP-8)."
                    )
                place[column] = header.index(column)
            rows = []
            for fields in reader:
                if any(field.strip() for field in fields):
                    row = {name: fields[i].strip() if i < len(fields) else "" for name, i in place.items()}
                    if not all(row[name] for name in needed):
                        raise EvaluationError(f"{path}, line {reader.line_num}: {', '.join(needed)} must all be given.")
                    rows.append(row)
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error):
        raise EvaluationError(f"{path} is not UTF-8 CSV.") from None
    if not rows:
        raise EvaluationError(f"{path} has no rows below its column names.")
    for column in columns:
        values = {row[column] for row in rows} - {""}
        if not values:
            raise EvaluationError(f"{path} says nothing in its column {column}.")
        if len(values) > MOST_GROUPS:
            raise EvaluationError(
                f"{path} tells {len(values)} groups apart in {column}; at most {MOST_GROUPS} are groups."
            )
    return rows


def _folder(images: Path | None) -> Path:
    if images is None:
        raise EvaluationError("Name the folder of the photographs with --images.")
    return images


def _photograph(folder: Path, name: str) -> Path:
    path = file_below(folder, name)
    if path is None:
        raise EvaluationError(f"There is no photograph {name} in {folder}.")
    return path


def data_digest(files: Sequence[LabelledFile], digests: Sequence[str], labels: Labels) -> str:
    """Hex SHA-256 over the sorted file digests with what was said of each; names of files do not count."""
    if labels.pairs is None:
        lines = [
            f"{digest} {file.person} {sorted(file.groups.items())}" for file, digest in zip(files, digests, strict=True)
        ]
    else:
        said = labels.pair_values or {}
        lines = [
            f"{min(digests[a], digests[b])} {max(digests[a], digests[b])} {files[a].person == files[b].person} "
            f"{sorted((column, values[i]) for column, values in said.items())}"
            for i, (a, b) in enumerate(labels.pairs)
        ]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
