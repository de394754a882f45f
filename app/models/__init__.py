"""The tables, one module for each aggregate."""

from app.models.accounts import Account, LoginSession, SignInFailure, TermsAcceptance, TrainingRecord
from app.models.algorithms import AlgorithmChange, AlgorithmSwitch, Unembedded
from app.models.approval import Arrest, EvidenceItem, Outcome, Report
from app.models.disclosures import (
    Disclosure,
    DisclosureDecision,
    DisclosureDocument,
    DisclosureItem,
    DisclosurePackage,
    Incident,
    RoutineDesignation,
)
from app.models.engine import AuditEvent, Counter, Job, Transition
from app.models.examination import (
    Annotation,
    AnswerJudgment,
    BackgroundCheck,
    Disposition,
    FinalReview,
    PeerReview,
    Round,
)
from app.models.gallery import (
    GalleryHold,
    GalleryImport,
    GalleryPerson,
    GalleryPhoto,
    ImportChunk,
    ImportOutcome,
    ImportSample,
    Template,
)
from app.models.identification import Candidate, DerivedImage, ProbeResemblance, RepeatSearch, Search, SearchReplay
from app.models.matters import CaseNumber, MatterLink
from app.models.notices import MailChoice
from app.models.oversight import MisuseReport, Notification
from app.models.peers import LineUp, LineUpPlace, NewGround, ProficiencyItem, ProficiencyPicture
from app.models.policy_texts import PolicyText, PolicyVersion
from app.models.requests import BasisDecision, Clearance, DetectedFace, FRRequest, ProbeImage
from app.models.retention import (
    CaseHistory,
    CasePerson,
    CaseRecord,
    Disposal,
    DisposalItem,
    LegalHold,
    PersonFile,
    ScheduleReview,
    StoredStanding,
)
from app.models.sealing import LeftCopy, SealedCopy, SealedRecord, SealingNotice, SealingOrder
from app.models.workload import Assignment, Draft

__all__ = [
    "Account",
    "AlgorithmChange",
    "AlgorithmSwitch",
    "Annotation",
    "AnswerJudgment",
    "Arrest",
    "Assignment",
    "AuditEvent",
    "BackgroundCheck",
    "BasisDecision",
    "Candidate",
    "CaseHistory",
    "CaseNumber",
    "CasePerson",
    "CaseRecord",
    "Clearance",
    "Counter",
    "DerivedImage",
    "DetectedFace",
    "Disclosure",
    "DisclosureDecision",
    "DisclosureDocument",
    "DisclosureItem",
    "DisclosurePackage",
    "Disposal",
    "DisposalItem",
    "Disposition",
    "Draft",
    "EvidenceItem",
    "FRRequest",
    "FinalReview",
    "GalleryHold",
    "GalleryImport",
    "GalleryPerson",
    "GalleryPhoto",
    "ImportChunk",
    "ImportOutcome",
    "ImportSample",
    "Incident",
    "Job",
    "LeftCopy",
    "LegalHold",
    "LineUp",
    "LineUpPlace",
    "LoginSession",
    "MailChoice",
    "MatterLink",
    "MisuseReport",
    "NewGround",
    "Notification",
    "Outcome",
    "PeerReview",
    "PersonFile",
    "PolicyText",
    "PolicyVersion",
    "ProbeImage",
    "ProbeResemblance",
    "ProficiencyItem",
    "ProficiencyPicture",
    "RepeatSearch",
    "Report",
    "Round",
    "RoutineDesignation",
    "ScheduleReview",
    "SealedCopy",
    "SealedRecord",
    "SealingNotice",
    "SealingOrder",
    "Search",
    "SearchReplay",
    "SignInFailure",
    "StoredStanding",
    "Template",
    "TermsAcceptance",
    "TrainingRecord",
    "Transition",
    "Unembedded",
]
