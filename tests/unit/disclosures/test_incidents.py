"""Disclosures that broke the law: report, harm, notice, in that order, and never declined against it (EXT-10)."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from app import audit
from app.access.scoping import find
from app.clauses import registry
from app.domain.disclosures import incidents
from app.extensions import db
from app.models import Incident
from app.models.base import now
from app.policy import policy
from app.policy.refused import Refused
from app.unit_of_work import unit_of_work

pytestmark = pytest.mark.clause("EXT-10")
WHAT = "A report was sent to the wrong office by mistake."
WHY = "The office returned it unread and confirmed so in writing."


@pytest.fixture
def officer(people):
    return people.actor("y.hazel")


@pytest.fixture
def incident(app, officer) -> Incident:
    with unit_of_work():
        return incidents.record(officer, None, now() - timedelta(hours=1), WHAT)


def report(incident, officer):
    with unit_of_work():
        incidents.report_to_cpo(incident, officer, "CPO-2026-3", now())


def assess(incident, officer, harm="none"):
    with unit_of_work():
        incidents.assess_harm(incident, officer, harm, WHY)


def decide(incident, officer, give, required_by_law, consulted, text="We write to tell you what happened.", why=WHY):
    with unit_of_work():
        incidents.decide_notice(incident, officer, give, required_by_law, consulted, why, text)


def refusal_of(act, *given, **named) -> str | None:
    try:
        act(*given, **named)
    except Refused as refused:
        return refused.rule_id
    return None


def test_an_incident_goes_from_awareness_to_its_end(incident, officer):
    assert incident.number.startswith("I-") and incident.state == "open"
    report(incident, officer)
    assess(incident, officer, "potential")
    decide(incident, officer, True, False, None or False)
    assert refusal_of(incidents.close, incident, officer) == "efforts_recorded"
    with unit_of_work():
        incidents.close(incident, officer, "Letters sent to both individuals on the same day.")
    assert (incident.state, incident.notice) == ("closed", "give")
    kept = {"what", "report_reference", "assessments", "notices", "efforts"}
    assert kept <= set(incident.private)
    assert WHAT.encode() not in incident.sealed


def test_the_report_comes_first(incident, officer):
    assert refusal_of(assess, incident, officer) == "WF-incident-assess"
    assert refusal_of(decide, incident, officer, True, False, True) == "WF-incident-notice"
    assert refusal_of(incidents.close, incident, officer) == "WF-incident-close"
    assert incident.state == "open" and incident.harm is None


@pytest.mark.parametrize(
    ("reference", "offset", "rule"),
    [
        ("", timedelta(0), "report_referenced"),
        ("CPO-1", timedelta(hours=-2), "report_moment_sound"),
        ("CPO-1", timedelta(hours=2), "report_moment_sound"),
    ],
)
def test_the_report_has_a_reference_and_a_moment_after_awareness(incident, officer, reference, offset, rule):
    with pytest.raises(Refused) as refused, unit_of_work():
        incidents.report_to_cpo(incident, officer, reference, now() + offset)
    assert refused.value.rule_id == rule
    db.session.refresh(incident)
    assert incident.reported_at is None


def expected(harm: str, give: bool | None, law: bool | None, consulted: bool | None) -> str | None:
    """What EXT-10 says of a decision, written from the clause: the rule that refuses it, or None."""
    if None in (give, law, consulted):
        return "notice_answers_complete"
    if give:
        return None
    if harm == "potential" or law:
        return "notice_not_declined_against_law"
    return None if consulted else "notice_consulted"


def test_notice_is_never_declined_against_the_law(incident, officer):
    """Every combination of harm, decision, duty and consultation."""
    report(incident, officer)
    wrong = []
    for harm in ("none", "potential"):
        assess(incident, officer, harm)
        for give, law, consulted in product((True, False, None), repeat=3):
            said = refusal_of(decide, incident, officer, give, law, consulted)
            db.session.refresh(incident)
            if said != expected(harm, give, law, consulted):
                wrong.append((harm, give, law, consulted, said))
    assert wrong == []


def test_notice_is_in_writing_and_every_decision_has_its_reason(incident, officer):
    report(incident, officer)
    assert refusal_of(assess, incident, officer, "some") == "harm_stated"
    assess(incident, officer)
    assert refusal_of(decide, incident, officer, True, False, True, text=" ") == "notice_written"
    assert refusal_of(decide, incident, officer, True, False, True, why=" ") == "reason_given"
    assert refusal_of(incidents.close, incident, officer) == "notice_decided"


def test_another_assessment_undoes_the_decision_on_notice(incident, officer):
    report(incident, officer)
    assess(incident, officer)
    decide(incident, officer, False, False, True)
    assess(incident, officer, "potential")
    assert incident.notice is None
    assert refusal_of(incidents.close, incident, officer) == "notice_decided"


def test_every_assessment_and_every_decision_stays_with_its_reason_bypass(incident, officer):
    """Judging again, as often as anybody likes, takes back nothing that was written before."""
    report(incident, officer)
    reasons = ("First: nothing left the office.", "Second: a copy was found elsewhere.", "Third: it was destroyed.")
    for harm, reason in zip(("none", "potential", "none"), reasons, strict=True):
        with unit_of_work():
            incidents.assess_harm(incident, officer, harm, reason)
        decide(incident, officer, True, False, True, text=f"Notice after: {reason}", why=f"Because: {reason}")
    kept = incidents.judgements(incident, "assessments")
    assert [(one["harm"], one["reason"]) for one in kept] == list(
        zip(("none", "potential", "none"), reasons, strict=True)
    )
    assert all(one["by"] == officer.display_name and one["policy_version"] for one in kept)
    decided = incidents.judgements(incident, "notices")
    assert [one["text"] for one in decided] == [f"Notice after: {reason}" for reason in reasons]
    assert incident.harm == "none" and incident.notice == "give"


def test_what_an_earlier_version_recorded_is_the_first_of_them(incident, officer):
    report(incident, officer)
    assess(incident, officer)
    decide(incident, officer, True, False, True)
    old = {key: value for key, value in incident.private.items() if key not in ("assessments", "notices")}
    with unit_of_work():
        incident.sealed = None
        incident.seal(**old, harm_reason="As the earlier version kept it.", notice_reason="As then.")
        audit.record("audit.anchored", sequence=0)
    assess(incident, officer, "potential")
    first, second = incidents.judgements(incident, "assessments")
    assert (first["harm"], first["reason"]) == ("none", "As the earlier version kept it.") and "at" not in first
    assert second["harm"] == "potential"
    assert [one["reason"] for one in incidents.judgements(incident, "notices")] == ["As then."]


def test_an_incident_is_recorded_with_what_happened_and_when_it_was_known(app, officer, people):
    for aware_at, what in ((now() + timedelta(hours=1), WHAT), (now(), "Oops.")):
        with pytest.raises(Refused) as refused, unit_of_work():
            incidents.record(officer, None, aware_at, what)
        assert refused.value.rule_id == "unlawful-disclosure"
    other = people.actor("b.juniper")
    with pytest.raises(Refused) as refused, unit_of_work():
        incidents.record(other, None, now(), WHAT)
    assert refused.value.rule_id == "incident.keep"


def test_only_the_privacy_officer_knows_of_it(incident, people):
    assert find(Incident, incident.number, people.actor("y.hazel")) is incident
    for name in ("b.juniper", "d.lark", "w.sparrow", "h.larch", "f.spruce"):
        assert find(Incident, incident.number, people.actor(name)) is None


def test_each_step_asks_what_the_clause_demands():
    needed = {
        "report_to_cpo": {"report_referenced", "report_moment_sound"},
        "assess_harm": {"harm_stated", "reason_given"},
        "decide_notice": {
            "notice_answers_complete",
            "notice_not_declined_against_law",
            "notice_consulted",
            "notice_written",
            "reason_given",
        },
        "close": {"notice_decided", "efforts_recorded"},
    }
    listed = {row.verb: set(row.conditions) for row in policy().workflow("incident").transitions}
    assert listed == needed
    assert "app.models.disclosures:Incident" in registry()["EXT-10"]


@pytest.mark.parametrize("words", ["-", "…", "\u200b\u2060", "xxxxx"])
def test_signs_are_no_reference_no_notice_and_no_effort_bypass(incident, officer, words):
    """By wording: what only fills its field reports nothing, notifies nobody and closes nothing."""
    moment = now()
    assert refusal_of(incidents.report_to_cpo, incident, officer, words, moment) == "report_referenced"
    report(incident, officer)
    assess(incident, officer, "potential")
    assert refusal_of(decide, incident, officer, True, False, True, text=words) == "notice_written"
    decide(incident, officer, True, False, True)
    assert refusal_of(incidents.close, incident, officer, words) == "efforts_recorded"
    assert (incident.state, incident.notice) != ("closed", "give")


def test_harm_assessed_again_as_none_opens_no_way_around_the_consultation_bypass(incident, officer):
    """By repeating: the earlier decision is void, and declining asks for both consultations and the law anew."""
    report(incident, officer)
    assess(incident, officer, "potential")
    decide(incident, officer, True, False, True)
    assess(incident, officer, "none")
    assert refusal_of(incidents.close, incident, officer) == "notice_decided"
    assert refusal_of(decide, incident, officer, False, False, False) == "notice_consulted"
    assert refusal_of(decide, incident, officer, False, True, True) == "notice_not_declined_against_law"
