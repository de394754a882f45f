"""Imports every module that registers conditions or separations: importing this one makes all rules known.

A condition sees the subject as stored, the actor, and the facts given to `advance`; it answers None, or a sentence
that says what is missing in this case.
"""

import app.domain.algorithms.conditions
import app.domain.approval.conditions
import app.domain.disclosures.conditions
import app.domain.disclosures.incident_conditions
import app.domain.examination.background_conditions
import app.domain.examination.conditions
import app.domain.examination.worksheet_conditions
import app.domain.identification.conditions
import app.domain.identification.repeat_conditions
import app.domain.peers.conditions
import app.domain.requests.conditions
import app.domain.retention.conditions
import app.domain.sealing.conditions
import app.domain.workload.conditions
from app.workflow import separations

__all__ = ["app", "separations"]
