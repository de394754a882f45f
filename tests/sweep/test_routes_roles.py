"""Every route asked as every persona, for real; compared with matrix.toml, which no test and no decorator feeds."""

from __future__ import annotations

import pytest

from app.extensions import db
from tests.sweep.pages import ask, pages
from tests.sweep.personas import PERSONAS, SIGNED_IN
from tests.sweep.questions import HTMX, MATRIX, ROWS, Row, forms, routes

pytestmark = pytest.mark.timeout(600)
GROUPS: dict[str, list[str]] = MATRIX["groups"]
RESULTS = ("in", "hidden", "not_now", "refused", "sign-in", "terms")
KEYS = {"route", "on", "why", "public", "others", "does", "changes", "part", *RESULTS[:4]}


def members(names: list[str]) -> list[str]:
    """Personas, with the groups of the matrix written out."""
    return [persona for name in names for persona in GROUPS.get(name, [name])]


def expected(row: Row, persona: str) -> str:
    """What the matrix says becomes of a persona's question."""
    for result in RESULTS[:4]:
        if persona in members(row.get(result, [])):
            return result
    if row.get("public"):
        return "in"
    if persona == "anonymous":
        return "sign-in"
    return "terms" if persona == "no_terms" else row.get("others", "refused")


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


def said(row: Row, persona: str, got: str, wanted: str) -> str:
    on = f" on {row['on']}" if "on" in row else ""
    return f"{row['route']}{on} as {persona}: {got}, the matrix says {wanted} ({row['why']})"


@pytest.mark.clause("ACC-1", "ACC-3", "ACC-7", "ACC-11")
@pytest.mark.parametrize("persona", PERSONAS)
def test_every_page_is_for_those_the_matrix_says_and_reading_changes_nothing(world, persona):
    faults = []
    for page in pages(world, persona):
        wanted = expected(page.row, persona)
        if page.outcome != wanted:
            faults.append(said(page.row, persona, page.outcome, wanted))
        if page.changed - (set(page.row.get("changes", [])) if wanted == "in" else set()):
            faults.append(f"{page.row['route']} as {persona} changed {sorted(page.changed)}")
    assert not faults, "\n".join(faults)


@pytest.mark.clause("ACC-1", "ACC-3", "ACC-4", "ACC-7", "REQ-4", "AUD-1")
@pytest.mark.parametrize("persona", PERSONAS)
def test_every_form_is_taken_from_those_the_matrix_says_and_from_nobody_else(world, persona):
    client, faults = world.client(persona), []
    with world.app.app_context():
        token = world.csrf(client, persona)
        cookie = client.get_cookie("corroborate").value
        db.session.remove()
    world.store.restore_changes()
    for row, address, form in forms(world):
        asked_by = HTMX if row.get("part") else {}
        (got, _), wanted = (
            ask(client.post, address, data={"csrf_token": token, **form}, headers=asked_by),
            expected(row, persona),
        )
        if got != wanted:
            faults.append(said(row, persona, got, wanted))
        changed, does = sorted(world.store.changes()), persona in members(row.get("does", []))
        if bool(changed) != does:
            faults.append(said(row, persona, f"changed {changed or 'nothing'}", f"does = {does}"))
        if got in {"in", "not_now"}:
            world.store.restore_changes()
            # the same session and token as before, also after a sign-out
            client = world.app.test_client()
            client.set_cookie("corroborate", cookie)
    assert not faults, "\n".join(faults)


def test_the_personas_are_those_asked():
    assert set(SIGNED_IN) == set(PERSONAS) - {"anonymous"}
