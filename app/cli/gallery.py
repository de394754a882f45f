"""`flask gallery status|held|decide|remove|reindex|measure`: the repository; imports are in gallery_import.py."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.calendar import day_of
from app.cli.base import Group
from app.cli.tables import show
from app.domain.gallery import verbs as gallery
from app.domain.gallery.intake_holds import decide
from app.domain.gallery.intake_manifest import IntakeError
from app.domain.gallery.intake_reindex import missing_templates, reindex
from app.domain.gallery.intake_sources import Refusal
from app.domain.gallery.photograph_quality import measure_photographs, unmeasured
from app.domain.gallery.repository_index import generation
from app.domain.gallery.resemblance import hash_photographs, hash_probes, unhashed_photographs, unhashed_probes
from app.domain.sealing.copies import take_out
from app.extensions import db
from app.matching.errors import MatchingError
from app.models import GalleryHold, GalleryPerson, GalleryPhoto, ProbeImage, Template
from app.policy import policy
from app.policy.reasons import gives_reason
from app.storage import StorageError
from app.unit_of_work import Conflict, unit_of_work

group = Group("gallery", help="The repository of arrest and parole photographs.")
Update = Callable[[int, str], None]
#: between two plain lines of progress
PLAIN_SECONDS = 2.0


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn expected errors into one line on standard error and an exit status of 1."""
    try:
        yield
    except (IntakeError, MatchingError, StorageError) as error:
        raise click.ClickException(str(error)) from None
    except Conflict as error:
        raise click.ClickException(f"Nothing was done: {error}.") from None
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise click.ClickException(f"The database cannot be used: {cause}.") from None
    except KeyboardInterrupt:
        raise click.ClickException("Stopped. What was reported as written stays; run it again to go on.") from None


@contextmanager
def progress(total: int, what: str, *, resumed: bool = False) -> Iterator[Update]:
    """Yield update(done, text), which draws a bar on a terminal and prints plain lines elsewhere.

    Both say how many a second and the time left.

    resumed: the first update says where the run begins; what was done before does not count for its speed. Plain
    lines are some seconds apart; the last one is always written.
    """
    console = Console()
    speed = _Speed(total, None if resumed else 0)
    if console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[said]}"),
        )
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(what, total=total, said="")
            yield lambda done, text: bar.update(task, completed=done, said=f"{speed.said(done)}  {text}")
        return
    last, unsaid = float("-inf"), ""

    def update(done: int, text: str) -> None:
        nonlocal last, unsaid
        unsaid = f"{what}: {done:,} of {total:,}, {speed.said(done)}. {text}"
        if time.monotonic() - last >= PLAIN_SECONDS:
            click.echo(unsaid)
            last, unsaid = time.monotonic(), ""

    yield update
    if unsaid:
        click.echo(unsaid)


class _Speed:
    """The speed of a run. before: what was done when it began; None: the first update says so."""

    def __init__(self, total: int, before: int | None) -> None:
        self.total, self.before, self.began = total, before, time.monotonic()

    def said(self, done: int) -> str:
        if self.before is None:
            self.before = done
        rate = (done - self.before) / max(time.monotonic() - self.began, 1e-6)
        left = f", {_duration((self.total - done) / rate)} left" if rate > 0 and done < self.total else ""
        return f"{rate:.1f}/s{left}"


def _duration(seconds: float) -> str:
    """Return a duration in words: 40 s, 12 min, 3 h 05 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


@group.command("status")
def status() -> None:
    """People, photographs, templates of each algorithm, generation, held photographs."""
    with one_line_errors():
        here = GalleryPhoto.removed_at.is_(None)
        photos = db.session.scalar(select(func.count()).select_from(GalleryPhoto).where(here))
        people = db.session.scalar(select(func.count(func.distinct(GalleryPhoto.person_id))).where(here))
        left = db.session.scalar(select(func.count()).select_from(GalleryPhoto).where(~here))
        held = db.session.scalar(select(func.count()).select_from(GalleryHold).where(GalleryHold.decision.is_(None)))
        templates = db.session.execute(
            select(Template.algorithm_digest, func.count()).group_by(Template.algorithm_digest)
        ).all()
        counts = {"people": people, "photographs": photos, "left": left, "held": held, "generation": generation()}
        show(
            [
                *((name, f"{count:,}") for name, count in counts.items()),
                *(("templates", f"{count:,} of the algorithm {digest}") for digest, count in templates),
            ]
        )


@group.command("held")
def held() -> None:
    """The photographs that wait for a person's decision, and the probe or record each looks like. Shows no face."""
    with one_line_errors():
        rows = db.session.execute(
            select(GalleryHold, ProbeImage, GalleryPhoto)
            .outerjoin(ProbeImage, GalleryHold.probe_image_id == ProbeImage.id)
            .outerjoin(GalleryPhoto, GalleryHold.photo_id == GalleryPhoto.id)
            .where(GalleryHold.decision.is_(None))
            .order_by(GalleryHold.id)
        ).all()
        lines = []
        for hold, probe, photo in rows:
            like = (
                f"looks like image {probe.uid} of {probe.request.number}"
                if probe is not None
                else f"the picture of record {photo.record_number}, of another person"
                if photo is not None
                else "what it looked like was disposed of"
            )
            held_at = f"held {hold.created_at:%Y-%m-%d %H:%M} UTC"
            lines.append((hold.uid, f"record {hold.record_number}", held_at, like))
        show(lines)
        if not rows:
            click.echo("No photograph is held.")


