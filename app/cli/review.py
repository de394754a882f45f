"""`flask review proficiency add`: comparisons whose truth is known, for the peers' queues."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import click

from app.cli.base import Group, Place
from app.domain.peers import proficiency
from app.domain.peers.proficiency import ItemPicture
from app.extensions import stores
from app.imaging import UnusableImage
from app.unit_of_work import unit_of_work

group = Group("review", help="Peer review.")
items = Group("proficiency", help="Comparisons whose truth is known.")
group.add_command(items)

REQUIRED = ("probe", "photograph", "same", "photograph_taken_on")
Comparison = tuple[ItemPicture, ItemPicture, bool, str]

#: draws comparisons; the demonstration package puts its own in when it is installed
draw: Callable[[int], list[Comparison]] | None = None


@items.command("add")
@click.argument("folder", type=Place(exists=True, file_okay=False), required=False)
@click.option("--drawn", type=click.IntRange(1, 100), help="Draw this many comparisons instead, half of one person.")
def add(folder: Path | None, drawn: int | None) -> None:
    """Add the comparisons of FOLDER/items.csv, or drawn ones.

    items.csv has the columns probe, photograph (file names in FOLDER), same (yes or no), photograph_taken_on
    (YYYY-MM-DD; a photograph without a day would stand out), and, where known, probe_taken_on and note. Use consented
    photographs of people who are not in the repository, taken as arrest photographs are. The truth is sealed; a worker
    measures the pictures before anybody is given them.
    """
    if (folder is None) == (drawn is None):
        raise click.ClickException("Give a folder, or --drawn with a number.")
    if drawn and draw is None:
        raise click.ClickException("Comparisons are drawn by the demonstration package, which is not installed here.")
    rows = draw(drawn) if draw and drawn else _listed(folder)
    for probe, subject, same, note in rows:
        key = stores().keys.create()
        blobs = proficiency.store(key, (probe, subject))
        with unit_of_work():
            proficiency.add(
                None,
                key,
                (probe, blobs[0]),
                (subject, blobs[1]),
                same=same,
                source="drawn" if drawn else "consented",
                note=note,
            )
    click.echo(f"{len(rows)} comparisons added; a worker measures them")


def _listed(folder: Path | None) -> list[Comparison]:
    """Every row of items.csv, read whole before anything is stored."""
    assert folder is not None
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


def _row(folder: Path, row: dict[str, str]) -> Comparison:
    missing = [name for name in REQUIRED if not (row.get(name) or "").strip()]
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
