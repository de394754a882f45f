"""Parts of retention reasons that case records and person files share."""

from dataclasses import replace
from datetime import date

from app.clauses import enforces
from app.policy.retention.dates import said
from app.policy.retention.types import Hold, Reason, RetentionRules, Standing, Status

#: what keeps a case record, from the strongest; what goes with it shares the strongest of all
BLOCKING: tuple[Status, ...] = ("held", "open", "unclassified", "permanent", "unknown")
STATUS_WORDS = {
    "held": "under hold",
    "open": "at work",
    "unclassified": "not classified",
    "permanent": "kept permanently",
    "unknown": "kept until a missing day or class is known",
}


@enforces("RET-11")
def held_reasons(rules: RetentionRules, holds: tuple[Hold, ...]) -> tuple[Reason, ...]:
    """Return one reason for each hold in force; a hold of an unknown kind counts as well."""
    found = []
    for hold in holds:
        kind = rules.holds.get(hold.kind)
        title = kind.title if kind else hold.kind
        words = f"Hold {hold.number} is in force since {said(hold.placed_on)}: {title[0].lower()}{title[1:]}."
        found.append(Reason(kind.id if kind else "hold_wins", "RET-11", words))
    return tuple(found)


def summary(earliest: date, today: date, several: bool) -> str:
    """Return the first sentence on a record whose day is known."""
    longest = " The longest period decides." if several else ""
    if earliest <= today:
        return f"May be disposed of since {said(earliest)}.{longest}"
    return f"Kept; may be disposed of from {said(earliest)} on.{longest}"


def marked(children: tuple[Reason, ...], deciding: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """Return the same reasons, with those in ``deciding`` marked as the ones that decide."""
    return tuple(replace(child, decides=any(child is one for one in deciding)) for child in children)


def kept_standing(
    rules: RetentionRules,
    status: Status,
    rule_id: str,
    sentence: str,
    children: tuple[Reason, ...],
    deciding: tuple[Reason, ...],
) -> Standing:
    """Return a standing of kept, without a day of disposal, under the principle ``rule_id``."""
    why = Reason(rule_id, rules.principles[rule_id].authority[0], sentence, None, marked(children, deciding), True)
    return Standing(status, None, why)
