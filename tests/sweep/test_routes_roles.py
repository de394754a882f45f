"""Every route asked as every persona, for real; compared with matrix.toml, which no test and no decorator feeds."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.extensions import db
from tests.sweep.addresses import FORMS
from tests.sweep.personas import PERSONAS, SIGNED_IN
from tests.sweep.world import outcome

pytestmark = pytest.mark.timeout(600)
MATRIX = tomllib.loads((Path(__file__).parent / "matrix.toml").read_text(encoding="utf-8"))
GROUPS: dict[str, list[str]] = MATRIX["groups"]
ROWS: list[dict[str, Any]] = MATRIX["row"]
RESULTS = ("in", "hidden", "not_now", "refused", "sign-in", "terms")
KEYS = {"route", "on", "why", "public", "others", "does", "changes", "part", *RESULTS[:4]}
HTMX = {"HX-Request": "true"}
#: what stands before the names of the fields where a page has several forms
PREFIXES = ("", "accept-", "refuse-", "return-", "nominate-", "report-", "harm-", "notice-", "close-")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def members(names: list[str]) -> list[str]:
    """Personas, with the groups of the matrix written out."""
    return [persona for name in names for persona in GROUPS.get(name, [name])]


def expected(row: dict[str, Any], persona: str) -> str:
    """What the matrix says becomes of a persona's question."""
    for result in RESULTS[:4]:
        if persona in members(row.get(result, [])):
            return result
    if row.get("public"):
        return "in"
    if persona == "anonymous":
        return "sign-in"
    return "terms" if persona == "no_terms" else row.get("others", "refused")


def routes(app) -> list[tuple[str, Any]]:
    """(method and endpoint, rule) of everything the portal answers."""
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.endpoint, rule.rule))
    return [(f"{m} {rule.endpoint}", rule) for rule in rules for m in METHODS if m in (rule.methods or ())]


def test_the_matrix_is_well_formed():
    faults = []
    for row in ROWS:
        name = f"{row['route']} on {row.get('on', 'nothing')}"
        faults += [f"{name}: unknown key {key}" for key in set(row) - KEYS]
        if len(row["why"]) < 15:
            faults.append(f"{name}: why?")
        listed = [p for result in RESULTS[:4] for p in members(row.get(result, []))]
        faults += [f"{name}: {p} stands in two results" for p in set(listed) if listed.count(p) > 1]
        faults += [f"{name}: nobody is called {p}" for p in set(listed + members(row.get("does", []))) - set(PERSONAS)]
        if row.get("others", "refused") not in RESULTS:
            faults.append(f"{name}: others = {row['others']}")
    keys = [(row["route"], row.get("on")) for row in ROWS]
    faults += [f"{key} stands twice" for key in set(keys) if keys.count(key) > 1]
    assert faults == []


def test_every_role_is_asked(world):
    """No role of roles.toml without a persona that holds it."""
    from app.access.directory import lookup
    from app.policy import policy

    with world.app.app_context():
        asked = {role for name in PERSONAS.values() if name for role in lookup(name).roles}
    assert set(policy().roles) - {"system"} <= asked


@pytest.mark.clause("ACC-7")
def test_every_route_stands_in_the_matrix(app):
    """A new page says in the matrix who may ask for it, or this fails with what to type."""
    known = {row["route"] for row in ROWS}
    present = {name for name, _ in routes(app)}
    lines = [
        f'add to tests/sweep/matrix.toml, after reading the policy:\n[[row]]\nroute = "{name}"\non = "reported"\n'
        f'why = "CLAUSE-0: …"\nin = ["requester"]\nhidden = ["colleague"]\n'
        for name in sorted(present - known)
    ]
    lines += [f"tests/sweep/matrix.toml has a row for {name}, which does not exist" for name in sorted(known - present)]
    assert not lines, "\n".join(lines)


def questions(world, method: str) -> list[tuple[dict[str, Any], str]]:
    """(row, address) of every question of one method."""
    rules: dict[str, list[Any]] = {}
    for name, rule in routes(world.app):
        rules.setdefault(name, []).append(rule)
    return [
        (row, world.address(rule, row.get("on", "reported")))
        for row in ROWS
        if row["route"].startswith(f"{method} ")
        for rule in rules.get(row["route"], [])
    ]


def ask(send: Any, address: str, **given: Any) -> str:
    """The outcome of one question; the page checker's complaint, when it has one, instead of the end of the test."""
    try:
        return outcome(send(address, **given))
    except AssertionError as faults:
        return f"a faulty page: {faults}"


def said(row: dict[str, Any], persona: str, got: str, wanted: str) -> str:
    on = f" on {row['on']}" if "on" in row else ""
    return f"{row['route']}{on} as {persona}: {got}, the matrix says {wanted} ({row['why']})"


@pytest.mark.clause("ACC-1", "ACC-3", "ACC-7", "ACC-11")
@pytest.mark.parametrize("persona", PERSONAS)
def test_every_page_is_for_those_the_matrix_says_and_reading_changes_nothing(world, persona):
    client, faults = world.client(persona), []
    before = world.contents()
    for row, address in questions(world, "GET"):
        got, wanted = ask(client.get, address), expected(row, persona)
        if got != wanted:
            faults.append(said(row, persona, got, wanted))
        after = world.contents()
        changed = {table for table in after if after[table] != before[table]}
        if changed - (set(row.get("changes", [])) if wanted == "in" else set()):
            faults.append(f"{row['route']} as {persona} changed {sorted(changed)}")
        before = after
    assert not faults, "\n".join(faults)


@pytest.mark.clause("ACC-1", "ACC-3", "ACC-4", "ACC-7", "REQ-4", "AUD-1")
@pytest.mark.parametrize("persona", PERSONAS)
def test_every_form_is_taken_from_those_the_matrix_says_and_from_nobody_else(world, persona):
    client, faults = world.client(persona), []
    with world.app.app_context():
        token = world.csrf(client, persona)
        cookie = client.get_cookie("corroborate").value
    kept = world.contents()
    for row, address in questions(world, "POST"):
        with world.app.app_context():
            form = {"csrf_token": token, **fields(world, row)}
            db.session.remove()
        asked_by = HTMX if row.get("part") else {}
        got, wanted = ask(client.post, address, data=form, headers=asked_by), expected(row, persona)
        if got != wanted:
            faults.append(said(row, persona, got, wanted))
        after = world.contents()
        changed, does = after != kept, persona in members(row.get("does", []))
        if changed != does:
            which = sorted(table for table in after if after[table] != kept[table])
            faults.append(said(row, persona, f"changed {which}" if changed else "changed nothing", f"does = {does}"))
        if got in {"in", "not_now"}:
            world.restore()
            # the same session and token as before, also after a sign-out
            client = world.app.test_client()
            client.set_cookie("corroborate", cookie)
    assert not faults, "\n".join(faults)


def fields(world, row: dict[str, Any]) -> dict[str, str]:
    """What the form of a row holds beside its token."""
    endpoint, on = row["route"].split(" ")[1], row.get("on", "")
    known = on in world.requests or on in world.others
    version = str(getattr(world.get(on), "version", "")) if known else ""
    own = {f"{form}version": version for form in PREFIXES} if version else {}
    return own | (FORMS[endpoint](world, on) if endpoint in FORMS else {})


def test_the_personas_are_those_asked():
    assert set(SIGNED_IN) == set(PERSONAS) - {"anonymous"}
