"""Retention over HTTP: lists, case records, people, holds, and the retention of a request (RET-1 to RET-11)."""

from __future__ import annotations

import json
from datetime import date

import pytest

from app.extensions import db
from app.models import CaseRecord, FRRequest, LegalHold, PersonFile
from app.models.engine import AuditEvent
from tests.retention_factory import CASE, RetentionFactory
from tests.web.page_reading import soup, text

CHILD_BORN = date(2004, 2, 29)


@pytest.fixture
def keep(make, people) -> RetentionFactory:
    return RetentionFactory(make, people)


def send(client, page: str, action: str, status: int = 303, **given):
    """Send the form of a page whose address ends so, its hidden fields as the page has them."""
    form = next(form for form in soup(client.get(page)).select("form") if form["action"].endswith(action))
    hidden = {field["name"]: field.get("value", "") for field in form.select("input[type=hidden]")}
    answer = client.post(form["action"], data={**hidden, **given})
    assert answer.status_code == status, text(answer)
    db.session.expire_all()
    return answer


def page_of(record: CaseRecord) -> str:
    return f"/retention/cases/{record.case_number}"


def refusals() -> list[str]:
    db.session.rollback()
    rows = db.session.query(AuditEvent).filter_by(event="workflow.refused")
    return [json.loads(row.keys)["rule"] for row in rows]


# Lists -----------------------------------------------------------------------------------------------------


@pytest.mark.clause("RET-11")
def test_each_record_stands_in_the_list_of_its_standing(keep, sign_in):
    due = keep.record(case_number="2026-075-00001")
    later = keep.record(case_number="2026-075-00002", classes=["other_felony"])
    forever = keep.record(case_number="2026-075-00003", classes=["homicide"])
    bare = keep.record("closed", case_number="2026-075-00004")
    held = keep.record(case_number="2026-075-00005")
    keep.hold(held)
    open_one = keep.record("open", case_number="2026-075-00006")
    client = sign_in("b.juniper")
    expected = {
        "due": {due},
        "upcoming": {later},
        "permanent": {forever},
        "unclassified": {bare},
        "held": {held},
        "open": {open_one},
        "all": {due, later, forever, bare, held, open_one},
    }
    for which, records in expected.items():
        listed = {link.get_text() for link in soup(client.get(f"/retention?list={which}")).select("#records th a")}
        assert listed == {f"Case {record.case_number}" for record in records}, which
    assert "25 years after the case was closed on 2 Mar 2015, so until 2 Mar 2040" in text(
        client.get("/retention?list=upcoming")
    )
    assert client.get("/retention?list=nonsense").status_code == 200


def test_only_whoever_may_propose_finds_boxes_to_choose_with(keep, sign_in):
    keep.record()
    assert soup(sign_in("b.juniper").get("/retention")).select("input[type=checkbox]")
    assert not soup(sign_in("y.hazel").get("/retention")).select("input[type=checkbox]")


# A case record ---------------------------------------------------------------------------------------------


@pytest.mark.clause("RET-5", "RET-11")
def test_a_case_is_closed_and_classified_on_its_page(keep, sign_in):
    record = keep.record("open", request="withdrawn")
    client = sign_in("b.juniper")
    page = page_of(record)
    assert "The case is not closed." in text(client.get(page))
    send(
        client,
        page,
        "/dispositions",
        **{
            "disposition-class_id": "violation",
            "disposition-on": "2019-04-01",
            "disposition-note": "Docket Zephyr.",
        },
    )
    send(client, page, "/closing", **{"close-closure": "prosecution_concluded", "close-on": "2019-05-02"})
    shown = soup(client.get(page))
    ticked = [box["value"] for box in shown.select("#class input[type=checkbox][checked]")]
    assert ticked == ["violation"], "the class the rules propose is ticked"
    assert "Docket Zephyr." in shown.get_text()
    send(client, page, "/classification", **{"class-classes": "violation"})
    assert (record.state, record.classes) == ("classified", ["violation"])
    said = text(client.get(page))
    assert "Disposal is allowed since 2 May 2020" in said
    assert "kept 1 year after the case was closed on 2 May 2019, so until 2 May 2020" in said
    assert "RET-5" in said


