"""Each step has its event, each event of a step its step, and the steps lead to the state: what was changed is named.

The attacker here has the database file and rewrites the chain of events afterwards, so that it holds: only the pairing
is left to find what was done.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from app import audit
from app.audit.chain import GENESIS, digest
from app.domain.oversight import trail_check
from app.extensions import db
from app.models import AuditEvent, Transition
from app.models.base import now
from app.policy import loader, policy
from app.policy.texts import RuleText, digest_of
from app.unit_of_work import unit_of_work
from app.workflow import engine, pairing
from tests.policy.subjects import MAKERS
from tests.policy.test_workflow import somebody

FLOWS = policy().workflows
STEPS = 3

pytestmark = pytest.mark.past_the_program


@pytest.fixture
def walk(app, people, monkeypatch) -> Callable[[str], Any]:
    """walk("disclosure") -> a subject that took its first steps through `advance`, whatever the conditions say."""
    monkeypatch.setattr(engine, "_permitted", lambda subject, verb, actor, facts: engine._transition(subject, verb))
    names = ("d.lark", "y.hazel", "c.hawthorn")
    actors = [somebody(people.account(name)) for name in names]

    def taken(kind: str) -> Any:
        subject = MAKERS[kind].in_state(people, FLOWS[kind].initial)
        for number in range(STEPS):
            # a table wants more of some states than a row of this test has
            with unit_of_work() as rows:
                rows.execute(text("PRAGMA ignore_check_constraints = ON"))
                rule = next((row for row in FLOWS[kind].transitions if subject.state in row.sources), None)
                if rule is None:
                    break
                facts = dict.fromkeys(policy().event(rule.event).keys, "x")
                engine.advance(subject, rule.verb, actors[number % len(actors)], **facts)
        return subject

    return taken


@pytest.fixture
def tamper(settings) -> Callable[..., None]:
    """An attacker with the database file: no trigger, no check, and a chain that holds afterwards."""

    def run(*statements: tuple[str, tuple] | str) -> None:
        db.session.rollback()
        with closing(sqlite3.connect(settings.data_dir / "corroborate.sqlite")) as raw, raw:
            raw.row_factory = sqlite3.Row
            raw.execute("PRAGMA ignore_check_constraints = ON")
            for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                raw.execute(f"DROP TRIGGER {row['name']}")
            for statement in statements:
                raw.execute(*statement) if isinstance(statement, tuple) else raw.execute(statement)
            rechain(raw)

    return run


def rechain(raw: sqlite3.Connection) -> None:
    rows = [dict(row) for row in raw.execute("SELECT * FROM audit_event ORDER BY sequence")]
    raw.execute("DELETE FROM audit_event")
    previous = GENESIS
    for number, row in enumerate(rows, 1):
        row["sequence"], row["previous"] = number, previous
        previous = row["digest"] = digest(row)
        columns = ", ".join(row)
        raw.execute(f"INSERT INTO audit_event ({columns}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))


def found() -> list[tuple[str, str]]:
    db.session.rollback()
    with trail_check.one_moment() as session:
        return [(fault.where, fault.what) for fault in trail_check.faults(session)]


def name_of(subject: Any) -> str:
    return f"{FLOWS[subject.subject_type].noun} {getattr(subject, subject.lookup)}"


def steps_of(subject: Any) -> list[Transition]:
    return (
        db.session.query(Transition)
        .filter_by(subject_type=subject.subject_type, subject_id=subject.id)
        .order_by(Transition.id)
        .all()
    )


def events_of(subject: Any) -> list[AuditEvent]:
    stepped = {rule.event for rule in FLOWS[subject.subject_type].transitions}
    found = db.session.query(AuditEvent).filter_by(
        subject_type=subject.subject_type, subject_id=str(getattr(subject, subject.lookup))
    )
    return [row for row in found.order_by(AuditEvent.sequence) if row.event in stepped]


@pytest.mark.clause("ACC-11")
def test_what_was_not_touched_has_no_fault(walk, monkeypatch):
    """Over the borders between what is read at a time, too."""
    monkeypatch.setattr(pairing, "CHUNK", 2)
    for kind in FLOWS:
        for _ in range(3):
            walk(kind)
    assert db.session.query(Transition).count() > 3 * len(FLOWS)
    assert found() == []


@pytest.mark.clause("ACC-11")
@pytest.mark.parametrize("kind", FLOWS)
def test_a_lost_event_is_named_with_its_step(walk, tamper, kind):
    other, subject = walk(kind), walk(kind)
    for step, event in zip(steps_of(subject), events_of(subject), strict=True):
        lost = (name_of(subject), f"has lost the event {event.event} of its step {step.id} ({step.verb})")
        with closing(sqlite3.connect(db.engine.url.database)) as raw, raw:
            kept = raw.execute("SELECT * FROM audit_event").fetchall()
        tamper(("DELETE FROM audit_event WHERE sequence = ?", (event.sequence,)))
        assert found() == [lost]
        with closing(sqlite3.connect(db.engine.url.database)) as raw, raw:
            raw.execute("DELETE FROM audit_event")
            raw.executemany(f"INSERT INTO audit_event VALUES ({', '.join('?' * len(kept[0]))})", kept)
    assert found() == []
    assert other.uid != subject.uid


@pytest.mark.clause("ACC-11")
@pytest.mark.parametrize("kind", FLOWS)
def test_a_lost_step_is_named_by_its_event(walk, tamper, kind):
    walk(kind)
    subject = walk(kind)
    step, event = steps_of(subject)[0], events_of(subject)[0]
    tamper(("DELETE FROM transition WHERE id = ?", (step.id,)))
    faults = found()
    lost = f"has lost the step that event {event.sequence} ({event.event}) tells of"
    assert (name_of(subject), lost) in faults
    assert {where for where, _ in faults} == {name_of(subject)}


@pytest.mark.clause("ACC-11")
@pytest.mark.parametrize("kind", FLOWS)
def test_an_altered_state_is_named(walk, tamper, kind):
    walk(kind)
    subject = walk(kind)
    last, other = steps_of(subject)[-1], next(s.id for s in FLOWS[kind].states if s.id != subject.state)
    tamper((f"UPDATE {type(subject).__tablename__} SET state = ? WHERE id = ?", (other, subject.id)))
    what = f"stands as “{other}”, but its step {last.id} ({last.verb}) leads to “{last.target}”"
    assert found() == [(name_of(subject), what)]


@pytest.mark.clause("ACC-11")
def test_a_subject_moved_without_any_step_is_named(walk, people, tamper):
    hold = MAKERS["hold"].in_state(people, "placed")
    tamper(("UPDATE legal_hold SET state = 'released' WHERE id = ?", (hold.id,)))
    assert found() == [(name_of(hold), "stands as “released”, but it begins as “placed”")]


@pytest.mark.clause("ACC-11")
def test_an_approval_written_in_place_of_a_refusal_is_named(walk, tamper):
    """State, step and chain changed alike: the step does not follow its own rule."""
    subject = walk("disclosure")
    last = steps_of(subject)[-1]
    tamper(
        ("UPDATE transition SET target = 'released' WHERE id = ?", (last.id,)),
        ("UPDATE disclosure SET state = 'released' WHERE id = ?", (subject.id,)),
    )
    assert found() == [
        (
            name_of(subject),
            f"went from “{last.source}” to “released” in its step {last.id} ({last.verb}), "
            f"which {last.rule} does not allow",
        )
    ]


@pytest.mark.clause("ACC-11")
@pytest.mark.parametrize("table", ["transition", "audit_event"])
def test_another_person_is_named(walk, people, tamper, table):
    subject, other = walk("disclosure"), people.account("k.rowan").id
    step, event = steps_of(subject)[1], events_of(subject)[1]
    before = {"transition": step.actor_id, "audit_event": event.actor_id}
    row = ("id", step.id) if table == "transition" else ("sequence", event.sequence)
    tamper((f"UPDATE {table} SET actor_id = ? WHERE {row[0]} = ?", (other, row[1])))
    now = {**before, table: other}
    what = (
        f"had its step {step.id} ({step.verb}) taken by account {now['transition']}, "
        f"but event {event.sequence} ({event.event}) names account {now['audit_event']}"
    )
    assert found() == [(name_of(subject), what)]


@pytest.mark.clause("ACC-11")
def test_events_in_another_order_are_named(walk, tamper):
    subject = walk("disclosure")
    first, second = (event.sequence for event in events_of(subject)[:2])
    tamper(
        ("UPDATE audit_event SET sequence = -1 WHERE sequence = ?", (first,)),
        ("UPDATE audit_event SET sequence = ? WHERE sequence = ?", (first, second)),
        ("UPDATE audit_event SET sequence = ? WHERE sequence = -1", (second,)),
    )
    assert {where for where, _ in found()} == {name_of(subject)}


@pytest.mark.clause("ACC-11")
def test_a_step_of_another_policy_than_its_event_is_named(walk, tamper):
    subject = walk("incident")
    step = steps_of(subject)[0]
    tamper(("UPDATE transition SET policy_version = ? WHERE id = ?", ("f" * 64, step.id)))
    [(where, what)] = found()
    assert (where, "another policy version" in what) == (name_of(subject), True)


@pytest.mark.clause("ACC-11")
def test_a_removed_subject_is_named_by_its_steps_and_by_its_events(walk, tamper):
    subject = walk("disclosure")
    name, steps, events = name_of(subject), len(steps_of(subject)), len(events_of(subject))
    tamper(("DELETE FROM disclosure WHERE id = ?", (subject.id,)))
    places = [where for where, _ in found()]
    assert places.count("disclosure with the internal id 1") == steps > 0
    assert places.count(name) == events > 0
    tamper("DELETE FROM transition")
    assert [where for where, _ in found()] == [name] * events


@pytest.mark.clause("ACC-11")
def test_an_event_of_a_step_without_a_subject_is_named(app):
    with unit_of_work():
        audit.record("disclosure.acknowledged", package="1")
    assert found() == [("event 1", "tells of a step (disclosure.acknowledged), but of nothing that has a workflow")]


@pytest.mark.clause("ACC-11")
def test_an_event_of_another_workflow_is_named(walk):
    subject = walk("disclosure")
    with unit_of_work():
        audit.record("request.reported", subject, report="R", kind="negative", sha256="0")
    [(where, what)] = found()
    assert (where, "(request.reported)" in what) == (name_of(subject), True)


@pytest.mark.clause("ACC-11")
def test_steps_under_rules_that_the_policy_no_longer_has_are_no_fault(walk, tamper):
    """Neither where their event is still a step's, nor where it is none any more."""
    subject = walk("disclosure")

    def of_subject() -> list[tuple[str, str]]:
        """The faults but for the version itself, which was made up here."""
        return [fault for fault in found() if not fault[0].startswith("policy version")]

    first, second, _ = steps_of(subject)
    of_old = [row.sequence for row in events_of(subject)[:2]]
    tamper(
        ("UPDATE transition SET rule = 'WF-of-old', policy_version = 'old' WHERE id IN (?, ?)", (first.id, second.id)),
        ("UPDATE audit_event SET policy_version = 'old' WHERE sequence IN (?, ?)", tuple(of_old)),
    )
    assert of_subject() == []
    tamper(("UPDATE audit_event SET event = 'disclosure.of_old' WHERE sequence = ?", (events_of(subject)[0].sequence,)))
    assert of_subject() == []


