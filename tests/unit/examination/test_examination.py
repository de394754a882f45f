"""The verbs of examination without pages: training, separation, the worksheet, whom a nomination reaches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.examination import verbs as examination
from app.domain.examination.worksheet_conditions import worksheet_faults
from app.domain.examination.worksheets import known_features
from app.extensions import db
from app.models import Disposition, Notification
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work
from app.workflow import advance
from tests.unit_stages import worksheet

FEATURES = [feature.value for feature in policy().review.worksheet.features]
VERDICTS = {verdict.value: verdict for verdict in policy().review.worksheet.verdicts}
SHEETS = st.dictionaries(
    st.sampled_from([*FEATURES, "gait"]),
    st.fixed_dictionaries(
        {"verdict": st.sampled_from([*VERDICTS, "", "certain"]), "note": st.sampled_from(["", " ", "x"])}
    ),
)


@pytest.mark.clause("SRC-2")
@given(SHEETS)
def test_a_worksheet_is_complete_exactly_when_the_rule_says(sheet):
    sound = known_features(sheet)
    complete = (
        set(sound) == set(FEATURES)
        and all(entry["note"] or not VERDICTS[entry["verdict"]].needs_note for entry in sound.values())
        and any(VERDICTS[entry["verdict"]].compared for entry in sound.values())
    )
    assert (worksheet_faults(sound) == []) is complete
    assert "gait" not in sound


@pytest.mark.clause("SRC-2")
@given(st.sampled_from(["not_visible", "not_comparable"]))
def test_nothing_compared_is_nothing_retained(verdict):
    assert worksheet_faults(worksheet(verdict))[0].message.startswith("No feature could be compared")


@pytest.mark.clause("SRC-2", "CAP-6")
def test_ranking_is_refused_to_everybody_until_all_is_compared(make, people):
    request = make.request(state="under_examination")
    round_, examiner = request.current_round, people.actor("k.rowan")
    for candidate in list(round_.search.candidates)[1:]:
        make.exclude(request, candidate)
    with pytest.raises(Refused) as refused:
        examination.ranking(round_, examiner)
    assert refused.value.rule_id == "blind-order"
    make.exclude(request, round_.search.candidates[0])
    assert [c.rank for c in examination.ranking(round_, examiner)] == [1, 2, 3]
    with pytest.raises(Refused):
        examination.ranking(round_, people.actor("j.maple"))


@pytest.mark.clause("SRC-2")
def test_only_the_rounds_examiner_disposes(make, people):
    request = make.request(state="under_examination")
    other = people.actor("j.maple")
    candidate = request.current_round.search.candidates[0]
    with pytest.raises(Refused) as refused, unit_of_work():
        examination.dispose(request, other, candidate, "excluded", {"nose": {"verdict": "different_unexplained"}}, "")
    assert refused.value.rule_id == "actor_is_examiner"
    assert db.session.query(Disposition).count() == 0


@pytest.mark.clause("SRC-4", "ACC-4")
def test_a_nomination_reaches_the_trained_examiners_to_whom_it_is_assigned(make, people):
    for name in ("j.maple", "n.finch", "o.teal", "d.lark", "c.hawthorn"):
        people.account(name)
    make.request(state="nominated")
    told = {row.account.name for row in db.session.query(Notification).filter_by(kind="peer_review_open")}
    assert told == {"j.maple", "n.finch"}


@pytest.mark.clause("SRC-5")
def test_the_last_verdict_calls_the_examiner_and_the_supervisors(make, people):
    people.account("c.hawthorn")
    request = make.request(state="nominated")
    make.peer(request, "j.maple")
    assert request.state == "nominated"
    make.peer(request, "n.finch", "0")
    assert request.state == "peer_reviewed"
    told = {row.account.name for row in db.session.query(Notification).filter_by(kind="peer_reviews_done")}
    assert told == {"k.rowan", "c.hawthorn"}


@pytest.mark.clause("SRC-4", "ACC-4", "FAIR-1")
@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("o.teal", "peer.review"),
        ("d.lark", "peer.review"),
        ("k.rowan", "examiner"),
        ("j.maple", "peer"),
        ("a.plover", "peer_assigned"),
    ],
)
def test_who_is_no_peer(make, people, name, rule):
    request = make.request(state="nominated")
    make.peer(request, "j.maple")
    actor, line_up = people.actor(name), make.line_up(request, "n.finch")
    with pytest.raises(Refused) as refused, unit_of_work():
        advance(request, "record_peer_review", actor, line_up=line_up, round=None, opinion="p2")
    assert refused.value.rule_id == rule
    assert len(request.current_round.peer_reviews) == 1


@pytest.mark.clause("SRC-6", "SRC-4")
def test_a_peer_of_an_earlier_round_neither_examines_nor_reviews_the_next(make, people):
    request = make.request(state="continued", opinions=("p2", "m2"))
    peer = people.actor("n.finch")
    with pytest.raises(Refused) as refused, unit_of_work():
        examination.begin(request, peer)
    assert refused.value.rule_id == "peer"