@group.command("decide")
@click.argument("uid")
@click.option("--admit/--refuse", "admitted", default=None, help="It is lawfully the record's, or it is a probe.")
@click.option("--reason", required=True, help="Why; without names, for it is kept when the photograph is not.")
def decide_command(uid: str, admitted: bool | None, reason: str) -> None:
    """Decide on the held photograph UID. Admitted, it enters only if every other rule still lets it."""
    if admitted is None:
        raise click.ClickException("Say --admit or --refuse.")
    reason = reason.strip()
    if len(reason) > 300 or not gives_reason(policy(), reason, 5):
        raise click.ClickException("The reason must have 5 to 300 characters.")
    with one_line_errors():
        hold = db.session.scalars(select(GalleryHold).where(GalleryHold.uid == uid)).one_or_none()
        if hold is None:
            raise click.ClickException(f"No photograph is held as {uid}.")
        if hold.decision is not None:
            raise click.ClickException(f"This photograph was {hold.decision} already.")
        record = hold.record_number
        refusal = decide(hold, admitted, reason)
    if isinstance(refusal, Refusal):
        raise click.ClickException(f"Record {record} stays held: {refusal.reason} ({', '.join(refusal.rules)})")
    click.echo(f"Record {record} {'entered the repository' if admitted else 'does not enter; its file is erased'}.")


@group.command("remove")
@click.argument("record")
@click.option("--reason", required=True, help="sealed, expunged, voided, dismissed or ineligible.")
def remove(record: str, reason: str) -> None:
    """Take the photograph RECORD out of the repository at once (CAP-3): no search sees it from now on."""
    reasons = gallery.removal_reasons()
    if reason not in reasons:
        raise click.ClickException(f"“{reason}” is no reason to remove a record; known are {', '.join(reasons)}.")
    with one_line_errors():
        photo = db.session.scalars(select(GalleryPhoto).where(GalleryPhoto.record_number == record)).one_or_none()
        if photo is None:
            raise click.ClickException(f"There is no record {record} in the repository.")
        if photo.removed_at is None:
            with unit_of_work():
                now_at = take_out([photo], reason)
            click.echo(f"Record {record} left the repository; generation {now_at}.")
        else:
            click.echo(f"Record {record} left the repository on {day_of(photo.removed_at)}.")
        gallery.finish_erasures()
        remaining = db.session.scalar(
            select(func.count())
            .select_from(GalleryPhoto)
            .join(GalleryPerson)
            .where(GalleryPerson.id == photo.person_id, GalleryPhoto.removed_at.is_(None))
        )
    click.echo(
        "Its file and template are destroyed."
        if remaining
        else "Its file and template are destroyed, and with this last photograph the person's key."
    )


@group.command("reindex")
def reindex_command() -> None:
    """Compute the templates that are missing for the algorithm in use. Can be stopped and run again."""
    with one_line_errors():
        gallery.finish_erasures()
        missing = missing_templates()
        if not missing:
            click.echo("Every photograph has a template of the algorithm in use.")
            return
        with progress(len(missing), "Templates") as update:
            result = reindex(missing, update)
    click.echo(f"{result.done:,} templates computed.")
    if result.failed:
        named = ", ".join(list(result.failed)[:10])
        raise click.ClickException(f"{len(result.failed):,} photographs have none, no search finds them: {named}.")


@group.command("measure")
def measure_command() -> None:
    """Measure the quality of photographs that have none, or one of older formulas. Can be stopped and run again."""
    with one_line_errors():
        missing = unmeasured()
        if not missing:
            click.echo("The quality of every photograph is kept.")
            return
        with progress(len(missing), "Quality") as update:
            result = measure_photographs(missing, update)
    click.echo(f"{result.done:,} photographs measured.")
    if result.failed:
        named = ", ".join(result.failed[:10])
        raise click.ClickException(f"{len(result.failed):,} photographs cannot be measured: {named}.")


@group.command("hash-faces")
def hash_faces() -> None:
    """Hash the faces of what came before hashes were kept: edited copies are found by them. Can be run again."""
    failed: list[str] = []
    with one_line_errors():
        for missing, work, what in (
            (unhashed_probes(), hash_probes, "Probes"),
            (unhashed_photographs(), hash_photographs, "Photographs"),
        ):
            if not missing:
                click.echo(f"{what}: every face is hashed.")
                continue
            with progress(len(missing), what) as update:
                result = work(missing, update)
            click.echo(f"{what}: {result.done:,} hashed.")
            failed += result.failed
    if failed:
        raise click.ClickException(f"{len(failed):,} pictures cannot be used: {', '.join(failed[:10])}.")
