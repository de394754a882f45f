"""The tables, one module for each aggregate."""

from app.models.account import Account, LoginSession, SignInFailure, TermsAcceptance, TrainingRecord
from app.models.derived import DerivedImage
from app.models.engine import AuditEvent, Counter, Job, Transition
from app.models.examination import BackgroundCheck, Disposition, FinalReview, PeerReview, Round
from app.models.gallery import GalleryHold, GalleryPerson, GalleryPhoto, Template
from app.models.oversight import MisuseReport, Notification
from app.models.report import Outcome, Report
from app.models.request import BasisDecision, DetectedFace, FRRequest, ProbeImage
from app.models.search import Candidate, Search

__all__ = [
    "Account", "AuditEvent", "BackgroundCheck", "BasisDecision", "Candidate", "Counter", "DerivedImage", "DetectedFace",
    "Disposition", "FRRequest", "FinalReview", "GalleryHold", "GalleryPerson", "GalleryPhoto", "Job", "LoginSession",
    "MisuseReport", "Notification", "Outcome", "PeerReview", "ProbeImage", "Report", "Round", "Search", "SignInFailure",
    "Template", "TermsAcceptance", "TrainingRecord", "Transition",
]  # fmt: skip
