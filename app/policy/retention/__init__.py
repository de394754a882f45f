"""The retention calculation: a record's standing on a day with its reasons, and what other areas need of it."""

from app.policy.retention.case import closed_on, proposal, standing_of_case, what_if
from app.policy.retention.person import standing_of_person

__all__ = ["closed_on", "proposal", "standing_of_case", "standing_of_person", "what_if"]
