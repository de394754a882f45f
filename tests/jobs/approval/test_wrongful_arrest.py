"""The wrongful arrest as a worked case: eight inches taller, in custody elsewhere (SRC-3, SRC-5, EXT-2).

No path leads to an approval without two named people's written answers to each contradiction, and every document
prints them first. Tests named `_bypass` try to get around it: by wording, splitting, repeating, waiting, another route.
"""

from __future__ import annotations

import io
import zipfile

import pytest
from sqlalchemy import text

from app import audit
from app.documents.checks import page_texts
from app.documents.examination.comparison import render_comparison
from app.domain.approval import answers
from app.domain.approval import verbs as approvals
from app.domain.examination import verbs as examination
from app.domain.examination.comparison_file import gather_comparison
from app.domain.examination.contradictions import kept_in, of_nominee
from app.domain.examination.printed_contradictions import printed_contradictions
from app.domain.peers import nomination
from app.extensions import db, stores
from app.models import BackgroundCheck
from app.models.base import now
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from demo.people import demo_person_record, person
from tests.disclosure_factory import DisclosureFactory
from tests.unit_stages import AGREED, BACKGROUND, SAME, all_answered, answered
from tests.web.page_reading import soup, words

SEED = 7
TALLER = str(demo_person_record(person(SEED))["height_in"] - 8)
HEIGHT, CUSTODY = "inconsistency-height", "inconsistency-custody"
CONFINED = {"custody_intervals": "2026-11-01 to 2026-11-28"}
pytestmark = pytest.mark.clause("SRC-3", "SRC-5", "EXT-2")


@pytest.fixture
def request_(make, people):
    """Before the examiner: the person found is eight inches taller than the one seen, and was in custody that day."""
    found = make.request(state="under_examination", seed=SEED, values={"description": {"height_in": TALLER}})
    for name in ("j.maple", "n.finch", "c.hawthorn", "v.osprey"):
        people.account(name)
    make.dispose_all(found, retain=nominee_of(found))
    return found


def nominee_of(request):
    return min(request.current_round.search.candidates, key=lambda one: one.rank)


def record(request, people, items=None, given=None) -> BackgroundCheck:
    """The examiner records the check; custody on record unless told otherwise."""
    items = {**BACKGROUND, **(CONFINED if items is None else items)}
    with unit_of_work():
        return examination.check_background(request, people.actor("k.rowan"), nominee_of(request), items, given)


def nominate(request, people) -> str | None:
    """The rule that refuses the nomination, or None."""
    try:
        with unit_of_work():
            nomination.nominate(request, people.actor("k.rowan"), nominee_of(request), "p2", SAME)
    except Refused as refused:
        return refused.rule_id
    return None


def judge(request, people, rule, name="c.hawthorn", *, agreed=True, said=AGREED) -> str | None:
    """The rule that refuses the judgment, or None."""
    one = next(one for one in answers.to_judge(request) if one.rule_id == rule)
    try:
        with unit_of_work():
            answers.judge(request, people.actor(name), one.check.uid, rule, agreed=agreed, words=said)
    except Refused as refused:
        return refused.rule_id
    return None


def approve(make, request) -> str | None:
    try:
        with unit_of_work():
            approvals.approve(request, make.part("approver", "c.hawthorn"), "Complete.", password_confirmed=True)
    except Refused as refused:
        return refused.rule_id
    return None


def letters(value: str) -> str:
    return "".join(value.split())


def test_two_named_people_answer_each_contradiction_before_an_approval_and_every_document_says_so_first(
    make, people, request_, run_jobs, sign_in, app
):
    record(request_, people)
    assert nominate(request_, people) == "inconsistencies_answered"
    record(request_, people, given=all_answered())
    assert nominate(request_, people) == "holding_agreed", "the examiner alone sets no confinement aside"
    assert judge(request_, people, CUSTODY) is None
    assert nominate(request_, people) is None
    run_jobs()
    make.peers(request_)
    assert approve(make, request_) == "contradictions_agreed", "the height has no supervisor's word"
    page = soup(sign_in("c.hawthorn").get(f"/final-review/{request_.number}"))
    panels = [panel["id"] for panel in page.select("main section[id]")]
    assert panels.index("contradictions") == 0
    assert "Your own agreement is missing with the answer on height." in words(page)
    assert judge(request_, people, HEIGHT, said=f"{AGREED} The height is hers alone.") is None
    assert approve(make, request_) is None
    make.report(request_)

    found = printed_contradictions(request_.current_round, request_.current_round.nominee)
    assert {one.title for one in found.found} == {"Custody", "Height"}
    assert len(found.texts) >= 10
    report = request_.reports[-1]
    printed = letters("".join(page_texts(stores().blobs.get(report.blob_id, report.key_id, report.sha256))))
    examined = letters("".join(page_texts(comparison_of(request_, people))))
    package = package_of(request_, app, people, run_jobs)
    file = letters(soup(sign_in("c.hawthorn").get(f"/final-review/{request_.number}")).get_text())
    documents = {"report": printed, "comparison": examined, "package": letters(package), "file": file}
    for name, said in documents.items():
        lacking = [one for one in found.texts if letters(one) not in said]
        assert not lacking, f"{name} leaves out {lacking}"
    for name in ("report", "comparison"):
        said = documents[name]
        first = said.index(letters("On record as confined from 2026-11-01 to 2026-11-28"))
        for later in ("Probeimageandpossiblematchcandidate", "Supports", "Originalprobe,thepartcompared"):
            assert later not in said or first < said.index(later), (name, later)


