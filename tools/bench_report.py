"""The benchmark's numbers as the tables of docs/performance.md."""

from __future__ import annotations

import os
import platform
from typing import Any

_NAMES = {
    "exact": "`exact` (default)",
    "faiss": "`faiss`",
    "milvus": "`milvus` (Milvus Lite)",
    "numpy": "NumPy, bare",
    "sklearn_cosine": "scikit-learn, cosine",
    "faiss_flat_ip": "FAISS IndexFlatIP",
    "faiss_flat_ip_one_thread": "FAISS IndexFlatIP, one thread",
    "bandwidth_floor": "bandwidth floor",
}


def report(found: dict[str, Any]) -> str:
    """The whole page, in Markdown."""
    search = found["search"]
    parts = [
        "# Performance",
        "",
        "Written by `flask matching bench --write docs/performance.md`; not edited by hand.",
        "",
        f"{found['threads']} threads, {os.cpu_count()} processors ({platform.machine()}), load {found['load']} when "
        "the run began. One probe at a time, a list of 100 people. Vectors are sampled from a Gaussian with the mean "
        f"and the covariances (between people, within a person) of {found['fitted_faces']:,} templates of drawn faces, "
        "two photographs a person; probes are further photographs of people in the gallery. All rows of a table were "
        "measured in turns, so ratios (medians over the searches) hold on other machines, milliseconds do not; p5 is "
        "what a quiet moment gives. The bandwidth floor is the time in which the same threads read the bytes that "
        "`faiss` scans. Bare libraries rank photographs, the indexes people.",
    ]
    for one in search:
        parts += ["", f"## {one['photographs']:,} photographs, {one['people']:,} people", "", *_speed(one), ""]
        parts += _rest(one)
    if "enrolment" in found:
        parts += ["", *enrolment_section(found["enrolment"])]
    return "\n".join(parts) + "\n"


def _speed(one: dict[str, Any]) -> list[str]:
    kinds = list(one["times_of"])
    head = ["| search | p5 ms | p50 ms | p95 ms |", "|---|---|---|---|"]
    for kind in kinds:
        head[0] += f" times {kind} |"
        head[1] += "---|"
    for name, times in one["milliseconds"].items():
        cells = [_NAMES[name], f"{times['p5']:.1f}", f"{times['p50']:.1f}", f"{times['p95']:.1f}"]
        head.append("| " + " | ".join(cells + [f"{one['times_of'][kind][name]:.2f}" for kind in kinds]) + " |")
    return head


def _rest(one: dict[str, Any]) -> list[str]:
    lines = []
    for kind in one["times_of"]:
        measured = one[kind]
        text = f"- `{kind}`: filled in {measured['fill_seconds']} s, {measured['resident_megabytes']:,} MB resident"
        if "bytes_per_photograph" in measured:
            text += f" ({measured['bytes_per_photograph']} bytes a photograph with ids)"
        if "snapshot_load_seconds" in measured:
            text += (
                f"; encrypted snapshot of {measured['snapshot_megabytes']:,} MB written in "
                f"{measured['snapshot_save_seconds']} s, read in {measured['snapshot_load_seconds']} s"
            )
        if "checked" in measured:
            text += (
                f"; {measured['same_list']} of {measured['checked']} lists the same as the oracle's in every place, "
                f"recall {measured['recall']:.4f}"
            )
        lines.append(text + ".")
    return lines


_ENROLMENT = "## Enrolment"


def with_enrolment(page: str, section: str) -> str:
    """A page written before with its section on enrolment, the last one, renewed."""
    return page.split(_ENROLMENT)[0] + section


def enrolment_section(one: dict[str, Any]) -> list[str]:
    """The section on enrolment, line by line."""
    return [
        _ENROLMENT,
        "",
        f"Drawn photographs of {one['photographs']} pixels as JPEG, from the file's bytes to the template: decoded, "
        "the face found, its quality measured, hashed, embedded; keys, files and the database are outside. A worker is "
        f"a process with one thread. Medians of {one['rounds']} turns of each kind, taken in turns; load {one['load']} "
        f"on {os.cpu_count()} processors when they began: the share by processor time holds under load, wall-clock "
        "ratios and the gain of a second worker hold on a quiet machine only.",
        "",
        "| | photographs a second | |",
        "|---|---|---|",
        f"| bare `cv2.dnn` forward of the same two networks | {one['bare_per_second']} | |",
        f"| one worker | {one['per_second']} | {one['share_of_bare']:.0%} of the bare networks; by processor time "
        f"{one['share_of_bare_by_processor_time']:.0%} |",
        f"| two workers | {one['two_workers_per_second']} | {one['two_workers_times_one']} times one |",
        f"| the bare networks in two processes | {one['two_bare_per_second']} | {one['two_bare_times_one']} times one: "
        "what the machine gives |",
    ]
