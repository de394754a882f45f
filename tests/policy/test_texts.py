"""Texts of other versions are read without being run, and their digest proves which version they are of."""

from __future__ import annotations

import tarfile
from datetime import date
from pathlib import Path

import pytest

from app.policy.loader import DEFAULT_DIRECTORY, PolicyError, load
from app.policy.texts import RuleText, digests_of, read_texts, sentences

#: the rule files of November 24, 2026, and the version that the portal of that day stamped on its records
NOVEMBER_24 = Path(__file__).parent / "fixtures" / "rules-of-november-24.tar.xz"
VERSION_THEN = "690b593015446bd17029f6764f41747ea05cfaa3cb306f3602259f9aa79af37f"


def unpacked(to: Path) -> Path:
    """The folder of the rule files of November 24."""
    with tarfile.open(NOVEMBER_24) as kept:
        kept.extractall(to, filter="data")
    return to / "config" / "policy"


def test_files_that_this_program_cannot_apply_have_the_digest_of_their_day(tmp_path: Path) -> None:
    then = unpacked(tmp_path)
    with pytest.raises(PolicyError):
        load(then)
    texts, since = digests_of(read_texts(then))[VERSION_THEN]
    assert since is None
    assert [text.name for text in texts][-1] == "overlays/local-law-55-2025.toml"


def test_their_rules_can_be_read_without_running_them(tmp_path: Path) -> None:
    files = {text.name: sentences(text) for text in read_texts(unpacked(tmp_path))}
    steps = {rule.id: rule for rule in files["workflow.toml"]}
    assert steps["WF-approve"].authority and steps["WF-approve"].text
    assert sum(map(len, files.values())) > 400
    assert {rule.effective for rule in files["uses.toml"]} == {date(2026, 1, 1)}


def test_every_rule_of_the_policy_is_found_in_its_files() -> None:
    stated = (rule for text in read_texts(DEFAULT_DIRECTORY) for rule in sentences(text))
    found = {rule.id: rule for rule in stated if rule.is_rule}
    for rule in load(DEFAULT_DIRECTORY).rules.values():
        assert (found[rule.id].text, found[rule.id].authority) == (rule.text, rule.authority)
        assert (found[rule.id].effective, found[rule.id].until) == (rule.effective, rule.until)


def test_one_byte_makes_another_version(tmp_path: Path) -> None:
    then = unpacked(tmp_path)
    (then / "uses.toml").write_bytes((then / "uses.toml").read_bytes().replace(b"crime", b"grime", 1))
    assert VERSION_THEN not in digests_of(read_texts(then))


@pytest.mark.parametrize("content", [b"[[rule]\n", b"\xff\xfe", b"id = 3\ntext = 4\n", b'effective = "soon"\n'])
def test_a_file_that_states_no_rule_has_none(content) -> None:
    assert sentences(RuleText("broken.toml", content)) == ()