def comparison_of(request, people) -> bytes:
    account = people.account("k.rowan")
    return render_comparison(gather_comparison(request.current_round, people.actor("k.rowan"), account)).pdf


def package_of(request, app, people, run_jobs) -> str:
    """What the package of the case says of contradictions, all of its text files together."""
    disclosure = DisclosureFactory(app, people, run_jobs)(state="released", case_number=request.case_number)
    package = disclosure.current_package
    with zipfile.ZipFile(io.BytesIO(stores().blobs.get(package.blob_id, disclosure.key_id, package.sha256))) as archive:
        names = [name for name in archive.namelist() if name.startswith("contradictions-")]
        assert len(names) == 1
        return "".join(archive.read(name).decode() for name in names)


def test_forced_through_the_database_every_document_says_that_nobody_answered(make, people, request_):
    record(request_, people)
    db.session.execute(
        text("UPDATE examination_round SET nominee_id = :one, nominated_at = :at, opinion = 'p2'"),
        {"one": nominee_of(request_).id, "at": now()},
    )
    db.session.expire_all()
    found = of_nominee(request_.current_round)
    assert {one.rule_id for one in found} == {CUSTODY, HEIGHT}
    said = letters("".join(page_texts(comparison_of(request_, people))))
    assert said.count("Notanswered.") == 2
    assert said.count(letters("No supervisor’s agreement with an answer is recorded.")) == 2
    db.session.rollback()


@pytest.mark.parametrize(
    "said",
    [
        "Not relevant in my view.",
        "Not relevant in my view, and it is not relevant for this matter at all in my opinion, please.",
        "On record as confined from 2026-11-01 to 2026-11-28; the matter is dated 2026-11-21.",
        "x" * 60,
        "no no no no no no no no no no no no no no no no no no no no",
    ],
)
def test_words_that_say_nothing_answer_nothing_bypass(people, request_, said):
    record(request_, people, given={**all_answered(), CUSTODY: said})
    assert nominate(request_, people) == "inconsistencies_answered"


def test_one_sentence_for_all_and_an_answer_without_ground_or_source_bypass(people, request_):
    one = answered(CUSTODY)
    record(request_, people, given={**one, HEIGHT: one[CUSTODY]})
    assert nominate(request_, people) == "inconsistencies_answered"
    for part in ("_ground", "_source"):
        record(request_, people, given={**all_answered(), CUSTODY + part: ""})
        assert nominate(request_, people) == "inconsistencies_answered", part


def test_a_check_recorded_anew_without_the_custody_hides_nothing_bypass(make, people, request_, run_jobs):
    record(request_, people)
    record(request_, people, items={}, given=answered(HEIGHT))
    kept = {one.rule_id: one for one in kept_in(request_.current_round.background_checks[0])}
    assert not kept[CUSTODY].standing
    assert kept[CUSTODY].holds
    assert nominate(request_, people) == "inconsistencies_answered"
    record(request_, people, items={}, given=all_answered())
    assert nominate(request_, people) == "holding_agreed"
    assert judge(request_, people, CUSTODY, agreed=False) is None
    assert nominate(request_, people) == "holding_agreed", "a supervisor who does not agree agrees not"


def test_a_confinement_written_in_two_lines_holds_as_one_does_bypass(people, request_):
    split = {"custody_intervals": "2026-11-21 to 2026-11-28\n2026-11-01 to 2026-11-20"}
    record(request_, people, items=split, given=all_answered())
    assert nominate(request_, people) == "holding_agreed"


