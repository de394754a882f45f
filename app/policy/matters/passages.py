"""Texts that share passages: how much of one stands in another, whatever the order of its sentences."""

from collections.abc import Iterable, Iterator, Sequence
from zlib import crc32

from app.policy.matters.types import ProposalRule
from app.policy.matters.words import ways_to_read

Passages = frozenset[int]


def passages_of(rule: ProposalRule, texts: Iterable[str]) -> Passages:
    """Return the passages of texts, as numbers that stand for them: every run of as many words as the rule says."""
    return frozenset(
        number for text in texts for words in ways_to_read(rule.place, text) for number in _numbers(words, rule)
    )


def _numbers(words: Sequence[str], rule: ProposalRule) -> Iterator[int]:
    long = rule.texts.words
    return (crc32(" ".join(words[at : at + long]).encode()) for at in range(len(words) - long + 1))


def percent(shared: Passages, first: Passages, second: Passages) -> int:
    """Return how many of a hundred passages of the shorter text are shared."""
    return 100 * len(shared) // max(1, min(len(first), len(second)))


def alike(rule: ProposalRule, shared: Passages, first: Passages, second: Passages) -> int:
    """Return the percentage that two texts share where the rule calls them alike, else 0."""
    found = percent(shared, first, second)
    return found if len(shared) >= rule.texts.least and found >= rule.texts.least_percent else 0


def told(rule: ProposalRule, texts: Iterable[str], shared: Passages) -> list[str]:
    """Return the runs of words of texts that are made of shared passages, longest first, as many as the rule shows."""
    runs = [run for text in texts for words in ways_to_read(rule.place, text)[:1] for run in _runs(rule, words, shared)]
    longest = sorted(dict.fromkeys(runs), key=len, reverse=True)[: rule.texts.most_shown]
    most = rule.texts.most_words
    return [" ".join(run[:most]) + (" …" if len(run) > most else "") for run in longest]


def _runs(rule: ProposalRule, words: Sequence[str], shared: Passages) -> list[tuple[str, ...]]:
    runs: list[tuple[int, int]] = []
    for at, number in enumerate(_numbers(words, rule)):
        if number not in shared:
            continue
        began = runs.pop()[0] if runs and at < runs[-1][1] else at
        runs.append((began, at + rule.texts.words))
    return [tuple(words[begin:end]) for begin, end in runs]
