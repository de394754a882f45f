"""The demonstration's repository: drawn photographs and a manifest, as `flask gallery import` takes them."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2

from app.policy import policy
from demo.people import demo_person_record, mugshot, mugshot_count, person

#: how many people the gallery holds; the scripted case's person is among them
PEOPLE = 320
QUALITY = 92


def photographs(people: int = PEOPLE) -> Iterator[tuple[int, int]]:
    """(person, photograph) of every picture of the gallery."""
    for seed in range(1, people + 1):
        for number in range(mugshot_count(person(seed))):
            yield seed, number


def file_name(seed: int, number: int) -> str:
    return f"{seed:05d}-{number}.jpg"


def row(seed: int, number: int) -> dict[str, str]:
    """The manifest row of one photograph."""
    record = demo_person_record(person(seed), number)
    values = {
        "record_number": f"{record['record_number']}-{number + 1}",
        "person_number": record["record_number"],
        "file": file_name(seed, number),
        "taken_on": record["arrest_date"],
        "source": record["source"],
        "source_record": f"{record['source'].upper()}-{record['record_number']}-{number + 1}",
        "charge": record["charge"],
        "charged": "yes",
        "jurisdiction": record["jurisdiction"],
        "status": "active",
        "name": record["name"],
        "born_on": record["birth_date"],
        "height_in": str(record["height_in"]),
        "weight_lb": str(record["weight_lb"]),
        "marks": "",
    }
    return {column.name: values[column.name] for column in policy().gallery.columns}


def _draw(job: tuple[int, int, str]) -> None:
    seed, number, path = job
    cv2.setNumThreads(1)
    done, data = cv2.imencode(".jpg", mugshot(person(seed), number), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise OSError(f"the photograph {path} could not be written")
    draft = Path(path).with_suffix(".part")
    draft.write_bytes(data.tobytes())
    draft.rename(path)  # whole or not there: a killed run is taken up again


def draw_gallery(
    directory: Path, people: int = PEOPLE, report: Callable[[int, int], None] = lambda done, of: None
) -> Path:
    """Draw what is not drawn yet and write the manifest; returns the directory. `report(done, of)` as it goes."""
    directory.mkdir(parents=True, exist_ok=True)
    wanted = list(photographs(people))
    missing = [
        (seed, number, str(directory / file_name(seed, number)))
        for seed, number in wanted
        if not (directory / file_name(seed, number)).is_file()
    ]
    if missing:
        with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
            for done, _ in enumerate(pool.map(_draw, missing, chunksize=8), 1):
                if done % 50 == 0 or done == len(missing):
                    report(done, len(missing))
    with (directory / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [column.name for column in policy().gallery.columns])
        writer.writeheader()
        writer.writerows(row(seed, number) for seed, number in wanted)
    return directory
