"""The rules as data: ``policy()`` is the policy of this installation, loaded once and read-only."""

from app.policy.days import days_run_in
from app.policy.loader import PolicyError, check_registered, load, policy
from app.policy.types import Policy

__all__ = ["Policy", "PolicyError", "check_registered", "days_run_in", "load", "policy"]
