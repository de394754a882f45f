"""Who sees which rows at all (ACC-1, ACC-6, ACC-7, ACC-11): each scope against a list written here, person by person.

The sweep asks every page; these ask the scopes themselves, by which every page and every list finds its rows.
"""

from __future__ import annotations

import pytest
from sqlalchemy.sql.elements import False_

from app import models
from app.access.scoping import EXPORTS, SCOPES, find, visible
from app.extensions import db
from app.models import FRRequest, Job
from app.outbox import ask
from app.unit_of_work import unit_of_work
from tests.sweep.personas import PERSONAS

#: every person of the demonstration whom the lists below speak of, and whoever they leave out
EVERYBODY = sorted({name for name in PERSONAS.values() if name is not None} - {"i.kestrel"})
INVESTIGATORS = {"d.lark", "m.heron"}
EXAMINERS = {"k.rowan", "j.maple", "n.finch", "a.plover"}
SUPERVISORS = {"c.hawthorn", "v.osprey"}
RETENTION = {"y.hazel", "b.juniper", "p.aspen"}
UNIT = EXAMINERS | SUPERVISORS
#: of one reported request of d.lark's, discussed with s.alder, examined by k.rowan, reviewed by j.maple and n.finch
OF_A_REQUEST = {
    "FRRequest": {"d.lark", "s.alder"} | UNIT,
    "ProbeImage": {"d.lark", "s.alder"} | UNIT,
    "DerivedImage": {"k.rowan"} | SUPERVISORS,
    "Search": {"h.larch"} | SUPERVISORS,
    "Round": {"k.rowan"} | SUPERVISORS,
    "Annotation": {"k.rowan"} | SUPERVISORS,
    "LineUp": {"j.maple", "n.finch"},
    "Report": {"d.lark", "k.rowan"} | SUPERVISORS,
    "GalleryPerson": EXAMINERS,
    "Account": SUPERVISORS,
}
#: who may see any row of these at all, by role alone
BY_ROLE = {
    "GalleryPerson": EXAMINERS,
    "GalleryImport": {"b.juniper", "p.aspen"},
    "Account": SUPERVISORS,
    "MisuseReport": {"h.larch"},
    "AlgorithmChange": {"f.spruce"},
    "ProficiencyItem": SUPERVISORS,
    "Search": {"h.larch"} | SUPERVISORS,
    "Incident": {"y.hazel"},
    "RoutineDesignation": INVESTIGATORS | SUPERVISORS | RETENTION | {"w.sparrow"},
    "Disclosure": INVESTIGATORS | SUPERVISORS | RETENTION,
    "LineUp": EXAMINERS,
    "Report": INVESTIGATORS | UNIT,
    "CaseNumber": EXAMINERS | {"b.juniper", "p.aspen"},
    **dict.fromkeys(
        (
            "CaseRecord",
            "PersonFile",
            "LegalHold",
            "Disposal",
            "SealingOrder",
            "SealedCopy",
            "LeftCopy",
            "SealingNotice",
            "StoredStanding",
        ),
        RETENTION,
    ),
}
pytestmark = pytest.mark.clause("ACC-1", "ACC-6", "ACC-7", "ACC-11", "AUD-2", "AUD-5", "EXT-7", "EXT-10", "FAIR-1")


def may_see(model, actor) -> bool:
    """Whether a scope leaves this person anything: nothing is found where a condition that must hold is false."""
    clause = visible(model, actor).whereclause
    return clause is None or not any(isinstance(part, False_) for part in [clause, *clause.get_children()])


def test_no_scope_is_without_its_list():
    listed = set(OF_A_REQUEST) | set(BY_ROLE) | {"Job"}
    assert {model.__name__ for model in SCOPES} == listed


@pytest.mark.clause("RET-11", "SRC-4")
@pytest.mark.parametrize("name", BY_ROLE)
def test_whoever_has_no_part_in_something_finds_none_of_it(people, name):
    model = getattr(models, name)
    seers = {one for one in EVERYBODY if may_see(model, people.actor(one))}
    if name in ("Report", "CaseNumber"):
        # the role alone leaves an untrained examiner the word, and no request whose report or number it could be
        seers -= {"o.teal"}
    assert seers == BY_ROLE[name]


@pytest.mark.clause("SRC-4")
def test_the_rows_of_a_request_are_found_by_those_who_work_on_it_and_by_nobody_else(make, people):
    request = make.request(state="probe_selected")
    derived = make.prepare(request)
    assert derived.request_id == request.id
    make.advance_to(request, "reported", mark="A mole beside the nose.")
    found = {
        name: {one for one in EVERYBODY if db.session.scalars(visible(getattr(models, name), people.actor(one))).all()}
        for name in OF_A_REQUEST
    }
    assert found == OF_A_REQUEST
    for name in sorted(set(EVERYBODY) - OF_A_REQUEST["FRRequest"]):
        assert find(FRRequest, request.number, people.actor(name)) is None, name


def test_a_file_of_a_long_list_is_its_askers_alone(people):
    asker, other = people.actor("c.hawthorn"), people.actor("v.osprey")
    with unit_of_work():
        ask(EXPORTS, str(asker.id), "a list of hers")
        ask("match_report", str(other.id), "no file at all")
    assert [row.subject_id for row in db.session.scalars(visible(Job, asker))] == [str(asker.id)]
    assert db.session.scalars(visible(Job, other)).all() == []
