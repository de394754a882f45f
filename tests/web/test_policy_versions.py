"""The pages of policy versions: texts as they were, and what is said where only a digest is known."""

# ruff: noqa: F811  (a fixture that a test names is not a redefinition)
from __future__ import annotations

import pytest

from app import audit
from app.audit import policy_texts
from app.extensions import db
from app.models import PolicyVersion, Transition
from app.policy import policy
from app.unit_of_work import unit_of_work
from tests.nominated_request import at, filed, nominated_data, settings  # noqa: F401  (fixtures)
from tests.policy.test_texts import VERSION_THEN, unpacked
from tests.unit.oversight.test_policy_versions import alter
from tests.web.page_reading import soup, text


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch):
    monkeypatch.setattr(policy_texts, "_stated", {})


@pytest.fixture
def digest_alone(app, filed):
    with unit_of_work() as session:
        session.add(PolicyVersion(digest=VERSION_THEN))
        audit.record("policy.loaded", version=policy().version)


def test_every_version_is_listed_and_leads_to_its_texts_signed_out(app, digest_alone):
    client = app.test_client()
    page = soup(client.get("/policy/versions"))
    rows = {row.find("a")["href"].rsplit("/", 1)[1]: row.get_text(" ") for row in page.select("tbody tr")}
    assert "Applied now" in rows[policy().version] and "Kept" in rows[policy().version]
    assert "Only the digest is known" in rows[VERSION_THEN]
    shown = client.get(f"/policy/versions/{policy().version}")
    assert "The digest was made anew from these texts just now, and is the same." in text(shown)
    links = [link["href"] for link in soup(shown).select("tbody a")]
    assert len(links) == len(policy().texts)
    for link in links:
        assert client.get(link).status_code == 200


def test_a_file_is_shown_word_for_word(app, filed):
    for kept in policy().texts[:3]:
        page = soup(app.test_client().get(f"/policy/versions/{policy().version}/{kept.name}"))
        assert page.find("pre").get_text().strip() == kept.content.decode().strip()


def test_of_a_version_known_by_its_digest_alone_the_page_says_so(app, digest_alone):
    client = app.test_client()
    said = text(client.get(f"/policy/versions/{VERSION_THEN}"))
    assert "Only the digest of this version is known" in said
    assert client.get(f"/policy/versions/{VERSION_THEN}/uses.toml").status_code == 404


def test_rule_files_of_a_release_before_are_shown_without_being_run(app, digest_alone, tmp_path):
    """The files of November 24 fit another program: nothing of them is loaded, every sentence is shown."""
    folder = unpacked(tmp_path)
    assert app.test_cli_runner().invoke(args=["policy", "keep", str(folder)]).exit_code == 0
    client, now_applied = app.test_client(), policy().version
    page = soup(client.get(f"/policy/versions/{VERSION_THEN}/workflow.toml"))
    assert page.find("pre").get_text().strip() == (folder / "workflow.toml").read_text().strip()
    assert "WF-approve" in page.find("table").get_text()
    assert policy().version == now_applied


def test_texts_that_were_altered_are_not_shown_as_the_version_s(app, filed, settings):
    alter(settings, ("UPDATE policy_text SET content = content || '# more'",))
    db.session.remove()
    client = app.test_client()
    said = text(client.get(f"/policy/versions/{policy().version}"))
    assert "This version has other texts than those its digest names." in said and "none is shown" in said
    name = policy().texts[0].name
    assert client.get(f"/policy/versions/{policy().version}/{name}").status_code == 404


@pytest.mark.parametrize("path", ["0" * 64, "short", "0" * 64 + "/uses.toml", "%7f" * 64])
def test_a_version_nobody_knows_is_not_found(app, filed, path):
    assert app.test_client().get(f"/policy/versions/{path}").status_code == 404


def test_a_page_reads_each_step_in_the_words_of_its_own_version(app, at, sign_in, settings, tmp_path):
    """A rule that the policy no longer has breaks no page, and words of today are not put into an earlier mouth."""
    with unit_of_work() as session:
        session.add(PolicyVersion(digest=VERSION_THEN))
        audit.record("policy.loaded", version=policy().version)
    number = at("peer_reviewed").number
    step = db.session.query(Transition).order_by(Transition.id).first().id
    page, client = f"/final-review/{number}", sign_in("c.hawthorn")
    of = "UPDATE transition SET policy_version = ?, rule = ? WHERE id = ?"
    alter(settings, ("DROP TRIGGER transition_no_update",), (of, (VERSION_THEN, "WF-no-longer", step)))
    assert "Rule WF-no-longer, whose words are not kept." in text(client.get(page))
    alter(settings, (of, (VERSION_THEN, "WF-submit", step)))
    assert "(As the rule reads today; its words of that day are not kept.)" in text(client.get(page))
    app.test_cli_runner().invoke(args=["policy", "keep", str(unpacked(tmp_path))])
    said = text(client.get(page))
    assert "its words of that day are not kept" not in said
    assert policy_texts.rule_as_of(VERSION_THEN, "WF-submit").text in said


def test_the_final_review_names_the_version_of_each_judgment(app, at, sign_in):
    number = at("peer_reviewed").number
    page = soup(sign_in("c.hawthorn").get(f"/final-review/{number}"))
    table = page.find("caption", string="Judgments and policy versions").find_parent("table")
    said = table.get_text(" ")
    assert "Basis confirmed" in said and "Comparison of candidates, round 1" in said and "Background check" in said
    assert {link["href"] for link in table.select("a")} == {f"/policy/versions/{policy().version}"}
