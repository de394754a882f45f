"""The schema of the rule files: each file, its tables, and the type of each table.

``config/policy/<area>/`` holds the rules of an area; a file beside the folders is about all of them.
"""

from collections.abc import Mapping

from app.policy import base, forms, offenses, types
from app.policy.approval.types import Decision
from app.policy.disclosures import registers as disclosure_registers
from app.policy.disclosures import types as disclosures
from app.policy.examination import types as examination
from app.policy.gallery import types as gallery
from app.policy.identification import types as identification
from app.policy.matters import types as matters
from app.policy.peers import types as peers
from app.policy.retention import types as retention
from app.policy.sealing import types as sealing

#: table -> (type, how many): "many" is an array of tables, "one" a single table that must be there
FileSchema = Mapping[str, tuple[type[base.Table], str]]

_WORKFLOW: FileSchema = {
    "workflow": (types.Workflow, "many"),
    "condition": (types.Condition, "many"),
    "separation": (types.Separation, "many"),
}
SCHEMA: Mapping[str, FileSchema] = {
    "clauses.toml": {"clause": (types.Clause, "many")},
    "sentences.toml": {"sentence": (types.Sentence, "many")},
    "interpretations.toml": {"interpretation": (types.Interpretation, "many")},
    "roles.toml": {"role": (types.Role, "many"), "capability": (types.Capability, "many")},
    "requests/workflow.toml": _WORKFLOW,
    "algorithms/workflow.toml": _WORKFLOW,
    "disclosures/workflow.toml": _WORKFLOW,
    "retention/workflow.toml": _WORKFLOW,
    "sealing/workflow.toml": _WORKFLOW,
    "events.toml": {"event": (types.Event, "many"), "exempt": (types.Exempt, "many")},
    "requests/uses.toml": {"use": (forms.Use, "many")},
    "requests/offenses.toml": {"seriousness": (offenses.SeriousnessRule, "one")},
    "requests/rules.toml": {
        "case_number": (forms.CaseNumber, "many"),
        "matter": (forms.MatterRule, "one"),
        "look_up": (forms.LookUpRule, "one"),
        "source": (forms.Source, "many"),
        "source_sign": (forms.SourceSign, "many"),
        "capture": (forms.CaptureRule, "one"),
        "lawful_basis": (forms.LawfulBasis, "many"),
        "prohibition": (forms.Prohibition, "many"),
        "political": (forms.PoliticalRule, "one"),
        "changed_answers": (forms.ChangedAnswerRule, "one"),
        "attestation": (base.Statement, "one"),
        "entry_reference": (forms.EntryReferenceRule, "one"),
        "images": (forms.ImageLimits, "one"),
        "basis": (base.Questions, "one"),
        "description": (base.Questions, "one"),
        "circumstances": (base.Questions, "one"),
        "result": (forms.Result, "many"),
        "outcome": (forms.Outcome, "many"),
        "withdrawal": (base.Statement, "one"),
    },
    "requests/evidence.toml": {"evidence": (forms.EvidenceRule, "one"), "evidence_kind": (forms.EvidenceKind, "many")},
    "matters/rules.toml": {"proposal": (matters.ProposalRule, "one")},
    "requests/refusals.toml": {"basis_refusal": (forms.BasisRefusal, "many")},
    "workload/rules.toml": {
        "priority": (forms.Priority, "many"),
        "workload": (forms.WorkloadRule, "one"),
        "conclusion": (forms.ConclusionRule, "one"),
    },
    "identification/probe.toml": {
        "suitability": (identification.SuitabilityRule, "one"),
        "unsuitable": (identification.UnsuitableRule, "one"),
    },
    "identification/quality.toml": {
        "quality": (identification.QualityRule, "many"),
        "quality_override": (base.Number, "one"),
    },
    "identification/preparation.toml": {
        "preparation": (identification.Preparation, "one"),
        "edit": (identification.Edit, "many"),
        "forbidden_edit": (identification.ForbiddenEdit, "many"),
    },
    "identification/search.toml": {"candidates": (base.Number, "one"), "order": (base.Statement, "one")},
    "examination/worksheet.toml": {
        "marks": (examination.Marks, "one"),
        "worksheet": (examination.Worksheet, "one"),
        "unexplained": (base.Number, "one"),
        "disposition": (examination.Disposition, "many"),
        "taking_back": (base.Number, "one"),
        "exclusion_reason": (examination.AnswerRule, "one"),
        "pace": (base.Number, "one"),
    },
    "examination/background.toml": {
        "background": (base.Questions, "one"),
        "silence": (examination.Silence, "one"),
        "inconsistency_answer": (examination.AnswerRule, "one"),
        "inconsistency_agreement": (examination.AnswerRule, "one"),
        "inconsistency": (examination.Inconsistency, "many"),
    },
    "examination/opinions.toml": {
        "scale": (examination.Scale, "one"),
        "nomination": (examination.Review, "one"),
    },
    "peers/rules.toml": {
        "peers": (examination.Review, "one"),
        "line_up": (peers.LineUpRule, "one"),
        "foil_favored": (peers.Favored, "one"),
        "renomination": (examination.AnswerRule, "one"),
        "proficiency": (peers.ProficiencyRule, "one"),
    },
    "approval/rules.toml": {"decision": (Decision, "many")},
    "gallery/rules.toml": {
        "rule": (gallery.Eligibility, "many"),
        "source": (gallery.RepositorySource, "many"),
        "column": (gallery.Column, "many"),
        "itl": (gallery.ItlField, "many"),
        "exclusion": (gallery.ImageExclusion, "many"),
        "sample": (gallery.SampleRule, "one"),
    },
    "algorithms/rules.toml": {"lapse_warning": (base.Number, "one"), "longest_review": (base.Number, "one")},
    "disclosures/rules.toml": disclosures.SCHEMA,
    "disclosures/registers.toml": disclosure_registers.SCHEMA,
    "sealing/rules.toml": sealing.SCHEMA,
    "retention/rules.toml": {
        "class": (retention.RetentionClass, "many"),
        "suspicion": (retention.Suspicion, "one"),
        "schedule": (retention.ScheduleRule, "one"),
        "closure": (retention.Closure, "many"),
        "event": (retention.EndingEvent, "many"),
        "file": (retention.FileRule, "many"),
        "hold": (retention.HoldKind, "many"),
        "principle": (base.Statement, "many"),
    },
    "notices.toml": {
        "notice": (forms.Notice, "many"),
        "mail": (forms.MailKind, "many"),
        "terms": (forms.Terms, "one"),
    },
    "training.toml": {
        "requirement": (forms.Requirement, "many"),
        "acknowledgement": (forms.AcknowledgementRule, "one"),
    },
    "reasons.toml": {"reason": (base.ReasonRule, "one")},
    "safeguards.toml": {"safeguard": (base.Statement, "many")},
    "absences.toml": {"absence": (forms.Absence, "many")},
}
OVERLAY_SCHEMA: FileSchema = {
    "law": (types.Law, "one"),
    "clause": (types.Clause, "many"),
    "rule": (base.Statement, "many"),
}
