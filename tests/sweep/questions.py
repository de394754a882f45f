"""What the sweep asks: every row of matrix.toml as an address, and what its form holds."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.routing import Rule

from app.extensions import db
from tests.sweep.addresses import FORMS, values_of

if TYPE_CHECKING:
    from tests.sweep.world import World

Row = dict[str, Any]

MATRIX = tomllib.loads((Path(__file__).parent / "matrix.toml").read_text(encoding="utf-8"))
ROWS: list[Row] = MATRIX["row"]
HTMX = {"HX-Request": "true"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: what stands before the names of the fields where a page has several forms
PREFIXES = (
    "",
    "accept-",
    "refuse-",
    "return-",
    "nominate-",
    "report-",
    "harm-",
    "notice-",
    "close-",
    "hold-",
    "mark-1-",
)


def routes(app: Flask) -> list[tuple[str, Rule]]:
    """(method and endpoint, rule) of everything the portal answers."""
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.endpoint, rule.rule))
    return [(f"{m} {rule.endpoint}", rule) for rule in rules for m in METHODS if m in (rule.methods or ())]


def rows_with_rules(app: Flask, method: str) -> list[tuple[Row, Rule]]:
    """The rows of one method, each with every rule of its route."""
    rules: dict[str, list[Rule]] = {}
    for name, rule in routes(app):
        rules.setdefault(name, []).append(rule)
    asked = [row for row in ROWS if row["route"].startswith(f"{method} ")]
    return [(row, rule) for row in asked for rule in rules.get(row["route"], [])]


def addressed(world: World, asked: Iterable[tuple[Row, Rule]]) -> list[tuple[Row, str]]:
    """(row, address) of each; left out where nothing of the object can stand in the address."""
    found = []
    with world.app.test_request_context():
        for row, rule in asked:
            try:
                found.append((row, rule.build(values_of(world, rule, row.get("on", "reported")))[1]))
            except IndexError:  # no report or other paper of this request
                continue
        db.session.remove()
    return found


def questions(world: World, method: str) -> list[tuple[Row, str]]:
    """(row, address) of every question of one method to the world as it was built."""
    asked = rows_with_rules(world.app, method)
    if method not in world.questions:
        world.questions[method] = addressed(world, asked)
        assert len(world.questions[method]) == len(asked)
    # a signed address is made anew, for it lives for minutes
    fresh = iter(addressed(world, [(row, rule) for row, rule in asked if "token" in rule.arguments]))
    pairs = zip(asked, world.questions[method], strict=True)
    return [next(fresh) if "token" in rule.arguments else kept for (_, rule), kept in pairs]


def fields(world: World, row: Row) -> dict[str, str]:
    """What the form of a row holds beside its token, in the open application context."""
    endpoint, on = row["route"].split(" ")[1], row.get("on", "")
    known = on in world.requests or on in world.others
    version = str(getattr(world.get(on), "version", "")) if known else ""
    own = {f"{form}version": version for form in PREFIXES} if version else {}
    return own | (FORMS[endpoint](world, on) if endpoint in FORMS else {})


def forms(world: World) -> list[tuple[Row, str, dict[str, str]]]:
    """(row, address, fields) of every form of the world as it was built."""
    asked = questions(world, "POST")
    if not world.forms:
        with world.app.app_context():
            world.forms = [fields(world, row) for row, _ in asked]
            db.session.remove()
    return [(row, address, dict(form)) for (row, address), form in zip(asked, world.forms, strict=True)]
