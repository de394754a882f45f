"""USE-8 as it holds when somebody tries to get around it: by wording, splitting, repeating, waiting, another route."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from app import audit
from app.domain.matters import links
from app.domain.requests import ledger, outcomes
from app.extensions import db
from app.models import Account, Arrest, CaseNumber, EvidenceItem, EvidenceJudgment, Notification
from app.models.base import now
from app.models.engine import AuditEvent
from app.unit_of_work import unit_of_work
from app.workflow.registry import CONDITIONS
from tests.web.requests.ledger_forms import CITED, ITEM, LINE_UP, ON_RECORD, arrested, before_result

DETECTIVE, SUPERVISOR, INTEGRITY = "d.lark", "c.hawthorn", "h.larch"


@pytest.fixture
def agree(people):
    """agree(request): the supervisor named in it agrees to each item that waits."""

    def judge(request) -> None:
        for item in ledger.awaiting(request):
            with unit_of_work():
                outcomes.judge_evidence(request, people.actor(NAMED), item.uid, agreed=True, words=WHY)

    return judge


def closing(outcome: str, **facts: str) -> dict[str, str]:
    return {"outcome": outcome, "shown_outcome": outcome, **facts}


@pytest.mark.clause("USE-8", "USE-7", "AUD-7")
def test_a_line_up_from_the_lead_depends_on_it_by_whatever_name_and_is_no_second_item_bypass(sign_in, post, make):
    request = make.request("reported")
    client, page = sign_in(DETECTIVE), f"/requests/{request.number}"
    assert post(client, f"{page}/corroboration", LINE_UP).status_code == 303
    assert [(one.timing, one.depends) for one in request.evidence] == [("before_lead", True)]
    late = LINE_UP | arrested_item(now())
    renamed = late | {"kind": "witness_account", "fact_what": "The clerk was shown a photo of him: that is the man."}
    renamed |= {
        "fact_shown_or_told": "no",
        "fact_told_since": "no",
        "fact_told_source": "The clerk said so to the detective.",
    }
    chosen = {"fact_what": "The clerk chose number three of six."}
    assert post(client, f"{page}/corroboration", renamed | {"fact_shown_or_told": "no_person"}).status_code == 422
    for item in (late | chosen, renamed):
        assert post(client, f"{page}/corroboration", item).status_code == 303
    assert [one.depends for one in request.evidence[1:]] == [True, True], "a line-up by another name is one"
    again = post(client, f"{page}/corroboration", renamed | {"fact_what": renamed["fact_what"].upper() + "!"})
    assert again.status_code != 303
    assert "on record already" in again.text
    assert len(request.evidence) == 3


@pytest.mark.clause("USE-8")
def test_a_line_up_dated_before_the_matter_is_no_evidence_in_it_bypass(sign_in, post, make):
    """A false day would put it before the result, and so make it independent of it."""
    request = make.request("reported")
    client, page = sign_in(DETECTIVE), f"/requests/{request.number}"
    answer = post(client, f"{page}/corroboration", LINE_UP | {"fact_obtained_on": "2026-11-20"})
    assert answer.status_code == 422
    assert "before the matter" in answer.text
    pointed = "See the report and the notes of the case; as discussed with the supervisor, see above."
    answer = post(client, f"{page}/corroboration", LINE_UP | {"fact_what": pointed})
    assert answer.status_code == 422
    assert "leaves it open" in answer.text
    assert request.evidence == []


def test_a_witness_of_whom_nothing_is_said_depends_on_the_lead_and_ends_no_case_bypass(sign_in, post, make):
    """By silence: no word of the account tells of a picture, and the questions are left open."""
    request = make.request("reported")
    client, page = sign_in(DETECTIVE), f"/requests/{request.number}"
    asked = client.get(f"{page}/corroboration").text
    assert "Was this person shown a photograph or the name of the candidate, or told of the result, before?" in asked
    assert "after the result was received, by anybody?" in asked
    late = ITEM | arrested_item(now()) | {"kind": "witness_account", "fact_shown_or_told": ""}
    told = late | {"fact_what": "The doorman says that it was him who carried the bag that day."}
    assert post(client, f"{page}/corroboration", told).status_code == 303
    known = late | {
        "fact_what": "The neighbor says that the man who carried the bag is him, whom she knows.",
        "fact_shown_or_told": "no",
        "fact_told_since": "no",
        "fact_told_source": "She came by herself on the first evening; the notes say so.",
    }
    for name, value in (("shown_or_told", "yes"), ("told_since", "yes"), ("told_since", ""), ("told_source", "")):
        item = known | {
            f"fact_{name}": value,
            "fact_what": f"{known['fact_what']} Said of {name} {value or 'nothing'}.",
        }
        assert post(client, f"{page}/corroboration", item).status_code == 303
    assert [one.depends for one in request.evidence] == [True] * 5
    assert post(client, f"{page}/corroboration", known).status_code == 303
    assert request.evidence[-1].depends is False


def arrested_item(at) -> dict[str, str]:
    there = ledger.local(at)
    uncited = dict.fromkeys(CITED, "")
    return {"fact_obtained_on": f"{there:%Y-%m-%d}", "fact_obtained_time": f"{there:%H:%M}", **uncited}


@pytest.mark.clause("USE-8", "AUD-7")
def test_an_arrest_on_nothing_is_taken_as_reported_and_leaves_the_request_open(sign_in, post, make, agree):
    request = make.request("reported")
    client, page = sign_in(DETECTIVE), f"/requests/{request.number}"
    sign_in(INTEGRITY)
    client, depending = sign_in(DETECTIVE), LINE_UP | arrested_item(now())
    assert post(client, f"{page}/corroboration", depending).status_code == 303
    arrest = arrested(now())
    closed = post(client, f"{page}/outcome", closing("arrest", **arrest))
    assert closed.status_code != 303
    assert "stands without the facial recognition result" in closed.text
    assert (request.state, request.arrests) == ("reported", [])

    assert post(client, f"{page}/arrest", arrest).status_code == 303
    assert (request.state, request.arrests[0].basis, request.arrests[0].in_hand) == ("reported", "on_lead", 0)
    assert "No independent evidence in hand" in client.get(page).text
    told = db.session.query(Notification).filter_by(kind="arrest_uncorroborated").all()
    people = {db.session.get(Account, row.account_id).name for row in told}
    assert {SUPERVISOR, INTEGRITY} <= people
    assert DETECTIVE not in people
    (event,) = db.session.query(AuditEvent).filter_by(event="request.arrest_reported")
    assert json.loads(event.keys) == {"basis": "on_lead", "in_hand": 0}
    duties = sign_in(INTEGRITY).get("/").text
    assert "1 arrest was reported with no independent evidence in hand." in duties
    assert 'href="/workload/figures/arrests#none"' in duties
    figures = sign_in(SUPERVISOR).get("/workload/figures/arrests")
    assert request.number in figures.text
    year = arrest["fact_arrested_on"][:4]
    lines = sign_in(SUPERVISOR).get("/workload/figures/arrests.csv").text.splitlines()
    assert lines[1] == f"{year},1,0,0,0,0"

    # what is not so is refused: neither "no arrest", nor another arrest, nor the same at another time ends the case
    client = sign_in(DETECTIVE)
    for outcome in (
        closing("no_arrest", fact_why="The investigation has ended without an arrest."),
        closing("identified_other_way", fact_how="A neighbor gave the name of the person."),
        closing("arrest", **before_result(now() - timedelta(days=1))),
        closing("arrest", **before_result(now() - timedelta(days=1), fact_arrest_number="M777777")),
    ):
        assert post(client, f"{page}/outcome", outcome).status_code != 303
        assert request.state == "reported"
    # evidence found afterwards lets the case end; the arrest stays counted as made on none
    late = ITEM | arrested_item(now())
    assert post(client, f"{page}/corroboration", late).status_code == 303
    assert post(client, f"{page}/outcome", closing("arrest", **arrest)).status_code != 303, "nobody agreed to it"
    agree(request)
    assert post(client, f"{page}/outcome", closing("arrest", **arrest)).status_code == 303
    assert (request.state, len(request.arrests), request.arrests[0].in_hand) == ("closed", 1, 0)
    assert sign_in(SUPERVISOR).get("/workload/figures/arrests.csv").text.splitlines()[1] == f"{year},1,0,0,0,0"


@pytest.mark.clause("USE-8", "AUD-7")
def test_the_days_of_an_arrest_are_possible_and_one_before_the_result_does_not_rest_on_it(sign_in, post, make):
    request = make.request("reported")
    client, page = sign_in(DETECTIVE), f"/requests/{request.number}"
    matter = ledger.matter_day(request)
    assert matter is not None
    for day, said in (("2999-01-01", "in the future"), ("2019-03-01", "before the matter")):
        for way in ("arrest", "outcome"):
            answer = post(client, f"{page}/{way}", closing("arrest", **arrested(now(), fact_arrested_on=day)))
            assert answer.status_code != 303
            assert said in answer.text
    earlier = arrested(now() - timedelta(days=1))
    unsaid = post(client, f"{page}/outcome", closing("arrest", **earlier))
    assert unsaid.status_code != 303
    assert "say on what" in unsaid.text
    assert db.session.query(Arrest).count() == 0
    said = closing("arrest", **before_result(now() - timedelta(days=1)))
    assert post(client, f"{page}/outcome", said).status_code == 303
    assert (request.state, request.arrests[0].basis) == ("closed", "before_lead")
    assert db.session.query(Notification).filter_by(kind="arrest_uncorroborated").count() == 0
    # reported after the closing it opens the request again
    assert post(client, f"{page}/arrest", arrested(now(), fact_arrest_number="M888888")).status_code == 303
    assert (request.state, request.arrests[1].basis) == ("reported", "on_lead")


@pytest.mark.clause("USE-8", "USE-7")
def test_identification_and_elimination_rest_on_the_same_ledger_bypass(sign_in, post, make, agree):
    request = make.request("reported")
    client, page = sign_in(DETECTIVE), f"/requests/{request.number}"
    words = "The person was found and spoken with at the station."
    identified, eliminated = closing("person_identified", fact_how=words), closing("eliminated", fact_how=words)
    for outcome in (identified, eliminated):
        assert post(client, f"{page}/outcome", outcome).status_code != 303
    for empty in ("x", "x" * 40, "x x x x x x x x x x x x x x x x x x x x x"):
        assert post(client, f"{page}/corroboration", ITEM | {"fact_what": empty}).status_code != 303
    assert db.session.query(EvidenceItem).count() == 0
    assert post(client, f"{page}/corroboration", ITEM | {"fact_speaks": "against"}).status_code == 303
    assert post(client, f"{page}/outcome", identified).status_code != 303
    assert post(client, f"{page}/outcome", closing("arrest", **arrested(now()))).status_code != 303
    assert request.state == "reported"
    assert post(client, f"{page}/outcome", eliminated).status_code != 303, "nobody agreed to it"
    agree(request)
    assert post(client, f"{page}/outcome", eliminated).status_code == 303
    assert request.state == "closed"


@pytest.mark.clause("USE-8", "SRC-7")
def test_a_negative_result_has_nothing_to_corroborate_and_hides_no_lead_of_the_matter_bypass(sign_in, post, make):
    negative = make.request("negative")
    make.run_jobs()
    client, page = sign_in(DETECTIVE), f"/requests/{negative.number}"
    assert client.get(f"{page}/corroboration").status_code == 404
    assert "Record an item of evidence" not in client.get(page).text
    sent = post(client, f"{page}/corroboration", ITEM | {"version": negative.version}, page=page)
    assert sent.status_code != 303
    assert db.session.query(EvidenceItem).count() == 0
    reported = make.request("reported", case_number=negative.case_number)
    assert ledger.lead_received(negative) == ledger.lead_received(reported) is not None
    answer = post(client, f"{page}/outcome", closing("arrest", **arrested(now())))
    assert answer.status_code != 303
    assert negative.state == "reported"
    make.recall(reported)
    assert ledger.lead_received(reported) is not None, "a recall does not undo that it was received"


@pytest.mark.clause("USE-8", "AUD-7")
def test_another_request_of_the_matter_makes_neither_a_second_item_nor_a_second_arrest_bypass(
    sign_in, post, make, agree
):
    first = make.request("reported")
    second = make.request("reported", case_number=first.case_number)
    client = sign_in(DETECTIVE)
    here, there = (f"/requests/{request.number}" for request in (first, second))
    assert post(client, f"{here}/arrest", arrested(now())).status_code == 303
    assert first.arrests[0].in_hand == 0
    assert post(client, f"{there}/corroboration", ITEM).status_code == 303
    agree(second)
    assert first.arrests[0].in_hand == 0, "what is recorded afterwards changes nothing of what was in hand"
    assert ledger.arrest_standing(first.arrests[0]).recorded_after == 1
    repeated = post(client, f"{here}/corroboration", ITEM | {"fact_what": ITEM["fact_what"].replace(" ", "  ")})
    assert repeated.status_code != 303
    assert "on record already" in repeated.text
    arrest = arrested(now(), fact_arrest_number="M-26 600002")
    earlier = arrest | ON_RECORD | {"fact_arrested_time": "00:01", "fact_record_time": "00:02"}
    earlier["fact_record_on"] = arrest["fact_arrested_on"]
    assert "reported as made on" in post(client, f"{there}/arrest", earlier).text
    same = arrested(now(), fact_arrest_number="M-26 600002") | {
        f"fact_{name}": first.arrests[0].private["facts"][name] for name in ("arrested_on", "arrested_time")
    }
    assert post(client, f"{there}/outcome", closing("arrest", **same)).status_code == 303
    assert post(client, f"{here}/outcome", closing("arrest", **same)).status_code == 303
    assert db.session.query(Arrest).count() == 1
    lines = sign_in(SUPERVISOR).get("/workload/figures/arrests.csv").text.splitlines()
    assert lines[1].split(",")[1:] == ["1", "0", "0", "0", "0"]


@pytest.mark.clause("USE-8", "AUD-7")
def test_no_arrest_is_not_said_past_an_arrest_in_another_request_of_the_matter_bypass(sign_in, post, make):
    """The arrest stands under a second request, and the first is closed as if there were none."""
    first = make.request("negative")
    make.run_jobs()
    other = make.request("reported", case_number=first.case_number)
    client = sign_in(DETECTIVE)
    assert post(client, f"/requests/{other.number}/arrest", arrested(now())).status_code == 303
    page, why = f"/requests/{first.number}/outcome", "The complainant did not pursue the matter."
    silent = post(client, page, closing("no_arrest", fact_why=why))
    assert silent.status_code != 303 and first.state == "reported"
    assert "An arrest was reported in this matter: say why this request ends without one." in silent.text
    for filler in (" ", "x", "none none none none none none none"):
        assert post(client, page, closing("no_arrest", fact_why=why, fact_despite=filler)).status_code != 303
    said = "Two people were sought: this one was never found, and the arrest is of the other."
    assert post(client, page, closing("no_arrest", fact_why=why, fact_despite=said)).status_code == 303
    assert first.state == "closed" and said in client.get(f"/requests/{first.number}").text


@pytest.mark.clause("USE-8", "AUD-7")
def test_no_arrest_answers_to_an_arrest_from_before_the_result_too_bypass(sign_in, post, make, people):
    request = make.request("reported")
    client, page = sign_in(DETECTIVE), f"/requests/{request.number}"
    earlier = before_result(now() - timedelta(days=1))
    assert post(client, f"{page}/arrest", earlier).status_code == 303
    why = "The investigation has ended without an arrest."
    silent = post(client, f"{page}/outcome", closing("no_arrest", fact_why=why))
    assert silent.status_code != 303 and "say why this request ends without one" in silent.text
    assert "An arrest that is said to be before the result is on record here" in silent.text
    assert request.state == "reported"
    assert post(client, f"{page}/arrest", arrested(now(), fact_arrest_number="M888888")).status_code == 303
    facts, actor = {"why": why}, people.actor(DETECTIVE)
    asked = {"outcome": "no_arrest", "outcome_facts": facts}
    told = CONDITIONS["matter_arrest_answered"](request, actor, asked)
    assert told == "An arrest is on record here: say why this request ends without one."
    facts["despite"] = "Two people were sought, and the arrest is of the other."
    assert CONDITIONS["matter_arrest_answered"](request, actor, asked) is None


# Recorded after the result, dated before it ---------------------------------------------------------------------------

NAMED, MARK = "s.alder", "Recorded after the result, dated before it"
WHY = "I was at the line-up on the twenty-third and signed the sheet of it myself."


def stating(post, client, page: str, item: dict[str, str]) -> None:
    answer = post(client, f"{page}/corroboration", item)
    assert answer.status_code == 303, answer.text


@pytest.mark.clause("USE-8", "USE-7")
@pytest.mark.parametrize(
    "left_out",
    [
        dict.fromkeys(CITED, ""),
        {"fact_stood_on": "today"},
        {"fact_stood_on": "today", "fact_stood_time": "now"},
    ],
)
def test_a_line_up_dated_before_the_result_counts_as_after_it_unless_it_cites_where_it_stood_bypass(
    sign_in, post, make, left_out
):
    """By a false day: nothing shows that it was there before, or what shows it was made with or after the result."""
    request = make.request("reported")
    client, page = sign_in(DETECTIVE), f"/requests/{request.number}"
    at = ledger.local(now())
    words = {"today": f"{at:%Y-%m-%d}", "now": f"{at:%H:%M}"}
    stating(post, client, page, LINE_UP | {name: words.get(value, value) for name, value in left_out.items()})
    (item,) = request.evidence
    standing = ledger.standing_of(item)
    assert (item.timing, standing.dating, standing.depends, standing.awaits) == ("after_lead", "uncited", True, False)
    shown = client.get(page).text
    assert MARK in shown and "does not cite where it stood then" in shown
    assert post(client, f"{page}/outcome", closing("arrest", **arrested(now()))).status_code != 303
    assert request.state == "reported"
    event = db.session.query(AuditEvent).filter_by(event="request.corroborated").one()
    assert json.loads(event.keys) == {
        "kind": "photo_line_up",
        "timing": "after_lead",
        "depends": True,
        "dated": "uncited",
    }


@pytest.mark.clause("USE-8")
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"fact_stood_in": ""}, "say it too, or leave all of it open"),
        ({"fact_stood_on": ""}, "say it too, or leave all of it open"),
        ({"fact_stood_by": " \u200b "}, "say it too, or leave all of it open"),
        ({"fact_stood_in": "The notebook of the squad"}, "Give the number of the document or entry"),
        ({"fact_stood_in": "See above."}, "leaves it open"),
        ({"fact_stood_in": "Report {number}"}, "a paper of the portal"),
        ({"fact_stood_on": "2026-11-21"}, "had not been obtained then"),
        ({"fact_stood_on": "2999-01-01"}, "future"),
    ],
)
def test_a_citation_that_cites_nothing_is_refused_bypass(sign_in, post, make, changed, said):
    request = make.request("reported")
    client, page = sign_in(DETECTIVE), f"/requests/{request.number}"
    number = request.reports[0].number.replace("-", " ").lower()
    typed = {name: value.format(number=number) for name, value in changed.items()}
    answer = post(client, f"{page}/corroboration", ITEM | typed)
    assert answer.status_code == 422 and said in answer.text
    assert request.evidence == []


@pytest.mark.clause("USE-8", "AUD-7")
def test_what_is_recorded_after_an_arrest_was_not_in_hand_at_it_bypass(sign_in, post, make, agree):
    """By waiting: the arrest first, then items with days that lie before it."""
    request = make.request("reported")
    client, page = sign_in(DETECTIVE), f"/requests/{request.number}"
    assert post(client, f"{page}/arrest", arrested(now())).status_code == 303
    stating(post, client, page, ITEM | dict.fromkeys(CITED, ""))
    stating(post, client, page, ITEM | {"fact_what": "The coat of the owner was found in the apartment as well."})
    assert [one.independent for one in ledger.items(request)] == [False, False], "nobody agreed to them"
    agree(request)
    assert [one.independent for one in ledger.items(request)] == [True, True]
    assert request.arrests[0].in_hand == 0
    shown = client.get(page).text
    assert "No independent evidence in hand" in shown and "Recorded after the arrest was reported: 2" in shown
    figures = sign_in(SUPERVISOR).get("/workload/figures/arrests")
    assert request.number in figures.text
    assert sign_in(SUPERVISOR).get("/workload/figures/arrests.csv").text.splitlines()[1].endswith(",1,0,0,0,0")


@pytest.mark.clause("USE-8", "AUD-7")
def test_what_was_agreed_to_before_an_arrest_was_reported_was_in_hand_at_it(sign_in, post, make, agree):
    request = make.request("reported")
    client, page = sign_in(DETECTIVE), f"/requests/{request.number}"
    stating(post, client, page, ITEM)
    coat = {"fact_what": "The coat of the owner was found in the apartment as well."}
    stating(post, client, page, ITEM | coat | dict.fromkeys(CITED, ""))
    agree(request)
    assert post(client, f"{page}/arrest", arrested(now())).status_code == 303
    assert request.arrests[0].in_hand == 1, "an uncited item was obtained when it was recorded"


@pytest.mark.clause("USE-8", "USE-7")
@pytest.mark.parametrize(
    "words",
    [
        "Nothing further was found against the person in any of the files.",
        "A gray hood like the one in the still, seen in a shop window near by.",
        "Printout on which the clerk put a cross beside number three.",
        "The victim confirmed that he is the robber.",
        "The cashier ID'd him as the offender at the precinct.",
        "The victim singled him out among six.",
    ],
)
def test_words_that_no_list_knows_count_for_nothing_until_a_second_person_agrees_bypass(sign_in, post, make, words):
    request = make.request("reported")
    client, page = sign_in(DETECTIVE), f"/requests/{request.number}"
    said = ITEM | {
        "kind": "trace_evidence",
        "fact_what": words,
        "fact_why": "It was light and it stood two yards away.",
    }
    post(client, f"{page}/corroboration", said)
    assert not any(one.independent for one in ledger.items(request))
    ended = closing("person_identified", fact_how="The person was found and spoken with at the station.")
    for outcome in (closing("arrest", **arrested(now())), ended):
        assert post(client, f"{page}/outcome", outcome).status_code != 303
    assert (request.state, request.arrests) == ("reported", [])


@pytest.mark.clause("USE-8", "USE-7")
def test_a_line_up_depends_whatever_its_day_and_nobody_can_agree_that_it_stands_bypass(sign_in, post, make, agree):
    """By an earlier day: before the result there was no candidate whose picture anybody could be shown."""
    request = make.request("reported")
    client, page = sign_in(DETECTIVE), f"/requests/{request.number}"
    told = {
        "fact_shown_or_told": "yes",
        "fact_told_since": "yes",
        "fact_told_source": "The detective showed it to her.",
    }
    for item in (LINE_UP, LINE_UP | told | {"fact_what": "The second clerk chose the photograph from six."}):
        stating(post, client, page, item)
    doorman = (
        ITEM | told | {"kind": "witness_account", "fact_what": "The doorman says that the man with the bag is him."}
    )
    stating(post, client, page, doorman)
    assert [(one.depends, one.awaits) for one in map(ledger.standing_of, request.evidence)] == [(True, False)] * 3
    agree(request)
    assert post(client, f"{page}/outcome", closing("arrest", **arrested(now()))).status_code != 303


@pytest.mark.clause("USE-8", "AUD-7")
@pytest.mark.parametrize("ground", ["under_arrest", "on_warrant"])
def test_an_arrest_before_the_request_is_cited_told_and_counted_by_itself_bypass(sign_in, post, make, ground):
    """By an earlier day: the request says that nobody knew who the person was."""
    request = make.request("reported")
    assert request.use_id == "USE-1"
    for who in (INTEGRITY, SUPERVISOR):
        sign_in(who)
    client, page = sign_in(DETECTIVE), f"/requests/{request.number}"
    day = now() - timedelta(days=1)
    bare = closing("arrest", **arrested(day, fact_ground=ground))
    assert post(client, f"{page}/outcome", bare).status_code == 422
    own = before_result(day, fact_ground=ground, fact_record_in=f"Report {request.reports[0].number}")
    assert post(client, f"{page}/outcome", closing("arrest", **own)).status_code == 422
    cited = closing("arrest", **before_result(day, fact_ground=ground))
    answer = post(client, f"{page}/outcome", cited)
    if ground == "under_arrest":
        assert answer.status_code == 422 and "Only a request on USE-5" in answer.text
        assert (request.state, request.arrests) == ("reported", [])
        return
    assert answer.status_code == 303
    told = db.session.query(Notification).filter_by(kind="arrest_dated_before").all()
    assert {SUPERVISOR, INTEGRITY} <= {db.session.get(Account, row.account_id).name for row in told}
    shown = client.get(page).text
    assert "Contradicts the request" in shown and "which asked who an unknown person is" in shown
    figures = sign_in(SUPERVISOR).get("/workload/figures/arrests").text
    assert request.number in figures and "Before the request was filed: contradicts it" in figures
    lines = sign_in(SUPERVISOR).get("/workload/figures/arrests.csv").text.splitlines()
    assert "Said to be before the possible match" in lines[0]
    assert lines[1].endswith(",0,0,0,1,0")


@pytest.mark.clause("USE-8", "AUD-7", "REQ-2")
def test_an_arrest_under_another_number_rests_on_the_result_once_the_two_are_one_matter_bypass(
    sign_in, post, make, people
):
    """By splitting: the result under one number, the arrest under the other."""
    lead = make.request("reported", case_number="2026-075-01234")
    other = make.request("negative", case_number="2026-075-05555", seed=31)
    make.run_jobs()
    client, page = sign_in(DETECTIVE), f"/requests/{other.number}"
    assert post(client, f"{page}/arrest", arrested(now())).status_code == 303
    assert [(one.basis, one.in_hand) for one in other.arrests] == [("no_lead", 0)]
    number = db.session.query(CaseNumber).filter_by(number=lead.case_number).one()
    officer = people.actor("b.juniper")
    with unit_of_work():
        links.link(number, officer, other.case_number, "Both files are of one robbery, says the squad.")
    assert [(one.basis, one.in_hand) for one in other.arrests] == [("on_lead", 0)]
    assert db.session.query(Notification).filter_by(kind="arrest_uncorroborated").count()
    event = db.session.query(AuditEvent).filter_by(event="request.arrest_rests_anew").one()
    assert json.loads(event.keys) == {"basis": "on_lead", "in_hand": 0}
    assert other.number in sign_in(SUPERVISOR).get("/workload/figures/arrests").text


@pytest.mark.clause("USE-8", "USE-7", "AUD-7")
def test_the_supervisor_agrees_with_words_of_their_own_or_it_does_not_count_bypass(sign_in, post, make):
    request = make.request("reported")
    client, page = sign_in(DETECTIVE), f"/requests/{request.number}"
    stating(post, client, page, ITEM)
    item, closed = request.evidence[0], closing("arrest", **arrested(now()))
    standing = ledger.standing_of(item)
    assert (standing.dating, standing.depends, standing.awaits, standing.independent) == ("cited", False, True, False)
    told = db.session.query(Notification).filter_by(kind="evidence_awaits").all()
    assert {db.session.get(Account, row.account_id).name for row in told} == {NAMED}
    shown = client.get(page).text
    assert "Waits for a supervisor’s word" in shown and "Stands without the result" not in shown
    way, there = f"/discussions/{request.number}/evidence/{item.uid}", f"/discussions/{request.number}"
    assert post(client, f"{page}/outcome", closed).status_code != 303

    def word(answer: str, reason: str, who=NAMED, version: str | None = None):
        prefix = item.uid[:8]
        fields = {"version": version or str(request.version), "answer": answer, "reason": reason}
        return post(sign_in(who), way, {f"{prefix}-{name}": value for name, value in fields.items()}, page="/")

    for who in (DETECTIVE, SUPERVISOR, "l.wren"):
        assert word("agree", WHY, who).status_code in (403, 404), who
    supervisor = sign_in(NAMED)
    assert request.number in supervisor.get("/discussions").text
    assert "Say whether the evidence is as it was recorded" in supervisor.get("/").text
    asked = supervisor.get(there).text
    assert MARK in asked and "DD5 No. 12" in asked and "Is it as it is recorded here?" in asked
    for empty in ("", "ok", "As discussed."):
        assert word("agree", empty).status_code == 422
    assert word("agree", WHY, version="999999").status_code == 409, "on another state of it than was shown"
    assert db.session.query(EvidenceJudgment).count() == 0
    assert word("agree", WHY).status_code == 303
    assert ledger.standing_of(item).independent is True
    assert word("decline", "I said so too early and do not know it.").status_code != 303, "one word each"
    assert "Say whether the evidence is as it was recorded" not in sign_in(NAMED).get("/").text
    client = sign_in(DETECTIVE)
    shown = client.get(page).text
    assert MARK in shown and WHY in shown and "agrees that it is as it was recorded" in shown
    assert post(client, f"{page}/outcome", closed).status_code == 303
    assert (request.state, request.arrests[0].in_hand) == ("closed", 1)
    event = db.session.query(AuditEvent).filter_by(event="request.evidence_judged").one()
    assert json.loads(event.keys) == {"item": item.uid, "agreed": True}


@pytest.mark.clause("USE-8")
def test_a_supervisor_who_does_not_know_of_it_leaves_it_uncounted_bypass(sign_in, post, make):
    request = make.request("reported")
    client, page = sign_in(DETECTIVE), f"/requests/{request.number}"
    stating(post, client, page, ITEM)
    item = request.evidence[0]
    fields = {"version": str(request.version), "answer": "decline", "reason": "The sheet is not in the case system."}
    typed = {f"{item.uid[:8]}-{name}": value for name, value in fields.items()}
    way = f"/discussions/{request.number}/evidence/{item.uid}"
    assert post(sign_in(NAMED), way, typed, page="/").status_code == 303
    standing = ledger.standing_of(item)
    assert (standing.independent, standing.awaits) == (False, False)
    client = sign_in(DETECTIVE)
    shown = client.get(page).text
    assert "Not agreed to" in shown and "does not agree that it is as it was recorded" in shown
    assert post(client, f"{page}/outcome", closing("arrest", **arrested(now()))).status_code != 303


@pytest.mark.clause("USE-8")
def test_an_item_from_before_citations_were_asked_for_shows_it_and_a_line_up_waits(make, people):
    request = make.request("reported")
    facts = {name.removeprefix("fact_"): value for name, value in LINE_UP.items() if name not in CITED}
    kind = facts.pop("kind")
    with unit_of_work():
        row = EvidenceItem(
            request=request,
            recorded_by_id=request.requester_id,
            policy_version="p",
            kind=kind,
            timing="before_lead",
            depends=False,
        )
        row.seal(facts=facts)
        db.session.add(row)
        audit.record("policy.loaded", version="earlier")
    standing = ledger.standing_of(row)
    assert (standing.dated_before, standing.independent, standing.awaits) == (True, False, True)