@pytest.mark.clause("RET-11")
@pytest.mark.parametrize(
    ("action", "given", "said"),
    [
        ("/closing", {}, "Choose one of the four reasons."),
        ("/closing", {"close-closure": "bored", "close-on": "2019-05-02"}, "Not a valid choice"),
        ("/closing", {"close-closure": "settled", "close-on": "2999-01-01"}, "The day lies in the future."),
        ("/closing", {"close-closure": "settled", "close-on": "yesterday"}, "Not a valid date value"),
        ("/dispositions", {"disposition-class_id": "", "disposition-on": "2019-05-02"}, "Choose the class."),
        ("/events", {"event-event": "located"}, "Enter the day."),
        ("/people", {"person-name": " ", "person-role": "victim"}, "Enter the name."),
        (
            "/people",
            {
                "person-name": "A. Person",
                "person-role": "victim",
                "person-born_on": "2010-01-01",
                "person-died_on": "2009-01-01",
            },
            "The day of death lies before the day of birth.",
        ),
        (
            "/people",
            {"person-name": "A. Person", "person-role": "suspect", "person-person_number": "P-404"},
            "The photo repository has no person of this number.",
        ),
        (
            "/people",
            {"person-name": "A. Person", "person-role": "suspect", "person-child_victim": "y"},
            "A suspect is not marked as the child of the offense.",
        ),
        ("/holds", {"hold-kind": "litigation", "hold-reason": "  "}, "Write the reason."),
    ],
)
def test_what_is_missing_or_impossible_is_said_and_nothing_changes(keep, sign_in, action, given, said):
    record = keep.record("open")
    answer = send(sign_in("b.juniper"), page_of(record), action, 422, **given)
    assert said in text(answer)
    assert (record.state, record.history, record.people, record.holds) == ("open", [], [], [])
    assert soup(answer).select(f"form[action$='{action}']")[0].find_parent("details").has_attr("open") or (
        soup(answer).select(".cor-panel--blocked")
    ), "the form stays open, or the rule is named"


@pytest.mark.clause("RET-11")
def test_another_class_than_the_proposed_one_needs_a_reason(keep, sign_in):
    record = keep.record("closed")
    client = sign_in("b.juniper")
    answer = send(client, page_of(record), "/classification", 422, **{"class-classes": "misdemeanor"})
    assert "The class differs from the one the rules propose" in text(answer)
    send(client, page_of(record), "/classification", 422)
    send(client, page_of(record), "/classification", **{"class-classes": "misdemeanor", "class-reason": "Amended."})
    assert record.classes == ["misdemeanor"]


@pytest.mark.clause("RET-11")
def test_a_class_is_not_confirmed_on_a_history_that_changed_meanwhile(keep, sign_in, people):
    from app.domain.retention import verbs as retention
    from app.unit_of_work import unit_of_work

    record = keep.record("closed")
    client = sign_in("b.juniper")
    before = soup(client.get(page_of(record)))
    form = next(form for form in before.select("form") if form["action"].endswith("/classification"))
    hidden = {field["name"]: field.get("value", "") for field in form.select("input[type=hidden]")}
    actor = people.actor("p.aspen")
    with unit_of_work():
        retention.record_disposition(record, actor, "other_felony", date(2015, 3, 2))
    answer = client.post(form["action"], data={**hidden, "class-classes": "violation"})
    assert answer.status_code == 409
    assert "Somebody else changed this first" in text(answer)
    assert db.session.get(CaseRecord, record.id).state == "closed"


@pytest.mark.clause("RET-11")
def test_a_reopening_voids_the_closing(keep, sign_in):
    record = keep.record()
    client = sign_in("b.juniper")
    send(client, page_of(record), "/reopening", **{"reopen-on": "2016-01-04", "reopen-reason": "Appeal 17/2016."})
    assert record.state == "open"
    assert "was closed before, and is open again" in text(client.get(page_of(record)))
    assert not soup(client.get(page_of(record))).select("form[action$='/classification']")


def test_what_if_answers_and_changes_nothing(keep, sign_in):
    record = keep.record()
    client = sign_in("b.juniper")
    events = db.session.query(AuditEvent).count()
    said = soup(client.get(f"{page_of(record)}?what_if=other_felony")).select_one("#what-if").get_text(" ")
    assert "2 Mar 2040" in " ".join(said.split())
    assert record.classes == ["violation"]
    assert db.session.query(AuditEvent).count() == events
    assert client.get(f"{page_of(record)}?what_if=nonsense").status_code == 200


@pytest.mark.clause("ACC-8")
def test_the_privacy_officer_reads_and_keeps_nothing(keep, sign_in):
    record = keep.record("open")
    client = sign_in("y.hazel")
    forms = {form["action"].rsplit("/", 1)[1] for form in soup(client.get(page_of(record))).select("main form")}
    assert forms == {record.case_number, "holds"}, "the what-if question and a hold"


# People ----------------------------------------------------------------------------------------------------


