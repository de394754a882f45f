"""What changed between two versions of the policy, in the sentences and in the small print beneath them (TRN-2)."""

from __future__ import annotations

from datetime import date

import pytest

from app.policy.differences import Change, Version, _rules, differences
from app.policy.loader import DEFAULT_DIRECTORY
from app.policy.texts import RuleText, read_texts
from tests.policy.test_texts import unpacked

pytestmark = pytest.mark.clause("TRN-2")

RULE = """effective = 2026-01-01
[[rule]]
id = "one"
text = "A search has one probe."
authority = ["CAP-5"]
most = 1
must = true
[[rule.choice]]
value = "a"
label = "First"
"""
FORMS = """
[[rule]]
id = "kept"
text = "Kept for a year."
effective = 2026-01-01
until = 2026-12-31
[[rule]]
id = "kept"
text = "Kept for five years."
effective = 2027-01-01
"""


def version(since: date | None = None, **files: str) -> Version:
    """A version of the files `name` with these contents."""
    return Version([RuleText(f"{name}.toml", content.encode()) for name, content in files.items()], since)


def changed(before: str, after: str) -> tuple[Change, ...]:
    return differences(version(rules=before), version(rules=after))


def test_a_sentence_is_told_as_it_was_and_as_it_is():
    (change,) = changed(RULE, RULE.replace("one probe", "at most two probes"))
    assert change.before.text == "A search has one probe."
    assert change.after.text == "A search has at most two probes."
    assert change.reworded and change.fields == [] and change.rule.id == "one"


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("most = 1", "most = 2", ("most", "1", "2")),
        ("must = true", "must = false", ("must", "yes", "no")),
        ('"First"', '"Last"', ("choice a · label", "First", "Last")),
        ('["CAP-5"]', '["CAP-5", "CAP-6"]', ("authority", "CAP-5", "CAP-5, CAP-6")),
        ("most = 1\n", "", ("most", "1", "")),
        ('id = "one"', 'id = "one"\neffective = 2026-03-01', ("effective", "", "2026-03-01")),
    ],
)
def test_what_changed_beneath_the_same_sentence_is_a_change_too_bypass(was, now, told):
    """By the small print: a number, a box, a word of a list, a clause or a day, and the sentence stays as it was."""
    (change,) = changed(RULE, RULE.replace(was, now, 1))
    assert not change.reworded and change.fields == [told]


def test_the_day_of_a_whole_file_is_a_change():
    (change,) = changed(RULE, RULE.replace("2026-01-01", "2026-02-01"))
    assert (change.rule.id, change.rule.text) == ("", "") and change.fields == [
        ("effective", "2026-01-01", "2026-02-01")
    ]


def test_a_rule_that_came_and_one_that_went_are_told():
    other = RULE.replace('"one"', '"two"').replace("A search", "A round")
    came, went = changed(RULE, other)
    assert (came.before, came.after.id) == (None, "two")
    assert (went.before.id, went.after) == ("one", None)


def test_a_remark_another_order_and_another_file_are_no_change():
    second = '[[rule]]\nid = "two"\ntext = "Second."\n'
    head, rules = RULE.split("\n", 1)
    assert changed(RULE, f"# a remark\n{RULE}") == ()
    assert changed(f"{head}\n{rules}{second}", f"{head}\n{second}{rules}") == ()
    assert differences(version(a=rules), version(b=rules)) == ()


def test_files_that_do_not_count_are_left_out():
    before, after = version(events=RULE, rules=""), version(events=RULE.replace("= 1", "= 2"), rules="")
    assert len(differences(before, after)) == 1
    assert differences(before, after, ("events.toml",)) == ()


def test_what_applies_from_a_day_on_is_a_change_on_that_day():
    """The files stay as they are; another form of the rule begins to apply."""
    (change,) = differences(version(rules=FORMS), version(date(2027, 1, 1), rules=FORMS))
    assert (change.before.text, change.after.text) == ("Kept for a year.", "Kept for five years.")
    assert differences(version(date(2027, 1, 1), rules=FORMS), version(date(2027, 1, 1), rules=FORMS)) == ()


def test_a_form_that_is_to_come_is_told_when_it_is_written_down():
    first = FORMS.split("[[rule]]\n")[1]
    (change,) = differences(version(rules=f"[[rule]]\n{first}"), version(rules=FORMS))
    assert (change.before, change.after.text) == (None, "Kept for five years.")


def test_a_file_that_cannot_be_read_is_compared_as_it_stands_bypass():
    """By breaking the file: what nobody can parse is not nothing."""
    broken = RULE + "[[rule"
    assert changed(RULE, broken)
    (change,) = changed(broken, broken.replace("one probe", "two probes"))
    assert change.reworded


def test_every_rule_of_the_policy_is_known_by_a_place_of_its_own(tmp_path):
    """No two rules of today share a place, so none hides a change of another; those of another release are told."""
    texts = read_texts(DEFAULT_DIRECTORY)
    forms = _rules(texts, ())
    assert {key: len(found) for key, found in forms.items() if len(found) > 1} == {}
    today = Version(texts, None)
    assert differences(today, today) == ()
    assert len(differences(Version(read_texts(unpacked(tmp_path)), None), today)) > 300
