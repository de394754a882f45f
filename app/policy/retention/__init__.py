"""Retention: where a record stands on a day, and why; the functions other areas ask."""

from app.policy.retention.case import closed_on, proposal, standing_of_case, what_if
from app.policy.retention.person import standing_of_person

__all__ = ["closed_on", "proposal", "standing_of_case", "standing_of_person", "what_if"]
