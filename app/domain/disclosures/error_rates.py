"""The statement on error rates in a prosecutor's package (EXT-2); it says plainly where numbers are small."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select

from app.clauses import enforces
from app.domain.accounts.naming import here
from app.domain.peers.proficiency_results import Result, answers, result
from app.extensions import db, settings
from app.matching.evaluation.error_rates import Rate
from app.models import Account, FRRequest
from app.models.matters import in_matter_of
from app.policy import policy


@enforces("EXT-2", "FAIR-1")
def statement(case_number: str, at: datetime) -> str:
    """Plain text: the unit's rates and those of whoever examined or reviewed the case, from the answers given by `at`.

    The same answers give the same bytes.
    """
    given = [answer for answer in answers() if answer.given_at <= at]
    rule = policy().review.proficiency
    lines = [
        settings().department,
        f"Error rates in comparisons whose truth is known, as of {here(at):%Y-%m-%d}",
        f"Case {case_number}",
        "",
        rule.text,
        "The comparisons are drawn or consented photographs.",
        "False positive: support for one person where there are two. False negative: support for two people where",
        "there is one. Inconclusive answers count among the comparisons and are no errors.",
        f"Intervals are exact (Clopper-Pearson), {rule.confidence} percent, and take the comparisons as independent.",
        f"Fewer than {rule.few} comparisons of a kind say little; numbers that rest on fewer are called small.",
        "",
    ]
    for one in (
        result("The unit", given),
        *(result(name, (a for a in given if a.peer == name)) for name in sorted(_names(case_number))),
    ):
        lines += [*_told(one), ""]
    return "\n".join(lines)


def _names(case_number: str) -> set[str]:
    """Return the names, as in the answers, of those who examined or reviewed the requests of the matter."""
    people: set[int] = set()
    for request in db.session.scalars(select(FRRequest).where(in_matter_of(FRRequest.case_number, case_number))):
        for round_ in request.rounds:
            people |= {round_.examiner_id, *(review.peer_id for review in round_.peer_reviews)}
    found = db.session.scalars(select(Account).where(Account.id.in_(people)))
    return {account.titled for account in found}


def _told(one: Result) -> Iterator[str]:
    yield f"{one.who}: {one.answered} comparisons, {one.inconclusive} of them inconclusive"
    yield f"  False positives: {words(one.false_positives)}"
    yield f"  False negatives: {words(one.false_negatives)}"
    yield f"  Foils favored: {words(one.foils_favored)}"
    if one.few and one.answered:
        yield "  These numbers are small."


def words(rate: Rate) -> str:
    """Return a rate with its interval in words."""
    if rate.share is None:
        return "no such comparison was made, so nothing is known"
    return (
        f"{rate.errors} of {rate.trials} ({100 * rate.share:.1f} percent; interval {100 * rate.low:.1f} to "
        f"{100 * rate.high:.1f} percent)"
    )
