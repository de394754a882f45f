"""The rows that an erasure deletes, in words: a certificate is read by people who know no table."""

from __future__ import annotations

#: table -> what its rows are
WORDS = {
    "annotation": "Marks on photographs",
    "answer_judgment": "Judgments on answers",
    "arrest": "Arrests reported",
    "assignment": "Assignments to examiners",
    "background_check": "Background checks",
    "basis_decision": "Decisions on the legal basis",
    "candidate": "Candidates listed",
    "case_history": "Lines of the history of the case",
    "case_person": "Links of people to the case",
    "clearance": "Clearances of candidates",
    "derived_image": "Prepared images",
    "detected_face": "Faces found in images",
    "disclosure": "Disclosures",
    "disclosure_decision": "Decisions on disclosures",
    "disclosure_document": "Documents of disclosures",
    "disclosure_item": "Items of disclosures",
    "disclosure_package": "Packages of disclosures",
    "disposition": "Comparisons of candidates",
    "evidence_item": "Items of evidence",
    "evidence_judgment": "A supervisor's words on evidence",
    "examination_round": "Rounds of examination",
    "final_review": "Final reviews",
    "form_draft": "Drafts of forms",
    "fr_request": "Requests",
    "gallery_hold": "Photographs held for a decision",
    "gallery_person": "People of the repository",
    "gallery_photo": "Photographs of the repository",
    "job": "Work orders of the portal",
    "legal_hold": "Legal holds",
    "line_up": "Lines shown to peers",
    "line_up_place": "Places in lines shown to peers",
    "new_ground": "New grounds for a round",
    "notification": "Notifications",
    "outcome": "Outcomes of cases",
    "peer_review": "Peer reviews",
    "person_file": "Personal information files",
    "probe_image": "Images of requests",
    "probe_resemblance": "Resemblances between images",
    "repeat_search": "Repeated searches",
    "report": "Reports",
    "search": "Searches",
    "search_replay": "Replays of searches",
    "stored_standing": "Periods calculated for lists",
    "template": "Face templates",
}


def rows_in_words(table: str) -> str:
    """Return what the rows of a table are; a table without words is a fault of ours that a test finds."""
    return WORDS.get(table, "Other rows of the record")
