"""What every view declares, what every address looks like, and what no module of the program may contain."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Blueprint

from app.access.guard import Undeclared, check_views, needs, public
from app.cli.policy import check_program
from app.policy import policy
from tests.sources import source_tree

ROOT = Path(__file__).resolve().parents[2]
#: capability -> why neither a view nor a step of the workflow asks for it
ASKED_ELSEWHERE = {
    "request.political": "a condition of submitting asks for it (LIM-7)",
    "system.images": "the worker's check of an image asks for it (REQ-3)",
    "disclosure.any_case": "beginning a draft asks for it where the case is not one's own (ACC-6)",
    "sealed.read": "the question before anything is served asks for it (CAP-3)",
    "disclosure.custody": "a condition of handing out asks for it (ACC-12)",
    "request.read": "scoping decides which requests exist for whom (ACC-6)",
}


def accesses(app) -> dict[str, object]:
    return {endpoint: view.access for endpoint, view in app.view_functions.items()}


@pytest.mark.clause("ACC-7")
@pytest.mark.parametrize(
    ("mark", "said"),
    [(None, "bare carries neither"), (needs("no.such"), "unknown capability no.such")],
    ids=["undeclared", "unknown"],
)
def test_a_portal_with_a_view_that_declares_nothing_does_not_start(app, settings, monkeypatch, mark, said):
    import app.factory as program

    def bare() -> str:
        return "open to everybody"

    spread = program.register_blueprints

    def with_one_more(portal) -> None:
        spread(portal)
        area = Blueprint("more", __name__)
        area.add_url_rule("/more", "bare", mark(bare) if mark else bare)
        portal.register_blueprint(area)

    monkeypatch.setattr(program, "register_blueprints", with_one_more)
    with pytest.raises(Undeclared, match=said):
        program.create_app(settings)


def test_a_declared_view_is_accepted(app, monkeypatch):
    monkeypatch.setitem(app.view_functions, "more.declared", public("for this test")(lambda: ""))
    check_views(app)


@pytest.mark.clause("ACC-7", "ACC-8")
def test_every_capability_is_asked_for_by_a_view_or_a_step(app):
    asked = {name for access in accesses(app).values() for name in access.capabilities}
    asked |= {row.capability for flow in policy().workflows.values() for row in flow.transitions}
    unused = set(policy().capabilities) - asked - set(ASKED_ELSEWHERE)
    assert unused == set(), f"no page and no step asks for {sorted(unused)}: drop them from roles.toml or use them"
    known = set(policy().capabilities)
    assert set(ASKED_ELSEWHERE) <= known, "an exception for a capability that is gone"
    used_after_all = set(ASKED_ELSEWHERE) & asked - {"request.read"}
    assert used_after_all == set(), f"no exception is needed any more for {sorted(used_after_all)}"


@pytest.mark.clause("ACC-8")
def test_every_capability_belongs_to_a_role():
    held = {name for role in policy().roles.values() for name in role.capabilities}
    assert set(policy().capabilities) == held


def test_a_public_view_says_why_in_words(app):
    short = {endpoint for endpoint, access in accesses(app).items() if access.public and len(access.public.split()) < 4}
    assert short == set()


def test_a_subject_stands_in_the_address_of_a_view_that_loads_one(app):
    faults = []
    for rule in app.url_map.iter_rules():
        access = app.view_functions[rule.endpoint].access
        if access.of is not None and access.of.lookup not in rule.arguments:
            faults.append(f"{rule.endpoint} loads {access.of.__name__}, but {rule.rule} has no <{access.of.lookup}>")
    assert faults == []


@pytest.mark.clause("ACC-7", "ACC-11")
def test_a_number_or_uid_in_an_address_is_loaded_by_the_guard(app):
    """Who may know of the thing is decided in one place: no view takes a bare number or uid as its first part."""
    loose = []
    for rule in app.url_map.iter_rules():
        access = app.view_functions[rule.endpoint].access
        if access.public or not access.capabilities or rule.endpoint == "images.show":
            continue
        if rule.arguments and access.of is None:
            loose.append(f"{rule.endpoint}: {rule.rule}")
    assert loose == [], "give @needs the model: of=…"


def test_addresses_are_kebab_case_and_their_parts_typed(app):
    faults = []
    for rule in app.url_map.iter_rules():
        fixed = re.sub(r"<[^>]+>", "", rule.rule)
        if not re.fullmatch(r"(/[a-z0-9]*(-[a-z0-9]+)*(\.[a-z]+)?)+", fixed):
            faults.append(f"{rule.rule}: write {re.sub(r'[_A-Z]', '-', fixed).lower()}")
        for converter, name in re.findall(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>", rule.rule):
            if name in {"place", "page", "position", "round", "sequence"} and converter != "int":
                faults.append(f"{rule.rule}: <{name}> is a number: <int:{name}>")
            named = {"number", "uid", "token", "code", "letter", "person_number", "record_number", "case_number"}
            if not converter and name not in named:
                faults.append(f"{rule.rule}: say what <{name}> is: <int:…>, or name it as others are")
    assert faults == []


# The source ------------------------------------------------------------------------------------------------


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / "app").rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), source_tree(path)


def calls(name: str, *, method: bool = False) -> list[str]:
    """module:line of every call of a plain name, or of a method."""
    found = []
    for place, tree in modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "attr" if method else "id", None)
            if called == name:
                found.append(f"{place}:{node.lineno}")
    return found


def outside(found: list[str], *places: str) -> list[str]:
    return [line for line in found if not line.startswith(places)]


@pytest.mark.clause("ACC-11")
def test_one_place_commits():
    """A commit elsewhere would keep rows without their event."""
    assert outside(calls("commit", method=True), "app/unit_of_work.py", "app/audit/__init__.py") == []


def test_sql_is_built_by_the_library():
    """Written SQL passes the models by; the chain's lock and the health check are all there is."""
    allowed = ("app/unit_of_work.py", "app/audit/", "app/cli/", "app/blueprints/home/views.py")
    assert outside(calls("text"), *allowed) == []
    assert outside(calls("exec_driver_sql", method=True), "app/unit_of_work.py") == []


