"""The rule of content for the reason with which a search ends unexamined (SRC-7)."""

from app.clauses import enforces
from app.policy.reasons import gives_reason
from app.policy.types import Policy
from app.policy.words import different_words


@enforces("SRC-7")
def end_fault(policy: Policy, reason: str) -> str | None:
    """Return what the reason lacks, or None."""
    rule = policy.request.conclusion
    if not gives_reason(policy, reason, rule.min_reason):
        return f"Say what made the examination needless, in at least {rule.min_reason} characters."
    if len(different_words(reason)) < rule.min_words:
        return f"Say it in at least {rule.min_words} different words."
    return None
