"""`flask matching change …`: from one face algorithm to another, without a photograph dropping out (FAIR-3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from app.access.actor import Actor, actor_of
from app.access.directory import DirectoryUnavailable, lookup
from app.access.sessions import sync_account
from app.calendar import today
from app.cli.base import Group, Place
from app.cli.gallery import one_line_errors
from app.domain.algorithms import changes, networks
from app.domain.algorithms import registry as algorithms
from app.domain.algorithms.evaluations import keep
from app.domain.algorithms.progress import progress_of
from app.domain.algorithms.upkeep import running
from app.extensions import settings
from app.matching.threads import configure_threads
from app.models import AlgorithmChange
from app.policy import policy
from app.policy.reasons import gives_reason
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work

group = Group("change", help="A change of the face algorithm: embed again, evaluate, cut over, take back.")
by = click.option("--by", "name", required=True, help="Your name in the directory; it must be an administrator's.")
why = click.option("--reason", required=True, help="Why; it is kept, so without names of people in photographs.")


@contextmanager
def _clearly() -> Iterator[None]:
    with one_line_errors():
        try:
            yield
        except Refused as refusal:
            text = refusal.detail or refusal.rule.text
            raise click.ClickException(f"{text} {refusal.unblock} ({refusal.rule_id})") from None
        except DirectoryUnavailable as error:
            raise click.ClickException(str(error)) from None


def _actor(name: str) -> Actor:
    """Whoever runs the command, with the roles the directory gives now (ACC-8)."""
    entry = lookup(name)
    if entry is None or not entry.enabled:
        raise click.ClickException(f"{name} is not in the directory, or is disabled.")
    with unit_of_work():
        account = sync_account(entry)
    return actor_of(account, entry.roles, today())


def _running() -> AlgorithmChange:
    change = running()
    if change is None:
        raise click.ClickException("No change of the algorithm runs; begin one with “flask matching change begin”.")
    return change


def _reason(text: str) -> str:
    if len(text.strip()) > 300 or not gives_reason(policy(), text, 5):
        raise click.ClickException("The reason must have 5 to 300 characters.")
    return text.strip()


@group.command("begin")
@click.argument("model")
@by
def begin(model: str, name: str) -> None:
    """Begin a change to the extractor MODEL of the catalogue. Workers embed the repository in the background."""
    with _clearly():
        actor = _actor(name)
        with unit_of_work():
            change = changes.begin(model, actor)
        click.echo(f"{change.number}: from {change.source_model} to {change.target_model}.")
        click.echo("Workers embed the repository now; “flask matching change status” says how far they are.")


@group.command("status")
def status() -> None:
    """The algorithm in use, and the change that runs. Ends with 1 when the embedding has stopped."""
    with _clearly():
        entry = algorithms.active()
        click.echo(f"In use: {algorithms.active_id()}, {entry.name} {entry.version}, SHA-256 {entry.sha256}")
        change = running()
        if change is None:
            click.echo("No change runs.")
            return
        found = progress_of(change)
        click.echo(f"{change.number}: from {change.source_model} to {change.target_model}, {found.state}")
        for label, count in (("source", found.source), ("target", found.target)):
            click.echo(f"  {label:10} {count:,} of {found.photographs:,} photographs")
        click.echo(f"  {found.pace}")
        for row in found.listed:
            decided = f"left out: {row.reason}" if row.left_out_at else "not decided"
            click.echo(f"  no template of record {row.photo.record_number}: {row.cause} ({decided})")
        measured = f"on the data set {change.evaluated_on}" if change.evaluated_on else "not yet"
        click.echo(f"  evaluated  {measured}")
        if found.stopped:
            raise click.ClickException(f"The embedding has stopped: {found.stopped}")


@group.command("evaluate")
@click.option("--identities", type=Place(), help="CSV, or a folder for each person.")
@click.option("--pairs", type=Place(), help="CSV (file_x, file_y, Decision), instead.")
@click.option("--images", type=Place(), help="Folder of the photographs a CSV names.")
@click.option("--group", "columns", multiple=True, help="A column of the CSV whose values are told apart.")
@click.option("--draws", type=click.IntRange(min=100), default=1000, show_default=True, help="Draws of people.")
@by
def evaluate(
    identities: Path | None, pairs: Path | None, images: Path | None, columns: tuple[str, ...], draws: int, name: str
) -> None:
    """Measure both algorithms on the same labelled photographs; both results are kept and shown side by side."""
    from app.cli import matching_evaluation as evaluation
    from app.cli.evaluation_labels import EvaluationError, reader_of
    from app.matching.evaluation.assessment import Plan

    labels_of = reader_of(identities, pairs)
    columns = tuple(dict.fromkeys(columns))
    configure_threads(settings().network_threads)
    with _clearly():
        actor, change = _actor(name), _running()
        digests = (change.source_digest, change.target_digest)
        try:
            labels = labels_of(images, columns)
            found = []
            for digest in digests:
                network = networks.extractor_of(digest)
                click.echo(f"{network.entry.name} {network.entry.version}")
                measured = evaluation.evaluate_files(
                    labels, Plan(resamples=draws, seed=1), columns, datetime.now(UTC), network
                )
                click.echo("\n".join(evaluation.text_lines(measured.numbers)))
                found.append(measured.numbers)
        except EvaluationError as error:
            raise click.ClickException(str(error)) from None
        _keep(found)
        with unit_of_work():
            changes.evaluated(_running(), actor, *found)
        click.echo("Both are kept beside their algorithms.")


def _keep(found: list[dict[str, Any]]) -> None:
    try:
        for numbers in found:
            keep(numbers)
    except OSError as error:
        raise click.ClickException(f"The numbers cannot be kept in {settings().data_dir}: {error.strerror}.") from None


@group.command("leave-out")
@click.argument("record")
@why
@by
def leave_out(record: str, reason: str, name: str) -> None:
    """Decide that the listed photograph RECORD stays out of searches with that algorithm."""
    with _clearly():
        actor, text = _actor(name), _reason(reason)
        with unit_of_work():
            change = _running()
            rows = changes.listed_photo(change, record)
            if not rows:
                raise click.ClickException(f"Record {record} is not listed, or was decided on.")
            for row in rows:
                changes.leave_out(change, actor, row, text)
        click.echo(f"Record {record} stays in the repository and is in no search with that algorithm.")


@group.command("try-again")
@by
def try_again(name: str) -> None:
    """Have workers try what is listed, or what a stopped worker left, again."""
    with _clearly():
        actor = _actor(name)
        with unit_of_work():
            count = changes.try_again(_running(), actor)
        click.echo(f"{count:,} listed photographs are tried again.")


def _step(verb: str, act: Callable[[AlgorithmChange, Actor, str], object], help_text: str) -> None:
    @group.command(verb, help=help_text)
    @why
    @by
    def step(reason: str, name: str) -> None:
        with _clearly():
            actor, text = _actor(name), _reason(reason)
            with unit_of_work():
                change = _running()
                act(change, actor, text)
            click.echo(f"{change.number}: in use is {algorithms.active_id()}.")


_step("cut-over", changes.cut_over, "Searches that begin from now on use the new algorithm.")
_step("revert", changes.revert, "Take the cut-over back: searches that begin from now on use the former algorithm.")
_step("settle", lambda c, a, r: changes.end(c, "settle", a, r), "The change is final; it cannot be taken back.")
_step("withdraw", lambda c, a, r: changes.end(c, "withdraw", a, r), "Give the change up before its cut-over.")
