"""Every sentence of the published policy is restated by a clause, or says why it asks nothing of software."""

from __future__ import annotations

import pytest

from app.policy import Policy
from app.policy.loader import PolicyError, load
from tests.policy.test_clauses import source_text


def test_the_sentences_are_the_whole_policy_each_once_and_in_its_order(rules: Policy) -> None:
    source = " ".join(source_text("policy-source.txt").split())
    assert " ".join(one.text for one in rules.sentences) == source


def test_what_says_must_or_only_is_restated_by_a_clause(rules: Policy) -> None:
    """A reason is no way around a duty."""
    duties = (" must ", " may only ", " will not ", " is prohibited ", " are limited to ", " may not ", " prohibits ")
    bare = [one.text for one in rules.sentences if one.because and any(word in f" {one.text} " for word in duties)]
    # it introduces the list of the six uses, each of which is a sentence and a clause of its own
    assert bare == ["Authorized uses of facial recognition technology are limited to the following:"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('clauses = ["CAP-5"]', 'because = " "', "names clauses, or says why it has none"),
        ('clauses = ["CAP-5"]', 'clauses = ["CAP-5"]\nbecause = "Both."', "and never both"),
        ('clauses = ["CAP-5"]', 'clauses = ["CAP-55"]', "unknown clause 'CAP-55'"),
        ('clauses = ["CAP-5"]', 'because = "Nothing."', "clauses.toml: CAP-5: restates no sentence of the policy"),
    ],
)
def test_a_sentence_that_is_left_out_stops_the_start(broken, old: str, new: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        load(broken("sentences.toml", old, new))
