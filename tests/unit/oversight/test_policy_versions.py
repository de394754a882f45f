"""The texts of each version are kept with the first event under it, and every judgment carries its own version."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

import dataclasses
import sqlite3
from datetime import date

import pytest

from app import audit
from app.audit import policy_texts
from app.audit.policy_texts import keep, kept, rule_as_of, versions
from app.extensions import Base, db, stores
from app.models import BackgroundCheck, Disposition, PolicyText, PolicyVersion, TrainingRecord
from app.models.base import Judged
from app.policy import loader, policy
from app.policy.texts import RuleText, digest_of
from app.unit_of_work import unit_of_work
from tests.nominated_request import filed, nominated_data, settings  # noqa: F401  (fixtures)
from tests.policy.test_texts import VERSION_THEN, unpacked

#: tables whose rows name a person and carry no policy version of their own, and why
NO_JUDGMENT = {
    "account": "people themselves",
    "algorithm_change": "each decision on it is a step, which carries the version",
    "algorithm_switch": "what a step of a change did",
    "annotation": "a mark on a picture; the comparison it serves is the judgment",
    "assignment": "who has the work",
    "case_history": "what became of a case, as somebody reported it; each entry has its event",
    "disclosure_document": "a paper that was handed in",
    "disclosure_package": "a file that was made; the decision it carries out is the judgment",
    "examination_round": "its nomination is a step, which carries the version",
    "form_draft": "what somebody has typed and not recorded",
    "legal_hold": "placing and releasing are steps, which carry the version",
    "login_session": "a sign-in",
    "mail_choice": "a wish about mail",
    "misuse_report": "an allegation",
    "left_copy": "the same of what left without an order",
    "notification": "what a person was told",
    "proficiency_item": "a comparison whose truth is known",
    "sealed_copy": "who holds a copy that was delivered; its answer has its event",
    "sealing_notice": "what was sent about an order",
    "search_replay": "a calculation repeated",
    "terms_acceptance": "names the version of the terms",
    "unembedded": "what a step of a change left out",
}


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch):
    """What another test of this process kept is not known here."""
    monkeypatch.setattr(policy_texts, "_stated", {})


@pytest.fixture
def later(monkeypatch):
    """From here on the portal applies another version: one file more."""

    def change() -> str:
        texts = (*policy().texts, RuleText("z-later.toml", b'[[rule]]\nid = "later"\ntext = "A later rule."\n'))
        changed = dataclasses.replace(policy(), texts=texts, version=digest_of(texts))
        monkeypatch.setattr(loader._held, "applied", changed)
        return changed.version

    return change


def verify(app):
    return app.test_cli_runner().invoke(args=["audit", "verify"])


def alter(settings, *statements) -> None:
    """Change rows as somebody with the database file would, who drops what forbids it."""
    with sqlite3.connect(settings.data_dir / "corroborate.sqlite") as raw:
        for name in ("policy_version_no_update", "policy_version_no_delete", "policy_text_no_update"):
            raw.execute(f"DROP TRIGGER IF EXISTS {name}")
        for statement in statements:
            raw.execute(*statement)


@pytest.mark.past_the_program
@pytest.mark.clause("ACC-11")
def test_the_first_event_under_a_version_keeps_its_texts(app, later):
    version = later()
    assert kept(version) is None
    audit.viewed("policy.loaded", version=version)
    db.session.rollback()
    found = kept(version)
    assert found.texts == policy().texts and found.fault is None
    assert stores().signer.fingerprint == found.signing_key
    before = db.session.query(PolicyText).count()
    audit.viewed("policy.loaded", version=version)
    db.session.rollback()
    assert (db.session.query(PolicyText).count(), len(versions())) == (before, 2)


@pytest.mark.past_the_program
def test_a_text_that_two_versions_share_is_kept_once(app, later):
    later()
    audit.viewed("policy.loaded", version=policy().version)
    assert db.session.query(PolicyText).count() == len({text.sha256 for text in policy().texts})


def test_the_database_refuses_to_change_what_is_kept(app):
    for statement in (
        "UPDATE policy_version SET first_seen = NULL",
        "DELETE FROM policy_version",
        "UPDATE policy_text SET content = ''",
        "DELETE FROM policy_text",
    ):
        with pytest.raises(Exception, match="is append-only"), unit_of_work() as session:
            session.connection().exec_driver_sql(statement)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (("UPDATE policy_text SET content = content || '# more'",), "has other texts than those its digest names"),
        (("DELETE FROM policy_text",), "lacks a text that it names"),
        (("UPDATE policy_version SET manifest = '{}'",), "has a manifest that cannot be read"),
        (("UPDATE policy_version SET signature = 'ab'",), "has a manifest whose signature does not verify"),
        (("DELETE FROM policy_version",), "is named by events, but its row is gone"),
    ],
)
def test_altered_texts_are_found_bypass(app, filed, settings, statement, said):
    assert verify(app).exit_code == 0
    if statement[0].startswith("DELETE FROM policy_text"):
        alter(settings, ("DROP TRIGGER policy_text_no_delete",), statement)
    else:
        alter(settings, statement)
    db.session.remove()
    result = verify(app)
    assert result.exit_code != 0
    assert f"policy version {policy().version}: {said}" in result.output
    if "signature" not in said:
        assert not (found := kept(policy().version)) or found.texts == ()


def test_texts_signed_with_another_key_still_have_their_digest(app, filed, settings):
    alter(settings, ("UPDATE policy_version SET signing_key = 'former'",))
    db.session.remove()
    found = kept(policy().version)
    assert found.texts == policy().texts and found.fault is None


# Judgments --------------------------------------------------------------------------------------------------


def test_whatever_names_a_person_carries_the_version_or_says_why_not():
    missing = set()
    for mapper in Base.registry.mappers:
        table = mapper.local_table
        people = [key for key in table.foreign_keys if key.column.table.name == "account"]
        if people and "policy_version" not in table.columns:
            missing.add(table.name)
    assert missing | {"account"} == set(NO_JUDGMENT)


@pytest.mark.past_the_program
@pytest.mark.clause("SRC-2", "SRC-3")
def test_a_judgment_keeps_its_version_and_a_new_one_takes_its_own(app, filed, later):
    """Rules that change afterwards do not change what an earlier judgment was made under (waiting)."""
    first = policy().version
    rows = [*filed.basis_decisions, *filed.searches, *filed.current_round.dispositions]
    assert rows and {row.policy_version for row in rows} == {first}
    second = later()
    disposition, other = db.session.query(Disposition).limit(2)
    with unit_of_work():
        disposition.seal(note="Compared again.")
        filed.current_search.cause = "looked at"
        audit.record("policy.loaded", version=second)
    assert (disposition.policy_version, other.policy_version) == (second, first)
    assert filed.current_search.policy_version == first


def test_a_version_cannot_be_left_out_of_a_judgment(app, filed):
    assert {model.__tablename__ for model in Judged.__subclasses__()} == {
        "background_check",
        "basis_decision",
        "clearance",
        "disposition",
        "gallery_hold",
        "import_sample",
        "matter_link",
        "outcome",
        "peer_review",
        "policy_acknowledgement",
        "repeat_search",
        "report",
        "schedule_review",
        "search",
        "training_record",
    }
    assert BackgroundCheck(round=None).policy_version == policy().version
    assert TrainingRecord(requirement="fr").policy_version == policy().version


# Earlier versions ---------------------------------------------------------------------------------------------


@pytest.fixture
def digest_alone(app, filed):
    """The version of November 24, known by its digest alone, as an installation that ran then knows it."""
    with unit_of_work() as session:
        session.add(PolicyVersion(digest=VERSION_THEN))
        audit.record("policy.loaded", version=policy().version)


def test_a_rule_of_which_only_the_digest_is_known_is_not_made_up(digest_alone):
    found = kept(VERSION_THEN)
    assert found.only_digest and found.texts == () and found.fault is None
    assert rule_as_of(VERSION_THEN, "WF-approve") is None


def test_the_texts_of_an_earlier_version_are_added_by_whoever_has_them(app, digest_alone, tmp_path):
    runner, folder = app.test_cli_runner(), unpacked(tmp_path)
    result = runner.invoke(args=["policy", "keep", str(folder)])
    assert result.exit_code == 0, result.output
    assert f"policy version {VERSION_THEN}: 21 files kept and signed" in result.output
    assert "investigation" in rule_as_of(VERSION_THEN, "WF-continue").text
    assert "kept already" in runner.invoke(args=["policy", "keep", str(folder)]).output
    listed = runner.invoke(args=["policy", "versions"]).output
    assert VERSION_THEN in listed and "21 files kept and signed" in listed
    assert verify(app).exit_code == 0


@pytest.mark.parametrize("spoil", ["other words", "a file more", "not named"])
def test_other_texts_are_not_taken_for_those_of_a_version_bypass(app, filed, tmp_path, spoil, request):
    folder = unpacked(tmp_path)
    if spoil != "not named":
        request.getfixturevalue("digest_alone")
    if spoil == "other words":
        (folder / "uses.toml").write_text("# Anything goes.\n")
    elif spoil == "a file more":
        (folder / "extra.toml").write_text("# More.\n")
    result = app.test_cli_runner().invoke(args=["policy", "keep", str(folder)])
    assert result.exit_code != 0
    assert "no record names a version" in result.output
    assert rule_as_of(VERSION_THEN, "WF-approve") is None


def test_a_version_shows_the_form_that_applied_since_its_day(app, filed):
    since = date(2027, 7, 1)
    forms = RuleText(
        "rules.toml",
        b'effective = 2026-01-01\n[[rule]]\nid = "r"\ntext = "Later."\nauthority = ["CAP-5"]\neffective = 2027-07-01\n'
        b'[[rule]]\nid = "r"\ntext = "Earlier."\nauthority = ["CAP-5"]\nuntil = 2027-06-30\n',
    )
    with unit_of_work() as session:
        early, late = keep(session, (forms,)), keep(session, (forms,), since)
        audit.record("policy.loaded", version=policy().version)
    assert (rule_as_of(early, "r").text, rule_as_of(late, "r").text) == ("Earlier.", "Later.")
