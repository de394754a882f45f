"""The tables, one module for each aggregate."""

from app.models.account import Account, LoginSession, SignInFailure, TermsAcceptance, TrainingRecord
from app.models.algorithm import AlgorithmChange, AlgorithmSwitch, Unembedded
from app.models.annotation import Annotation
from app.models.assignment import Assignment
from app.models.derived import DerivedImage
from app.models.disclosure import (
    Disclosure,
    DisclosureDecision,
    DisclosureDocument,
    DisclosureItem,
    DisclosurePackage,
    RoutineDesignation,
)
from app.models.disposal import Disposal, DisposalItem
from app.models.draft import Draft
from app.models.engine import AuditEvent, Counter, Job, Transition
from app.models.examination import BackgroundCheck, Disposition, FinalReview, PeerReview, Round
from app.models.gallery import GalleryHold, GalleryPerson, GalleryPhoto, Template
from app.models.incident import Incident
from app.models.intake import GalleryImport, ImportChunk, ImportOutcome
from app.models.line_up import LineUp, LineUpPlace, ProficiencyItem, ProficiencyPicture
from app.models.lineage import ProbeResemblance, RepeatSearch
from app.models.mail import MailChoice
from app.models.oversight import MisuseReport, Notification
from app.models.report import Outcome, Report
from app.models.request import BasisDecision, DetectedFace, FRRequest, ProbeImage
from app.models.retention import CaseHistory, CasePerson, CaseRecord, LegalHold, PersonFile, StoredStanding
from app.models.sealing import SealedRecord, SealingNotice, SealingOrder
from app.models.search import Candidate, Search
from app.models.search_replay import SearchReplay

__all__ = [
    "Account", "AlgorithmChange", "AlgorithmSwitch", "Annotation", "Assignment", "AuditEvent", "BackgroundCheck",
    "BasisDecision", "Candidate", "CaseHistory", "CasePerson", "CaseRecord", "Counter", "DerivedImage", "DetectedFace",
    "Disclosure", "DisclosureDecision", "DisclosureDocument", "DisclosureItem", "DisclosurePackage", "Disposal",
    "DisposalItem", "Disposition", "Draft", "FRRequest", "FinalReview", "GalleryHold", "GalleryImport",
    "GalleryPerson", "GalleryPhoto", "ImportChunk", "ImportOutcome", "Incident", "Job", "LegalHold", "LineUp",
    "LineUpPlace", "LoginSession", "MailChoice", "MisuseReport", "Notification", "Outcome", "PeerReview", "PersonFile",
    "ProbeImage", "ProbeResemblance", "ProficiencyItem", "ProficiencyPicture", "RepeatSearch", "Report", "Round",
    "RoutineDesignation", "SealedRecord", "SealingNotice", "SealingOrder", "Search", "SearchReplay", "SignInFailure",
    "StoredStanding", "Template", "TermsAcceptance", "TrainingRecord", "Transition", "Unembedded",
]  # fmt: skip