@pytest.fixture
def later(monkeypatch) -> Callable[[], str]:
    """later() -> the version until now; from here on the portal applies another: one file more."""

    def change() -> str:
        before = policy().version
        texts = (*policy().texts, RuleText("z-later.toml", b'[[rule]]\nid = "later"\ntext = "A later rule."\n'))
        changed = dataclasses.replace(policy(), texts=texts, version=digest_of(texts))
        monkeypatch.setattr(loader._held, "applied", changed)
        return before

    return change


@pytest.mark.clause("AUD-6", "ACC-11")
@pytest.mark.parametrize("rule", ["WF-made-up", "WF-submit", "disclosure-purpose"])
def test_a_step_of_an_earlier_version_follows_a_rule_of_that_version_bypass(walk, tamper, later, rule):
    """By waiting: the rule files change, and what an old step cites is held against nothing any more."""
    subject = walk("disclosure")
    later()
    assert found() == []
    step = steps_of(subject)[0]
    tamper(("UPDATE transition SET rule = ? WHERE id = ?", (rule, step.id)))
    said = f"took its step {step.id} ({step.verb}) under {rule}, which is no rule of the policy that it names"
    assert (name_of(subject), said) in found()


@pytest.mark.clause("AUD-6", "ACC-11")
def test_an_approval_written_into_a_step_of_an_earlier_version_is_named_bypass(walk, tamper, later):
    subject = walk("disclosure")
    last = steps_of(subject)[-1]
    later()
    tamper(
        ("UPDATE transition SET target = 'released' WHERE id = ?", (last.id,)),
        ("UPDATE disclosure SET state = 'released' WHERE id = ?", (subject.id,)),
    )
    led = f"went from “{last.source}” to “released” in its step {last.id} ({last.verb})"
    assert found() == [(name_of(subject), f"{led}, which {last.rule} does not allow")]


