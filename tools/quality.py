"""`flask matching quality`: labelled photographs made worse, searched, and the table on which the limits rest."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from app.matching.errors import MatchingError


@click.command("quality")
@click.option("--faces", type=click.Path(path_type=Path), required=True, help="Photographs and identities.csv.")
@click.option("--write", type=click.Path(path_type=Path), help="The table as Markdown, instead of on the screen.")
def quality(faces: Path, write: Path | None) -> None:
    """Spoil labelled photographs level by level and measure how often the right person still comes first."""
    from app.cli.evaluation_labels import EvaluationError
    from app.domain.algorithms import networks
    from tools.quality_table import table
    from tools.quality_trial import degradations
    from tools.quality_trials import gallery_of, read_set, run, turned

    try:
        known = read_set(faces)
        gallery = gallery_of(known.photographs)
        on_progress = lambda text: click.echo(text, err=True)  # noqa: E731
        trials = run(known.photographs, gallery, degradations(), on_progress)
        trials += turned(known.photographs, gallery, on_progress)
        text = table(known, trials, networks.extractor().digest, datetime.now(UTC).date())
    except (MatchingError, EvaluationError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename} cannot be read: {error.strerror}.") from None
    if write is None:
        click.echo(text)
        return
    try:
        write.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{write} cannot be written: {error.strerror}.") from None
