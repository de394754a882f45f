"""`flask matching replay`: what was recorded done again, and compared with what was kept (LL55-3, SRC-1)."""

from __future__ import annotations

import click
from sqlalchemy import select

from app.cli.matching import group
from app.domain.identification import search_replays
from app.domain.identification.preparation import all_prepared
from app.domain.identification.recipe_replay import Replayed, replay
from app.domain.identification.search_replays import CannotReplay
from app.extensions import db, settings
from app.matching.index.choice import KINDS
from app.matching.threads import configure_threads
from app.models import DerivedImage, FRRequest, Search, SearchReplay
from app.unit_of_work import unit_of_work

#: how a replay ends that could not be compared, or not wholly
INCOMPLETE = 2


@group.command("replay")
@click.argument("record")
@click.option("--index", "kind", type=click.Choice(KINDS), help="Search with this index instead of the settings'.")
@click.pass_context
def replay_command(context: click.Context, record: str, kind: str | None) -> None:
    """Do again what is recorded under RECORD: a request's number, or the id of one search or prepared image.

    Prepared images are derived anew, searches are run against the repository as of their generation. Ends with 1 when
    something is not the same that should be, with 2 when a record on the list has left the repository or what a replay
    needs is missing.
    """
    images, searches = _recorded(record.strip())
    unsound = sum(not _derive(row) for row in images)
    configure_threads(settings().network_threads)
    ended = [_search(row, kind or "") for row in searches]
    unsound += ended.count(1)
    if unsound:
        raise click.ClickException(f"{unsound} of {len(images) + len(searches)} could not be replayed as recorded.")
    if INCOMPLETE in ended:
        context.exit(INCOMPLETE)


def _recorded(record: str) -> tuple[list[DerivedImage], list[Search]]:
    request = db.session.scalars(select(FRRequest).where(FRRequest.number == record)).one_or_none()
    if request is not None:
        images = all_prepared(request)
        searches = [search for search in request.searches if search.state == "finished"]
        if not images:
            click.echo(f"{request.number} has no prepared image.")
        if not searches:
            click.echo(f"{request.number} has no finished search.")
        return images, searches
    search = db.session.scalars(select(Search).where(Search.uid == record)).one_or_none()
    if search is not None:
        return [], [search]
    row = db.session.scalars(select(DerivedImage).where(DerivedImage.uid == record)).one_or_none()
    if row is None:
        raise click.ClickException(f"There is no request, no search and no prepared image “{record}”.")
    return [row], []


def _derive(row: DerivedImage) -> bool:
    result = replay(row)
    click.echo(f"Prepared image {row.number} of {row.request.number} ({row.uid}): {_words(row, result)}")
    if result.differences:
        click.echo("  The environment differs:")
        for name, (recorded, here) in result.differences.items():
            click.echo(f"    {name}: recorded {recorded}, here {here}")
    return result.sound


def _words(row: DerivedImage, result: Replayed) -> str:
    if result.problem:
        return f"not replayed. {result.problem}"
    if result.identical:
        return f"identical, SHA-256 {result.sha256}"
    if result.largest is None:
        far = "The size differs."
    else:
        far = f"The largest difference of a level is {result.largest} of 255."
    return f"not identical. {far} Recorded SHA-256 {row.sha256}, here {result.sha256}"


def _search(search: Search, kind: str) -> int:
    """Replay one search, record that, and say what came of it; the exit status it asks for."""
    name = f"Search {search.uid} of {search.request.number}"
    found: search_replays.Replayed | CannotReplay
    try:
        found = search_replays.replay(search, kind)
    except CannotReplay as cannot:
        found = cannot
    with unit_of_work():
        row = SearchReplay(search=search)
        db.session.add(row)
        search_replays.keep(row, found)
    if isinstance(found, CannotReplay):
        click.echo(f"{name}: cannot be replayed. {found}")
        return INCOMPLETE
    click.echo(f"{name}: {search_replays.words(found.verdict)}")
    for line in search_replays.lines(search, found):
        click.echo(f"  {line}")
    return 1 if not found.sound else INCOMPLETE if found.missing else 0