@pytest.mark.clause("AUD-6", "ACC-11")
def test_a_rule_that_only_the_earlier_version_had_is_no_fault(walk, later, monkeypatch):
    subject = walk("disclosure")
    later()
    flow = FLOWS["disclosure"]
    gone = {step.rule for step in steps_of(subject)}
    fewer = msgspec.structs.replace(flow, transitions=tuple(row for row in flow.transitions if row.id not in gone))
    changed = dataclasses.replace(policy(), workflows={**policy().workflows, "disclosure": fewer})
    monkeypatch.setattr(loader._held, "applied", changed)
    with trail_check.one_moment() as session:
        assert not [fault for fault in trail_check.faults(session) if "no rule of the policy" in fault.what]


@pytest.mark.clause("AUD-6", "ACC-11")
def test_a_version_whose_texts_are_not_kept_is_told_with_its_steps(app, walk, tamper, later, sign_in, post):
    """Only the digest is known of versions from before the first that was kept; whose texts went later is a fault."""
    subject = walk("disclosure")
    later()
    with unit_of_work():
        audit.record("policy.loaded", version=policy().version)
    steps, old = steps_of(subject), "d" * 64
    versions = "INSERT INTO policy_version (digest, first_seen) VALUES (?, '2026-01-01 00:00:00')"
    cited = ("UPDATE transition SET rule = 'WF-made-up', policy_version = ? WHERE id = ?", (old, steps[0].id))
    dated = "UPDATE audit_event SET policy_version = ?, at = ? WHERE sequence = ?"
    sequence = events_of(subject)[0].sequence
    tamper((versions, (old,)), cited, (dated, (old, "2026-01-01T00:00:00.000000+00:00", sequence)))
    result = app.test_cli_runner().invoke(args=["audit", "verify"])
    uncompared = "1 step under it could not be compared with the rules of the day"
    said = f"The texts of policy version {old} are not kept here: {uncompared}."
    assert (result.exit_code, said in result.output) == (0, True), result.output
    client = sign_in("w.sparrow")
    post(client, "/audit/check", page="/audit")
    assert said in client.get("/audit").get_data(as_text=True)
    tamper((dated, (old, now().isoformat(timespec="microseconds"), sequence)))
    assert (f"policy version {old}", "was first applied after texts were kept, but its texts are gone") in found()


