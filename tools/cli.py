"""The commands of this package, `flask matching bench`, `quality` and `same-photographs`, in the portal's own group.

The entry point `matching` of the group flask.commands gives the portal's group with these added, so that the names
are the same wherever the package is installed, and casework does without it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from app.cli import groups
from app.cli.matching import group as matching
from app.matching.errors import MatchingError
from app.matching.index.choice import KINDS
from app.matching.threads import configure_threads
from tools.quality import quality
from tools.same_photographs import same_photographs

#: photographs in the measured galleries
SIZES = (10_000, 100_000)


@click.command("bench")
@click.option("--json", "as_json", is_flag=True, help="Numbers for programs.")
@click.option("--size", "sizes", type=click.IntRange(min=1000), multiple=True, default=SIZES, show_default=True)
@click.option("--index", "kinds", type=click.Choice(KINDS), multiple=True, default=KINDS, show_default=True)
@click.option("--searches", type=click.IntRange(min=1), default=15, show_default=True, help="Searches per measurement.")
@click.option(
    "--check",
    "checked",
    type=click.IntRange(min=0),
    default=0,
    help="Lists compared with the oracle's; a tenth of it beyond 2,000,000.",
)
@click.option("--threads", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default="all")
@click.option("--enrolment", "enrolment_only", is_flag=True, help="Enrolment alone; --write then renews its section.")
@click.option("--write", "path", type=click.Path(path_type=Path, dir_okay=False), help="Write the tables to this file.")
def bench_command(
    as_json: bool,
    sizes: tuple[int, ...],
    kinds: tuple[str, ...],
    searches: int,
    checked: int,
    threads: int,
    enrolment_only: bool,
    path: Path | None,
) -> None:
    """Search and enrolment speed on this machine, each beside the bare libraries in the same run.

    The first run draws 5,200 faces, to sample galleries that look like real ones: half an hour, once.
    """
    from tools.bench import bench, enrolment
    from tools.bench_report import enrolment_section, report, with_enrolment

    configure_threads(threads)
    try:
        if enrolment_only:
            found = enrolment()
            text = "\n".join(enrolment_section(found["enrolment"])) + "\n"
            page = with_enrolment(path.read_text(), text) if path is not None else ""
        else:
            found = bench(
                sizes,
                kinds=kinds,
                searches=searches,
                checked=checked,
                threads=threads,
                on_progress=lambda text: click.echo(text, err=True),
            )
            text = page = report(found)
        if path is not None:
            path.write_text(page)
    except (MatchingError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}.") from None
    click.echo(json.dumps(found, indent=2) if as_json else text)


groups()  # the portal's group is complete before commands are added to it
matching.add_command(bench_command)
matching.add_command(quality)
matching.add_command(same_photographs)
