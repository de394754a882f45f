"""What a form creates is made once: the page's attempt token and what was typed name the row before it is made.

A page with a creating form carries a token of its own (`form_tag` and `post_button` with `creates=true`). The same form
sent again, twice pressed or at the same moment, finds the row of the first; other words in it make another row.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from flask import request
from sqlalchemy import select

from app.access.actor import current_actor
from app.extensions import db
from app.models.base import Model, named

Row = TypeVar("Row", bound=Model)
TOKEN = re.compile("[0-9a-f]{32}")
#: what a form says beside its words: a page loaded anew has others
BESIDE = frozenset({"csrf_token", "password"})


@dataclass(slots=True)
class Making(Generic[Row]):
    """What a form creates: a row of this table, and the row once it stands."""

    model: type[Row]
    rows: list[Row] = field(default_factory=list)
    #: whether the row stood already
    known: bool = False

    @property
    def row(self) -> Row:
        """The row that the form made, now or when it was sent first."""
        return self.rows[0]

    def make(self, act: Callable[[], object]) -> None:
        """Do what makes the row, unless the same form has made it. Needs an open unit of work."""
        uid = attempt_uid()
        with named(self.model, uid) as made:
            known = db.session.scalars(select(self.model).where(self.model.uid == uid)).one_or_none() if uid else None
            if known is None:
                act()
            self.rows[:], self.known = (made, False) if known is None else ([known], True)


def attempt_uid() -> str | None:
    """Return the public id of what the posted form makes; None for a form without a token.

    It is this person's, this address's and these words': nobody reaches what another made with the same token.
    """
    token = request.form.get("once", "")
    if not TOKEN.fullmatch(token):
        return None
    typed = sorted((name, text) for name, text in request.form.items(multi=True) if name not in BESIDE)
    said = repr((current_actor().id, request.path, typed, sorted(_sent_files())))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _sent_files() -> Iterator[tuple[str, str]]:
    for name, sent in request.files.items(multi=True):
        sent.stream.seek(0)
        yield name, hashlib.file_digest(sent.stream, "sha256").hexdigest()  # type: ignore[arg-type]
        sent.stream.seek(0)