def test_the_command_names_what_differs(app, walk, tamper):
    subject = walk("disclosure")
    result = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert (result.exit_code, "every step has its event" in result.output) == (0, True), result.output
    tamper(("DELETE FROM transition WHERE id = ?", (steps_of(subject)[1].id,)))
    result = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert result.exit_code == 1
    assert f"{name_of(subject)}: has lost the step that event" in result.output
    assert "Error: the trail does not hold: " in result.output


@pytest.mark.clause("AUD-6")
@pytest.mark.parametrize("altered", ["target = 'released'", "verb = 'refuse'", "rule = 'WF-disclose-refuse'"])
def test_the_command_ends_with_1_and_names_an_altered_disclosure_step_bypass(app, walk, settings, altered):
    """Straight into the file, the triggers dropped first; the chain of events itself is not touched and still holds."""
    subject = walk("disclosure")
    step = steps_of(subject)[0]
    db.session.rollback()
    with closing(sqlite3.connect(settings.data_dir / "corroborate.sqlite")) as raw, raw:
        for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {trigger}")
        raw.execute("PRAGMA ignore_check_constraints = ON")
        assert raw.execute(f"UPDATE transition SET {altered} WHERE id = ?", (step.id,)).rowcount == 1
    result = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert result.exit_code == 1, result.output
    assert name_of(subject) in result.output
