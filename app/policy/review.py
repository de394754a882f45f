"""The rules of everybody who examines: the areas from the confirmed basis to the final review in one value."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from app.policy.approval.types import Decision
from app.policy.base import Number, Questions, Statement
from app.policy.examination.types import (
    AnswerRule,
    Disposition,
    Inconsistency,
    Marks,
    Review,
    Scale,
    Silence,
    Worksheet,
)
from app.policy.forms import BasisRefusal
from app.policy.identification.types import (
    Edit,
    ForbiddenEdit,
    Preparation,
    QualityRule,
    SuitabilityRule,
    UnsuitableRule,
)
from app.policy.peers.types import Favored, LineUpRule, ProficiencyRule


@dataclass(frozen=True)
class ReviewRules:
    """What examiners, peers and the supervisor record: the files named in ``FILES``."""

    basis_refusals: Mapping[str, BasisRefusal]
    suitability: SuitabilityRule
    unsuitable: UnsuitableRule
    preparation: Preparation
    edits: Mapping[str, Edit]
    forbidden_edits: Mapping[str, ForbiddenEdit]
    quality: Mapping[str, QualityRule]
    quality_override: Number
    candidates: Number
    order: Statement
    marks: Marks
    worksheet: Worksheet
    unexplained: Number
    dispositions: Mapping[str, Disposition]
    taking_back: Number
    exclusion_reason: AnswerRule
    pace: Number
    background: Questions
    silence: Silence
    inconsistency_answer: AnswerRule
    inconsistency_agreement: AnswerRule
    inconsistencies: Mapping[str, Inconsistency]
    scale: Scale
    nomination: Review
    peers: Review
    line_up: LineUpRule
    foil_favored: Favored
    renomination: AnswerRule
    proficiency: ProficiencyRule
    decisions: Mapping[str, Decision]


#: the rule files that hold them
FILES = (
    "requests/refusals.toml",
    "identification/probe.toml",
    "identification/quality.toml",
    "identification/preparation.toml",
    "identification/search.toml",
    "examination/worksheet.toml",
    "examination/background.toml",
    "examination/opinions.toml",
    "peers/rules.toml",
    "approval/rules.toml",
)


def rules_of(tables: Mapping[str, Mapping[str, Any]]) -> ReviewRules:
    """The rules of the tables read from ``FILES``."""
    read = {table: content for name in FILES for table, content in tables[name].items()}
    several = {
        "basis_refusal": "basis_refusals",
        "edit": "edits",
        "forbidden_edit": "forbidden_edits",
        "quality": "quality",
        "disposition": "dispositions",
        "inconsistency": "inconsistencies",
        "decision": "decisions",
    }
    by_id: dict[str, Any] = {
        name: MappingProxyType({rule.id: rule for rule in read.pop(table)}) for table, name in several.items()
    }
    return ReviewRules(**by_id, **read)
