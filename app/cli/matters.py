"""`flask matters propose`: compares requests that are already filed, and proposes what may be one matter."""

from __future__ import annotations

import click
from sqlalchemy import select

from app.cli.base import Group
from app.cli.gallery import one_line_errors, progress
from app.domain.matters import proposals
from app.domain.matters.comparison import evidence_for, window
from app.extensions import db
from app.models.requests import FRRequest
from app.unit_of_work import unit_of_work

group = Group("matters", help="Numbers of one matter.")


@group.command("propose")
def propose() -> None:
    """Compare the requests of the days of the rule with one another; links nothing. Can be stopped and run again.

    What people declined is not proposed again on the same evidence.
    """
    made = 0
    with one_line_errors():
        opened = window()
        names = sorted(one.request for one in opened)
        with progress(len(names), "Requests") as update:
            for done, name in enumerate(names, 1):
                request = db.session.scalars(select(FRRequest).where(FRRequest.number == name)).one()
                if found := evidence_for(request, opened):
                    with unit_of_work():
                        made += proposals.propose(request, found)
                db.session.expunge_all()
                update(done, f"{made:,} proposed")
    click.echo(
        f"{len(names):,} requests compared; {made:,} {'proposal' if made == 1 else 'proposals'} made or added to."
    )