def test_another_supervisor_is_not_asked_past_a_disagreement_bypass(people, request_):
    record(request_, people, given=all_answered())
    assert judge(request_, people, CUSTODY, agreed=False) is None
    assert judge(request_, people, CUSTODY, name="v.osprey", said=f"{AGREED} I read the register.") is None
    assert nominate(request_, people) == "holding_agreed"
    new = {**all_answered(), CUSTODY: "The register of the other county names a brother with a scar on the left hand."}
    record(request_, people, given=new)
    assert nominate(request_, people) == "holding_agreed", "agreement was with other words"
    assert judge(request_, people, CUSTODY, name="v.osprey", said=f"{AGREED} I read the register.") is None
    assert nominate(request_, people) is None


def test_a_fresh_round_and_another_request_of_the_case_remember_bypass(make, people, request_, run_jobs):
    record(request_, people, given=all_answered())
    assert judge(request_, people, CUSTODY) is None
    assert nominate(request_, people) is None
    run_jobs()
    make.peers(request_)
    make.carry_on(request_)
    make.examine(request_)
    make.dispose_all(request_, retain=nominee_of(request_))
    record(request_, people, items={}, given=answered(HEIGHT))
    assert nominate(request_, people) == "inconsistencies_answered"
    record(request_, people, items={}, given=all_answered())
    assert nominate(request_, people) == "holding_agreed"

    other = make.request(state="under_examination", seed=SEED, requester="m.heron", supervisor="t.birch")
    make.dispose_all(other, retain=nominee_of(other))
    record(other, people, items={}, given={})
    assert nominate(other, people) == "inconsistencies_answered"


def test_who_holds_another_part_or_says_nothing_agrees_with_no_answer_bypass(people, request_):
    record(request_, people, given=all_answered())
    assert judge(request_, people, CUSTODY, said="I agree with the examiner's answer in this matter.") == (
        "inconsistency-agreement"
    )
    assert judge(request_, people, CUSTODY, said=answered(CUSTODY)[CUSTODY]) == "inconsistency-agreement"
    assert judge(request_, people, CUSTODY, name="k.rowan") == "approval.decide"
    assert nominate(request_, people) == "holding_agreed"


def test_an_alibi_names_its_source_and_holds(people, request_):
    found = {"alibi": "contradicts", "alibi_source": ""}
    with pytest.raises(Refused) as refused:
        record(request_, people, items=found)
    assert [fault.field for fault in refused.value.faults] == ["alibi_source"]
    record(request_, people, items={**found, "alibi_source": "The clerk of a hotel in Albany"}, given=all_answered())
    assert nominate(request_, people) == "holding_agreed"


def test_a_supervisor_judges_on_a_page_and_the_queue_names_what_waits(people, request_, sign_in):
    record(request_, people, given=all_answered())
    client = sign_in("c.hawthorn")
    queue = soup(client.get("/final-review"))
    here = f"/final-review/{request_.number}/contradictions"
    assert [link["href"] for link in queue.select("#answers a")] == [here]
    page = soup(client.get(here))
    form = page.select_one("main form")
    given = {field["name"]: field.get("value", "") for field in form.select("input[type=hidden]")}
    prefix = form.select_one("textarea")["name"].removesuffix("words")
    empty = client.post(form["action"], data={**given, f"{prefix}answer": "agree", f"{prefix}words": "Agreed."})
    assert empty.status_code == 422
    assert "Agreed." in soup(empty).select_one("textarea").get_text()
    assert (
        client.post(form["action"], data={**given, f"{prefix}answer": "agree", f"{prefix}words": AGREED}).status_code
        == 303
    )
    assert "You agree with this answer." in words(soup(client.get(here)))
    assert not soup(client.get("/final-review")).select("#answers a")
    assert nominate(request_, people) is None


def test_legacy_checks_are_answered_for_too(make, people, request_):
    """A check of before kept one text for each: it holds and is printed as one of today."""
    check = record(request_, people)
    told = [one for one in check.private["compared"] if one["status"] == "inconsistent"]
    with unit_of_work():
        before = {name: value for name, value in check.private.items() if name != "contradictions"}
        check.sealed = None
        check.seal(**before)
        audit.record("background.recorded", request_, candidate=nominee_of(request_).uid)
    assert [one.computed for one in sorted(kept_in(check), key=lambda one: one.rule_id)] == [
        one["text"] for one in sorted(told, key=lambda one: one["rule"])
    ]
    assert all(one.holds == (one.rule_id == CUSTODY) for one in kept_in(check))
