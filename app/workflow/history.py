"""The history of a subject: the steps it took, each in the words of the policy that it was taken under."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from app.audit.policy_texts import rule_as_of
from app.extensions import db
from app.models.engine import Transition
from app.policy import policy
from app.policy.base import Rule
from app.policy.texts import Sentence


def steps_of(subject: Any) -> list[Transition]:
    """Return every step of the subject, oldest first."""
    rows = (
        select(Transition)
        .where(Transition.subject_type == subject.subject_type, Transition.subject_id == subject.id)
        .order_by(Transition.id)
    )
    return list(db.session.scalars(rows))


def who_took(subject: Any, verbs: Iterable[str]) -> set[int]:
    """Return the accounts that took one of these steps with the subject."""
    steps = select(Transition.actor_id).where(
        Transition.subject_type == subject.subject_type,
        Transition.subject_id == subject.id,
        Transition.verb.in_(list(verbs)),
    )
    return {person for person in db.session.scalars(steps) if person is not None}


def rule_of(step: Transition) -> Rule | Sentence | None:
    """Return the rule of a step as it read then; as it reads today where that is not kept; None where there is none."""
    return rule_as_of(step.policy_version, step.rule) or policy().rules.get(step.rule)


def words_of(step: Transition) -> str:
    """Return what a step's rule says, and that these are not the words of its day where those are not kept."""
    stated = rule_as_of(step.policy_version, step.rule)
    if stated is not None:
        return stated.text
    today = policy().rules.get(step.rule)
    if today is None:
        return f"Rule {step.rule}, whose words are not kept."
    return f"{today.text} (As the rule reads today; its words of that day are not kept.)"
