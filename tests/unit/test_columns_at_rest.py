"""Every column that can hold words, with what protects it at rest: sealed, a blind index, or why it stands in clear.

The reasons are those of docs/decisions/0047-what-is-protected-at-rest.md. A new column without a line here fails.
"""

from __future__ import annotations

import pytest
from sqlalchemy import JSON, LargeBinary, String

from app.extensions import db
from app.models.base import Sealed
from app.models.numbered import Numbered

pytestmark = pytest.mark.clause("ACC-10")

#: ids without meaning, and digests, which identify a file or a text to whoever has it and show nothing of it
OPAQUE = ("uid", "key_id", "blob_id", "sha256", "digest", "policy_version")

BLIND = "gallery_person gallery_photo gallery_hold sealed_record"

CLEAR = {
    "a number or version that the portal gave, or a key of its tables; it says nothing of a person": """
        algorithm_change.number counter.series disclosure.number disposal.number fr_request.number incident.number
        legal_hold.number line_up.number report.number report.code routine_designation.number sealed_copy.about
        sealed_copy.number left_copy.about left_copy.number sealing_notice.about sealing_order.number
        case_number.matter gallery_hold.batch
        gallery_import.content gallery_photo.batch job.subject_id job.once job.lease_owner
        notification.subject_key form_draft.page disclosure_package.withheld sealing_order.destroyed
        disposal_item.erased import_sample.records import_sample.differing import_sample.looked terms_acceptance.version
    """,
    "a word from a list of the rules or of the tables": """
        algorithm_change.state algorithm_switch.kind answer_judgment.rule arrest.basis assignment.kind assignment.state
        basis_decision.decision basis_decision.rule basis_decision.reasons case_history.kind case_history.value
        case_number.scheme case_person.role case_record.classes case_record.proposed case_record.state
        disclosure.recipient_kind disclosure.basis disclosure.purpose disclosure.state disclosure_decision.kind
        disclosure_document.kind disclosure_document.media_type disclosure_item.kind disposal.state disposal_item.state
        disposal_item.spared_by_rule disposition.verdict evidence_item.kind evidence_item.timing
        examination_round.opinion final_review.decision fr_request.use_id fr_request.priority fr_request.state
        gallery_hold.decision gallery_import.kind gallery_import.state gallery_import.tally gallery_photo.source
        gallery_photo.jurisdiction gallery_photo.removed_because import_outcome.outcome import_outcome.rules
        import_sample.verdict incident.harm incident.notice incident.state job.kind job.queue job.state job.progress
        legal_hold.kind legal_hold.state line_up.ended line_up_place.level login_session.ended_because mail_choice.kind
        matter_link.because new_ground.kind notification.kind notification.subject_type outcome.kind
        peer_review.opinion probe_image.state probe_image.media_type probe_image.source probe_image.obtained
        proficiency_picture.role repeat_search.decision report.kind routine_designation.recipient_kinds
        routine_designation.purposes routine_designation.item_kinds sealed_copy.kind sealed_copy.ended
        left_copy.kind left_copy.ended
        sealed_record.outcome sealing_notice.kind sealing_notice.about_type sealing_order.kind sealing_order.way
        sealing_order.state search.suitability search.state search_replay.verdict stored_standing.status
        stored_standing.rule fr_request.offense_class
        fr_request.stated_class schedule_review.outcome training_record.requirement training_record.topics
        transition.subject_type transition.verb
        transition.rule transition.source transition.target disposal_item.why
    """,
    "a sentence of the portal that repeats nothing of what a record states": """
        disposal_item.spared_because import_chunk.error import_outcome.reason job.error probe_image.problem search.cause
        search_replay.cause unembedded.cause disposal_item.known
    """,
    "a measure, score, rank, box or recipe: it names nobody, and searches and their replays need it": """
        algorithm_switch.counts derived_image.recipe derived_image.environment detected_face.box detected_face.points
        detected_face.quality final_review.parameters gallery_photo.quality proficiency_picture.box
        search.parameters search_replay.result search.algorithm
    """,
    "a hash by which an edited copy of a picture is found, as large as a word; gone once the photograph leaves": """
        gallery_photo.phash probe_image.phash
    """,
    "a hash of the aligned face under a mask of the row's own, which a secret of the key store makes": """
        detected_face.face_hash gallery_photo.face_hash
    """,
    "a member of the department: accountability names them, and sign-in and lists ask for them": """
        account.name account.display_name account.title account.command account.roles fr_request.command
    """,
    "words of staff about software, officers or kinds of disclosure; asked for without names of anybody else": """
        algorithm_change.end_reason algorithm_change.source_model algorithm_change.target_model
        algorithm_change.evaluated_on algorithm_switch.reason algorithm_switch.from_model algorithm_switch.to_model
        gallery_hold.reason gallery_import.folder routine_designation.title routine_designation.scope
        routine_designation.revoked_because schedule_review.edition schedule_review.note training_record.note
        unembedded.reason
    """,
    "a number of a case, or a reference in the case system: the department's file mark": """
        basis_decision.entry_reference case_number.number case_number.canonical case_record.case_number
        disclosure.case_number disclosure.typed_number disclosure.agreement_reference disposal_item.delivered
        fr_request.case_number fr_request.typed_number report.receipt
    """,
    "the chain of events, which nothing changes: ids, digests, words of the rules and numbers of cases": """
        audit_event.at audit_event.event audit_event.session_id audit_event.subject_type audit_event.subject_id
        audit_event.keys audit_event.previous
    """,
    "the rules themselves, which are public": """
        policy_text.content policy_version.manifest policy_version.signature policy_version.signing_key
    """,
    "encrypted under the key of its photograph, by its own functions": """
        template.box
    """,
}


def _columns() -> set[str]:
    kinds = (String, JSON, LargeBinary)
    return {
        f"{table.name}.{column.name}"
        for table in db.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, kinds) and not column.name.endswith(OPAQUE)
    }


def _of(kind: type) -> set[str]:
    return {one.class_.__tablename__ for one in db.Model.registry.mappers if issubclass(one.class_, kind)}


def test_every_column_that_can_hold_words_has_its_protection_or_its_reason():
    sealed = {f"{table}.sealed" for table in _of(Sealed)}
    blind = {f"{table}.number_index" for table in BLIND.split()}
    assert blind == {f"{table}.number_index" for table in _of(Numbered)}
    clear = [column for columns in CLEAR.values() for column in columns.split()]
    assert len(clear) == len(set(clear)), "one reason for each"
    assert _columns() - sealed - blind - set(clear) == set(), "without protection or reason"
    assert set(clear) - _columns() == set(), "of no table any more"


def test_a_number_can_be_compared_and_never_read_or_sorted_by_a_statement():
    from sqlalchemy import select

    from app.models import GalleryPerson, GalleryPhoto

    for asked in (GalleryPhoto.record_number, GalleryPerson.person_number):
        with pytest.raises(TypeError, match="sealed"):
            select(asked)
        with pytest.raises(TypeError, match="sealed"):
            select(GalleryPhoto.id).order_by(asked)
        with pytest.raises(TypeError, match="sealed"):
            asked.startswith("R-1")