@pytest.mark.clause("RET-6", "RET-9", "RET-10")
def test_a_person_gets_a_file_that_is_completed_and_linked(keep, sign_in):
    record = keep.record("open")
    other = keep.record(case_number="2026-075-00009", classes=["child_victims_act"])
    client = sign_in("b.juniper")
    send(
        client,
        page_of(record),
        "/people",
        **{
            "person-name": "Robin Quillfeather",
            "person-role": "victim",
            "person-child_victim": "y",
        },
    )
    file = db.session.query(PersonFile).one()
    page = f"/retention/people/{file.uid}"
    assert "Robin Quillfeather" in text(client.get(page_of(record)))
    send(
        client,
        page,
        "/links",
        **{
            "link-case_number": other.case_number,
            "link-role": "victim",
            "link-child_victim": "y",
        },
    )
    assert "Kept: a day or a class that the period depends on is not known." in text(client.get(page_of(other)))
    send(client, page, file.uid, **{"file-name": "Robin Quillfeather", "file-born_on": CHILD_BORN.isoformat()})
    assert file.private["born_on"] == "2004-02-29"
    said = text(client.get(page_of(other)))
    assert f"The child {file.uid[:8]} turns 55 on 1 Mar 2059" in said
    assert "Kept with its case record, which is at work." in text(client.get(page))
    answer = send(client, page, "/links", 422, **{"link-case_number": "2026-075-99999", "link-role": "victim"})
    assert "There is no record of this case." in text(answer)
    answer = send(client, page, "/links", 422, **{"link-case_number": other.case_number, "link-role": "victim"})
    assert "linked to this case already" in text(answer)


# Holds -----------------------------------------------------------------------------------------------------


@pytest.mark.clause("RET-11")
def test_a_hold_is_placed_on_the_page_and_released_by_another(keep, sign_in):
    record = keep.record()
    placer = sign_in("b.juniper")
    send(placer, page_of(record), "/holds", **{"hold-kind": "litigation", "hold-reason": "Claim Nightjar."})
    hold = db.session.query(LegalHold).one()
    page = f"/retention/holds/{hold.number}"
    assert "Nobody releases a hold they placed." in text(placer.get(page))
    assert not soup(placer.get(page)).select("form[action$='/release']")
    token = soup(placer.get(page_of(record))).select_one("input[name=csrf_token]")["value"]
    answer = placer.post(f"{page}/release", data={"csrf_token": token, "version": hold.version, "reason": "Over."})
    assert answer.status_code == 403
    assert refusals() == ["hold_placer"]
    assert db.session.get(LegalHold, hold.id).state == "placed"
    other = sign_in("y.hazel")
    assert "Claim Nightjar." in text(other.get(page))
    send(other, page, "/release", 422, reason=" ")
    send(other, page, "/release", reason="The claim was withdrawn.\r\nThe court's letter is filed. ")
    assert hold.state == "released"
    assert hold.private["release_reason"] == "The claim was withdrawn.\nThe court's letter is filed."
    assert "The claim was withdrawn." in text(other.get(page))
    assert hold.number in text(other.get("/retention/holds"))


# The retention of a request --------------------------------------------------------------------------------


@pytest.mark.clause("RET-11", "ACC-11")
def test_the_retention_of_a_request_names_nobody(keep, make, sign_in):
    request = make.request(state="submitted")
    with_child = keep.record("open", case_number=request.case_number)
    keep.person(with_child, "Robin Quillfeather", born_on=CHILD_BORN, child_victim=True)
    for name in ("d.lark", "k.rowan", "c.hawthorn"):
        said = text(sign_in(name).get(f"/requests/{request.number}/retention"))
        assert "The case is not closed." in said
        assert "One request of the case is still at work." in said
        for word in ("Robin", "Quillfeather", "2059", "2004"):
            assert word not in said
    assert sign_in("m.heron").get(f"/requests/{request.number}/retention").status_code == 404


def test_ages_are_not_shown_on_a_request(keep, sign_in):
    record = keep.record(request="withdrawn", classes=["child_victims_act"])
    for name, born in (("A. Elder", date(2000, 5, 6)), ("A. Younger", date(2004, 2, 29))):
        keep.person(record, name, born_on=born, child_victim=True)
    number = db.session.query(FRRequest).filter_by(case_number=CASE).one().number
    said = text(sign_in("d.lark").get(f"/requests/{number}/retention"))
    assert "1 Mar 2059" in said
    assert "turns 55" not in said
    assert "2055" not in said
    keep.person(record, "A. Grown", born_on=date(1990, 5, 6), child_victim=True)
    said = text(sign_in("d.lark").get(f"/requests/{number}/retention"))
    assert "was 18 before the matter began" in said
    assert "2008" not in said


def test_a_draft_has_no_case_record_yet(make, sign_in):
    request = make.request(state="draft")
    said = text(sign_in("d.lark").get(f"/requests/{request.number}/retention"))
    assert "begins when the request is submitted" in said
