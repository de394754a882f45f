"""`flask review proficiency add`: comparisons whose truth is known, for the peers' queues."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import click
import cv2
import numpy as np
from flask.cli import AppGroup

from app.demo.people import mugshot, person, scene
from app.domain import proficiency
from app.domain.proficiency import Given
from app.extensions import stores
from app.imaging import UnusableImage
from app.unit import unit_of_work

group = AppGroup("review", help="Peer review.")
items = AppGroup("proficiency", help="Comparisons whose truth is known.")
group.add_command(items)

COLUMNS = ("probe", "photograph", "same", "probe_taken_on", "photograph_taken_on", "note")
#: drawn people whose numbers no demonstration gallery reaches
FIRST_DRAWN = 1_000_000


@items.command("add")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False)
@click.option("--drawn", type=click.IntRange(1, 100), help="Draw this many comparisons instead, half of one person.")
def add(folder: Path | None, drawn: int | None) -> None:
    """Add the comparisons of FOLDER/items.csv, or drawn ones.

    items.csv has the columns probe, photograph (file names in FOLDER), same (yes or no), and, where known,
    probe_taken_on, photograph_taken_on (YYYY-MM-DD) and note. Use consented photographs of people who are not in the
    repository. The truth is sealed; a worker measures the pictures before anybody is given them.
    """
    if (folder is None) == (drawn is None):
        raise click.ClickException("Give a folder, or --drawn with a number.")
    rows = _drawn(drawn) if drawn else _listed(folder)
    for probe, subject, same, note in rows:
        key = stores().keys.create()
        blobs = proficiency.store(key, (probe, subject))
        with unit_of_work():
            proficiency.add(
                None, key, (probe, blobs[0]), (subject, blobs[1]), same=same,
                source="drawn" if drawn else "consented", note=note,
            )  # fmt: skip
    click.echo(f"{len(rows)} comparisons added; a worker measures them")


def _listed(folder: Path) -> list[tuple[Given, Given, bool, str]]:
    """Every row of items.csv, read whole before anything is stored."""
    listing = folder / "items.csv"
    if not listing.is_file():
        raise click.ClickException(f"{listing} does not exist")
    found = []
    with listing.open(newline="", encoding="utf-8-sig") as lines:
        for number, row in enumerate(csv.DictReader(lines), 2):
            try:
                found.append(_row(folder, row))
            except (KeyError, ValueError, OSError) as error:
                raise click.ClickException(f"{listing}, line {number}: {error}") from None
            except UnusableImage as error:
                raise click.ClickException(f"{listing}, line {number}: {error.message}") from None
    if not found:
        raise click.ClickException(f"{listing} lists no comparison")
    return found


def _row(folder: Path, row: dict[str, str]) -> tuple[Given, Given, bool, str]:
    missing = [name for name in COLUMNS[:3] if not (row.get(name) or "").strip()]
    if missing:
        raise ValueError(f"no value for {', '.join(missing)}")
    same = {"yes": True, "no": False}.get(row["same"].strip().lower())
    if same is None:
        raise ValueError("same is yes or no")
    pictures = []
    for name in ("probe", "photograph"):
        path = (folder / row[name].strip()).resolve()
        if path.parent != folder.resolve():
            raise ValueError(f"{row[name]} is not a file of the folder itself")
        day = (row.get(f"{name}_taken_on") or "").strip()
        pictures.append(proficiency.given(path.read_bytes(), date.fromisoformat(day) if day else None))
    return pictures[0], pictures[1], same, (row.get("note") or "").strip()


def _drawn(wanted: int) -> list[tuple[Given, Given, bool, str]]:
    """Drawn scenes and arrest photographs: every other one of one person; whose was drawn before is not drawn again."""
    first = FIRST_DRAWN + 2 * proficiency.count()
    found = []
    for number in range(wanted):
        seed, same = first + 2 * number, number % 2 == 0
        other = seed if same else seed + 1
        probe = _encoded(scene(person(seed), 1))
        found.append((proficiency.given(probe), proficiency.given(_encoded(mugshot(person(other), 0))), same, ""))
    return found


def _encoded(picture: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
