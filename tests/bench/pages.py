"""How long the examiner's pages take on the server and how often they ask the database; writes docs/pages.md.

    python -m tests.bench.pages [--people 25] [--times 40] [--write docs/pages.md]

One process, one request at a time, on the embedded services; the pictures themselves are fetched afterwards and are not
counted. People are drawn.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade

from app.access.sessions import TOKEN, accept_terms
from app.extensions import db
from app.factory import create_app
from config.settings import Settings
from demo.people import person
from demo.services import start_directory
from tests.conftest import People, models_directory, run_due_jobs, session_token
from tests.request_factory import RequestFactory
from tests.sql_statements import queries, recorded

FIRST = 20


@contextmanager
def portal() -> Iterator[Flask]:
    """The portal on a fresh database with its loopback directory."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {"CORROBORATE_MODE": "demonstration", "CORROBORATE_DATA_DIR": folder}
        settings = dataclasses.replace(Settings.from_env(environ), models_dir=models_directory())
        with start_directory(settings):
            app = create_app(settings)
            with app.app_context():
                upgrade()
                yield app
                db.session.remove()
                db.engine.dispose()


def client_of(app: Flask, people: People, name: str) -> FlaskClient:
    """The browser of a person who signed in."""
    account, client = people.account(name), app.test_client()
    accept_terms(account)
    with client.session_transaction() as session:
        session[TOKEN] = session_token(account, hours=4)
    return client


def measured(app: Flask, client: FlaskClient, address: str, times: int) -> tuple[float, float, int]:
    """(median ms, 95th percentile ms, statements) of a page; the first answer, which fills caches, is not counted."""
    spent = []
    with recorded() as statements:
        for _ in range(times + 1):
            statements.clear()
            with app.app_context():
                began = time.perf_counter()
                answer = client.get(address)
                spent.append((time.perf_counter() - began) * 1000)
            if answer.status_code != 200:
                raise SystemExit(f"pages: {address} was answered with {answer.status_code}")
    return statistics.median(spent[1:]), statistics.quantiles(spent[1:], n=20)[-1], len(queries(statements))


def main() -> None:
    """Build a round, measure its pages, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--people", type=int, default=25)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--write", type=Path, default=Path("docs/pages.md"))
    options = parser.parse_args()
    with portal() as app:
        people = People()
        make = RequestFactory(app, people, run_due_jobs)
        make.enrol([person(seed) for seed in (7, *range(FIRST, FIRST + options.people - 1))])
        request = make.request(state="under_examination", gallery=[person(7)])
        round_url = f"/review/rounds/{request.current_round.uid}"
        candidates = list(request.current_round.search.candidates)
        nominee = min(candidates, key=lambda one: one.rank)
        examiner, rows = client_of(app, people, "k.rowan"), []

        def row(label: str, client: FlaskClient, address: str) -> None:
            rows.append((label, *measured(app, client, address, options.times)))

        row(f"{len(candidates)} candidates, none compared yet", examiner, round_url)
        for _ in range(10):
            make.mark(request, nominee)
        row("One candidate beside the probe, 10 marks", examiner, f"{round_url}/candidates/{nominee.shown_order}")
        make.dispose_all(request, retain=nominee)
        row(f"{len(candidates)} candidates by rank", examiner, round_url)
        make.parts["mark"] = ""
        make.nominate(request)
        row("Peer review", client_of(app, people, "j.maple"), f"/review/peer-reviews/{request.number}")
    load = os.getloadavg()[0]
    lines = [
        "# Pages of the examination",
        "",
        "Written by `python -m tests.bench.pages`; not edited by hand.",
        "",
        "Time on the server, pictures not counted: what a browser waits for before it can draw the page. One request "
        f"at a time, {options.times} of each, {os.cpu_count()} processors, load {load:.1f} at the end of the run. The "
        "pages of candidates keep to a median of at most 500 ms and to at most 15 statements.",
        "",
        "| page | median ms | p95 ms | SQL statements |",
        "|---|---|---|---|",
        *(f"| {label} | {median:.0f} | {late:.0f} | {asked} |" for label, median, late, asked in rows),
    ]
    options.write.write_text("\n".join(lines) + "\n", "utf-8")
    sys.stdout.write(f"{options.write}\n")


if __name__ == "__main__":
    main()
