"""The register of rules: importing this module imports every condition and separation.

A condition sees the subject as stored, the actor, and the facts given to `advance`; it answers None, or a sentence
that says what is missing in this case. A separation answers who already holds a part in the subject.
"""

# ruff: noqa: F401
import app.domain.algorithms.conditions
import app.domain.approval.conditions
import app.domain.approval.separations
import app.domain.approval.unexamined
import app.domain.disclosures.conditions
import app.domain.disclosures.incident_conditions
import app.domain.disclosures.separations
import app.domain.examination.background_conditions
import app.domain.examination.conditions
import app.domain.examination.ending
import app.domain.examination.worksheet_conditions
import app.domain.identification.conditions
import app.domain.identification.repeat_conditions
import app.domain.identification.separations
import app.domain.peers.conditions
import app.domain.peers.renomination
import app.domain.peers.separations
import app.domain.requests.clearances
import app.domain.requests.conditions
import app.domain.requests.earlier_refusals
import app.domain.requests.evidence_conditions
import app.domain.requests.reserved_matters
import app.domain.requests.retractions
import app.domain.requests.separations
import app.domain.requests.seriousness
import app.domain.retention.conditions
import app.domain.retention.separations
import app.domain.sealing.conditions
import app.domain.workload.conditions
