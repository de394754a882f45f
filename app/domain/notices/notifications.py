"""Notifications in the portal: each holds a kind and a subject's number, never a name or face.

What goes out by e-mail too is decided here, in the same transaction (app/domain/notices/mail.py); sending is a job.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from app.access.actor import Actor
from app.access.clearance import cleared_among, may_know
from app.clauses import enforces
from app.domain.notices.mail import JOB, by_mail
from app.extensions import db
from app.models.oversight import Notification
from app.models.requests import FRRequest
from app.outbox import ask

#: kind -> the sentence shown; {number} is the subject's
SENTENCES = {
    "discussion_asked": "{number}: you are named as the supervisor with whom the use was discussed.",
    "discussion_confirmed": "{number}: the supervisor confirmed the discussion.",
    "discussion_denied": "{number}: the supervisor did not confirm the discussion; the request is a draft again.",
    "request_submitted": "{number} was submitted.",
    "basis_confirmed": "{number}: the basis is confirmed; document the confirmation in the case management system.",
    "request_refused": "{number} was refused; the rule is on its page.",
    "images_returned": "{number} came back: the images are unsuitable. You can submit more.",
    "withdrawn": "{number} was withdrawn by the investigator.",
    "documented": "{number}: the confirmation is documented; the probe can be selected.",
    "repeat_asked": "{number}: an examiner asks to search again what was searched before.",
    "repeat_agreed": "{number}: a supervisor agreed that the probe is searched again.",
    "repeat_declined": "{number}: a supervisor did not agree to a repeated search; the words are on its page.",
    "answer_waits": "{number}: an examiner answered what contradicts a candidate; your agreement is asked for.",
    "answer_judged": "{number}: a supervisor judged an answer of yours to a contradiction; the words are on its page.",
    "search_finished": "{number}: the search is finished.",
    "search_failed": "{number}: the search failed; the cause is on its page.",
    "peer_review_open": "{number} is assigned to you for review.",
    "peer_withdrawn": "{number} is no longer assigned to you.",
    "peer_declined": "{number}: an assigned peer declined; the reason is on its page.",
    "round_open": "{number}: all verdicts are in; you may read every difference.",
    "peers_short": "{number}: no examiner is left for the peer review.",
    "peer_reviews_done": "{number} is ready for final review.",
    "approved": "{number}: a possible match is approved; prepare the report.",
    "report_due": "{number}: prepare the corrected report that replaces the recalled one.",
    "continued": "{number}: a second examination was directed.",
    "not_approved": "{number}: the supervisor did not approve; the result is negative.",
    "report_delivered": "{number}: a report is in the case file. It is a lead, not probable cause.",
    "negative_delivered": "{number}: the negative-results report is in the case file.",
    "report_recalled": "{number}: the report you received was recalled. Do not act on it.",
    "report_failed": "{number}: the report could not be delivered to the case file; the cause is on its page.",
    "report_replaced": "{number}: a report replaces the one that was recalled.",
    "taken_over": "{number} was taken over by another examiner.",
    "work_assigned": "{number} is assigned to you.",
    "work_received": "{number} was handed over to you; the notes are on its page.",
    "work_reassigned": "{number} was given to another examiner by a supervisor.",
    "clearance_given": "{number}: you are named to work on this request.",
    "people_missing": "{number}: a request that involves political activity waits until you name people to work on it.",
    "past_due": "{number} is past its time.",
    "conclusion_due": "{number}: the search has no conclusion yet, and its time has passed.",
    "conclusion_late": "{number}: the conclusion of the search is late. Until it is there, there is no result.",
    "conclusion_overdue": "{number}: the search has been without a conclusion for too long.",
    "search_unexamined": "{number}: the search was ended and not examined; the reason is on its page.",
    "lies_unassigned": "{number} lies unassigned longer than its priority allows.",
    "disclosure_submitted": "{number} waits for your decision.",
    "disclosure_returned": "{number} came back for changes; the reason is on its page.",
    "disclosure_approved": "{number}: the release may go ahead; the last day is on its page.",
    "disclosure_refused": "{number}: the disclosure was refused; the reason is on its page.",
    "disclosure_withdrawn": "{number} was withdrawn by whoever asked for it.",
    "disclosure_released": "{number}: the package is ready. It can be fetched once.",
    "disclosure_sealed": "{number}: something in it has left the repository; what can be done is on its page.",
    "disclosure_failed": "{number}: the package could not be built; the cause is on its page.",
    "disclosure_decision_failed": "{number}: the written decision could not be rendered; the cause is on its page.",
    "disclosure_expired": "{number} has lapsed; nothing more can be fetched.",
    "disposal_proposed": "{number} was proposed and needs a first approval.",
    "disposal_approved_once": "{number} needs a second approval, by somebody else.",
    "disposal_approved": "{number} is approved and will be executed.",
    "disposal_declined": "{number} was declined; nothing was erased.",
    "disposal_withdrawn": "{number} was withdrawn by its proposer; nothing was erased.",
    "disposal_finished": "{number} is executed; the certificate is ready.",
    "disposal_failed": "{number}: the execution stopped; the cause is on its page.",
    "nominee_gone": "{number}: the nominee's photograph was sealed by order; direct a fresh round, or do not approve.",
    "sealing_failed": "{number}: destruction or certificate stopped; the cause is on its page.",
    "sealing_notice": "{number}: a photograph in the report you have was sealed by order. Do not rely on it.",
    "arrest_uncorroborated": "{number}: an arrest was reported with no independent evidence in hand.",
    "arrest_dated_before": "{number}: an arrest was reported after the result and is said to be before it.",
    "evidence_awaits": "{number}: an item of evidence waits for your word.",
    "evidence_judged": "{number}: the supervisor has judged an item of evidence; see its page.",
    "sealing_copy": "{number}: a copy you hold shows a photograph that has left the repository. Return or destroy it.",
    "copies_listed": "Copies of what left the repository without an order are listed; say what became of each.",
    "algorithm_lapses": (
        "The NIST evaluation record of the face algorithm in use lapses soon; its day is at the top of your pages."
    ),
    "sample_drawn": "The sample of an import is drawn; it waits for a second person to compare it with its sources.",
    "sample_due": "The sample of an import waits to be compared with its sources, and nobody has signed yet.",
    "sample_overdue": "Nobody has compared the sample of an import with its sources; none of the import is searched.",
    "sample_changed": (
        "What was said of a record in the sample of an import differed, and agreed when it was signed. "
        "The reason given stands below the reports of misuse."
    ),
    "misuse_reported": "A report of misuse has come in.",
}


def tell(kind: str, account_ids: Iterable[int | None], subject: Any = None) -> None:
    """Leave a notification for each person, once, and mail it to whoever gets it so. Needs an open unit of work."""
    if kind not in SENTENCES:
        raise LookupError(f"there is no notification {kind}")
    about = (subject.subject_type, str(getattr(subject, subject.lookup))) if subject is not None else (None, None)
    people = {person for person in account_ids if person is not None}
    if isinstance(subject, FRRequest):
        people = cleared_among(subject, people)
    mailed = by_mail(kind, people, subject)
    for account_id in people:
        row = Notification(account_id=account_id, kind=kind, subject_type=about[0], subject_key=about[1])
        db.session.add(row)
        if account_id in mailed:
            ask(JOB, row.uid, f"mail:{row.uid}")


@enforces("LIM-7")
def sentence(notification: Notification, reader: Actor) -> str:
    """Return the words of a notification; of a request that is kept from the reader by now, without its number."""
    number = notification.subject_key or ""
    if notification.subject_type == FRRequest.subject_type:
        request = db.session.scalars(select(FRRequest).where(FRRequest.number == number)).one_or_none()
        if request is not None and not may_know(request, reader):
            number = "A request that you may not read any more"
    return SENTENCES[notification.kind].format(number=number)