def test_nothing_passes_the_escaping_by():
    assert calls("Markup") == []
    faults = []
    for path in sorted((ROOT / "app").rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        place = path.relative_to(ROOT).as_posix()
        faults += [place for pattern in (r"\|\s*safe\b", r"autoescape\s+false") if re.search(pattern, text)]
    assert faults == []


@pytest.mark.clause("CAP-1")
def test_nobody_but_the_engine_assigns_the_state_of_a_request():
    """Images, searches, imports and jobs have states of their own; a request's is assigned by advance alone."""
    own = {"image", "search", "earlier", "row", "found", "kept", "job"}
    imports = ("app/domain/gallery/imports.py", "of")
    faults = []
    for place, tree in modules():
        for node in ast.walk(tree):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            flat = [one for target in targets if target for one in (getattr(target, "elts", None) or [target])]
            for target in flat:
                if isinstance(target, ast.Attribute) and target.attr == "state":
                    owner = ast.unparse(target.value).split(".")[-1]
                    if place != "app/workflow/engine.py" and owner not in own and (place, owner) != imports:
                        faults.append(f"{place}:{node.lineno}: {owner}.state")
    assert faults == []


def test_what_a_person_may_do_is_asked_of_one_value():
    """No page puts a question of its own to the engine: `options_of` answers each once, in the same way everywhere."""
    permitted = {"app.workflow.options": {"options", "Options"}, "app.workflow.history": {"steps_of"}}
    # what is left is no question about a step: a check of a form, and a list of all subjects
    permitted["app.workflow.engine"] = {"refuse_if", "subjects"}
    faults = []
    for place, tree in modules():
        for node in ast.walk(tree):
            if not place.startswith("app/blueprints/") or not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            source = getattr(node, "module", "") or ""
            names = [one.name for one in node.names]
            if isinstance(node, ast.Import):
                faults += [f"{place}:{node.lineno}: {name}" for name in names if name.startswith("app.workflow")]
            elif source.startswith("app.workflow"):
                known = permitted.get(source, set())
                faults += [f"{place}:{node.lineno}: {name}" for name in names if name not in known]
    assert faults == []


# The policy ------------------------------------------------------------------------------------------------


def test_policy_and_program_agree():
    """What `flask policy check` says: clauses, rules, enforcement points, tests, forbidden names, worked cases."""
    assert check_program(ROOT) == []
