"""Worked cases of retention: the facts of a record and its standing on a day by the rules."""

from dataclasses import replace
from datetime import date

from app.policy.base import Table
from app.policy.facts import Fault
from app.policy.retention import standing_of_case, standing_of_person
from app.policy.retention.types import CaseFacts, LinkedCase, PersonFacts, RetentionRules, Standing, Status


class RetentionExample(Table, frozen=True, kw_only=True):
    """A case record, or a person file with its case records, on the day ``today``, and the standing expected.

    ``cases`` and ``disposed_on`` belong to a person file: the case records kept, and the days others were disposed of.
    """

    today: date
    status: Status
    earliest: date | None = None
    case: CaseFacts | None = None
    person: PersonFacts | None = None
    cases: tuple[CaseFacts, ...] = ()
    disposed_on: tuple[date, ...] = ()


def standing_of_example(rules: RetentionRules, example: RetentionExample) -> Standing:
    """Return the standing of a worked case by the rules. Raises ValueError unless it holds exactly one record."""
    if example.case is not None and example.person is None:
        return standing_of_case(rules, example.case, example.today)
    if example.person is None or example.case is not None:
        raise ValueError("A worked case of retention holds either a case or a person.")
    kept = [standing_of_case(rules, facts, example.today) for facts in example.cases]
    cases = [LinkedCase(f"C-{n}", standing) for n, standing in enumerate(kept)]
    cases += [LinkedCase(f"D-{n}", None, day) for n, day in enumerate(example.disposed_on)]
    facts = replace(example.person, cases=tuple(cases))
    return standing_of_person(rules, facts, example.today)


def refusals(standing: Standing) -> list[Fault]:
    """Return one fault for each deciding reason against disposal today; none when it is allowed."""
    if standing.status == "disposable":
        return []
    return [Fault("disposal", reason.sentence, reason.rule_id) for reason in standing.why.children if reason.decides]
