"""The refusal of an action: the rule behind it, and what would change it."""

from __future__ import annotations

from typing import Any

from app.policy import policy


class Refused(Exception):
    """Raised when a rule refuses a step. `rule_id` names the rule; every page shows its text, citation and remedy."""

    def __init__(self, rule_id: str, detail: str = "", *, faults: list[Any] | None = None) -> None:
        self.rule_id = rule_id
        self.detail = detail
        self.faults = faults or []
        super().__init__(f"{rule_id}: {detail or self.rule.text}")

    @property
    def rule(self) -> Any:
        """Return the rule of the policy files: text, authority and, for conditions, remedy."""
        return policy().rule(self.rule_id)

    @property
    def reason(self) -> str:
        """Return what is missing or wrong in this case."""
        return self.detail

    @property
    def unblock(self) -> str:
        """Return what would change it, where the rule says so."""
        return getattr(self.rule, "remedy", "")
