"""The conditions of `workflow.toml`, each the enforcement point of the clauses it names.

A condition sees the subject as stored, the actor, and the facts given to `advance`; it answers None, or a sentence
that says what is missing in this case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.access.actor import Actor
from app.models.examination import Round
from app.models.request import FRRequest
from app.models.search import Candidate
from app.policy import policy
from app.policy.enforcement import enforces
from app.policy.facts import (
    Fault,
    check_case_number,
    check_description,
    check_lawful_basis,
    check_outcome,
    check_purpose,
    check_questions,
    check_source,
    check_use_facts,
)
from app.workflow.registry import condition

Facts = Mapping[str, Any]


def _first(faults: list[Any]) -> str | None:
    return faults[0].message if faults else None


@condition("actor_is_requester", "REQ-1", "ACC-7")
def actor_is_requester(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if actor.id == request.requester_id else "You did not file this request."


@condition("case_number_valid", "REQ-2")
def case_number_valid(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return _first(check_case_number(policy(), request.case_number))


@condition("images_ready", "REQ-3")
def images_ready(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    images, limits = request.current_images, policy().request.images
    if any(image.state == "checking" for image in images):
        return "An image is still being checked; wait a moment."
    bad = [n for n, image in enumerate(images, 1) if image.state != "ready"]
    if bad:
        problem = (images[bad[0] - 1].problem or "it was not checked").rstrip(".")
        return f"Image {bad[0]} cannot be used: {problem}. Remove it."
    if not limits.min_images <= len(images) <= limits.max_images:
        return f"A request holds {limits.min_images} to {limits.max_images} images; this one has {len(images)}."
    return None


@condition("images_lawful", "LIM-4")
def images_lawful(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    for number, image in enumerate(request.current_images, 1):
        if not image.source or not image.obtained or image.taken_at is None:
            return f"Image {number} does not yet say where it comes from, how it was lawfully obtained and when."
        private = image.private
        faults = check_source(policy(), image.source, private.get("source_facts", {}), request.use_id)
        faults += check_lawful_basis(policy(), image.obtained, private.get("obtained_facts", {}))
        if faults:
            return f"Image {number}: {faults[0].message}"
    return None


@condition("use_facts_complete", "USE-1", "USE-2", "USE-3", "USE-4", "USE-5", "USE-6")
def use_facts_complete(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    if request.use_id is None:
        return "Choose the authorized use."
    private = request.private
    return _first(check_use_facts(policy(), request.use_id, private.get("facts", {}))) or _first(
        check_questions(policy().request.basis, {"narrative": private.get("narrative", "")})
    )


@condition("priority_reasoned", "REQ-1")
def priority_reasoned(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    if request.priority not in policy().request.priorities:
        return "Choose the priority."
    return None if str(request.private.get("priority_reason") or "").strip() else "The priority has no reason."


@condition("circumstances_stated", "SRC-3")
def circumstances_stated(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return _first(check_questions(policy().request.circumstances, request.private.get("circumstances", {})))


@condition("description_sound", "SRC-3")
def description_sound(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return _first(check_description(policy(), request.private.get("description", {})))


@condition("purpose_permitted", "LIM-2", "LIM-3")
def purpose_permitted(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    faults = check_purpose(policy(), request.private.get("answers", {}), "request.political" in actor.capabilities)
    return _first([fault for fault in faults if fault.rule_id != "political-activity"])


@condition("political_activity_reserved", "LIM-7")
def political_activity_reserved(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    faults = check_purpose(policy(), request.private.get("answers", {}), "request.political" in actor.capabilities)
    return _first([fault for fault in faults if fault.rule_id == "political-activity"])


@condition("body_worn_exception", "LIM-1")
def body_worn_exception(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    for number, image in enumerate(request.current_images, 1):
        if image.source == "body_worn_camera":
            faults = check_source(policy(), image.source, image.private.get("source_facts", {}), request.use_id)
            if faults:
                return f"Image {number}: {faults[0].message}"
    return None


@condition("supervisor_named", "AUD-1")
def supervisor_named(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    if request.discussing_supervisor_id is None:
        return "No supervisor is named."
    return None if request.discussing_supervisor_id != request.requester_id else "You cannot name yourself."


@condition("attested", "REQ-3")
def attested(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    for number, image in enumerate(request.current_images, 1):
        if image.attested_at is None:
            return f"Image {number} is not attested."
    return None


@condition("new_image_ready", "REQ-7")
def new_image_ready(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    fresh = [image for image in request.current_images if image.submission > request.submission]
    return None if fresh else "No image was added since the request came back."


@condition("actor_is_named_supervisor", "AUD-1")
def actor_is_named_supervisor(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if actor.id == request.discussing_supervisor_id else "Another supervisor is named in this request."


@condition("discussion_open", "AUD-1")
def discussion_open(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if request.discussion_confirmed_at is None else "The discussion is already confirmed."


@condition("discussion_confirmed", "AUD-1")
def discussion_confirmed(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return (
        None
        if request.discussion_confirmed_at is not None
        else "The named supervisor has not confirmed the discussion."
    )


@condition("basis_is_authorized_use", "REQ-4", "CAP-1")
def basis_is_authorized_use(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """The facts are checked again with the rules of today, and the examiner names the use that they meet."""
    if facts.get("use") != request.use_id or request.use_id not in policy().uses:
        return "Name the authorized use that the facts meet; it must be the one the request states."
    return use_facts_complete(request, actor, facts)


@condition("refusal_cites_rule", "REQ-4")
def refusal_cites_rule(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if facts.get("rule") in policy().review.basis_refusals else "Choose the rule that the basis fails."


@condition("reason_given", "SRC-6")
def reason_given(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if str(facts.get("reason") or "").strip() else "Write the reason."


@condition("unsuitable_reasons_given", "REQ-7")
def unsuitable_reasons_given(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    known = {reason.value for reason in policy().review.unsuitable.reasons}
    reasons = facts.get("reasons") or []
    return None if reasons and set(reasons) <= known else "Choose at least one reason."


@condition("entry_reference_given", "REQ-5")
def entry_reference_given(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if str(facts.get("reference") or "").strip() else "Enter the reference of the case management entry."


@condition("basis_in_force", "REQ-4", "REQ-5", "CAP-1")
def basis_in_force(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """The last decision is a confirmation, of this very submission, and it is documented."""
    last = request.basis_decisions[-1] if request.basis_decisions else None
    if last is None or last.decision != "confirmed" or last.submission != request.submission:
        return "The basis of the present submission is not confirmed."
    return (
        None if last.documented_at is not None else "The requesting investigator has not documented the confirmation."
    )


@condition("one_face_selected", "CAP-5", "REQ-6")
def one_face_selected(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    search = request.current_search
    if search is None or search.state not in {"prepared", "queued", "finished"}:
        return "No probe is selected."
    if search.face.image_id != search.image_id or search.image.request_id != request.id:
        return "The selected face is not in an image of this request."
    return (
        None
        if search.image.removed_at is None and search.image.state == "ready"
        else "The selected image cannot be used."
    )


@condition("suitability_recorded", "REQ-6", "REQ-7")
def suitability_recorded(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    search = request.current_search
    choices = {choice.value: choice for choice in policy().review.suitability.choices}
    choice = choices.get(search.suitability) if search else None
    if search is None or choice is None:
        return "The suitability of the probe is not recorded."
    if not choice.searchable:
        return "A probe found unsuitable is not searched: return the request with the reasons."
    if choice.needs_note and not str(search.private.get("suitability_note") or "").strip():
        return "Say which features cannot be compared."
    return None if not search.candidates else "Candidates were already seen for this selection."


@condition("algorithm_evaluated", "FAIR-2")
def algorithm_evaluated(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """`algorithm` is the engine's statement about the file it loads: see app.domain.algorithms."""
    status = facts["algorithm_status"]
    return None if status.ok or facts["demonstration"] else status.reason


@condition("candidates_present", "SRC-2")
def candidates_present(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    search = request.current_search
    return None if search is not None and search.candidates else "The search listed nobody."


@condition("no_candidates", "SRC-7")
def no_candidates(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    search = request.current_search
    return None if search is not None and not search.candidates else "Each candidate must be examined first."


@condition("actor_is_examiner", "SRC-2", "ACC-7")
def actor_is_examiner(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """Submitted work is nobody's yet, and a continuation is open to every examiner whom the separations admit."""
    if request.state in {"submitted", "continued"} or actor.id == request.examiner_id:
        return None
    return "Another examiner works on this request."


def open_candidates(round_: Round) -> list[Candidate]:
    """The candidates of the round without a disposition, in the order shown; nobody compares a photograph that left."""
    done = {disposition.candidate_id for disposition in round_.dispositions}
    return [c for c in round_.search.candidates if c.id not in done and c.photo.removed_at is None]


@condition("every_candidate_disposed", "SRC-2", "CAP-6", "FAIR-1")
def every_candidate_disposed(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    if round_ is None:
        return "No examination is open."
    waiting = open_candidates(round_)
    return f"{len(waiting)} of {len(round_.search.candidates)} candidates have no disposition yet." if waiting else None


@condition("worksheet_complete", "SRC-2")
def worksheet_complete(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    nominee = round_.nominee if round_ else None
    disposition = round_.disposition_of(nominee) if round_ and nominee else None
    if disposition is None or disposition.verdict != "retained":
        return "The nominated candidate was not retained."
    return missing_features(disposition.private.get("features", {}))


def missing_features(features: Mapping[str, Any]) -> str | None:
    """What the worksheet over the eleven features of SRC-2 lacks, or None."""
    return _first(worksheet_faults(features))


@enforces("SRC-2")
def worksheet_faults(features: Mapping[str, Any]) -> list[Fault]:
    """Everything the worksheet over the eleven features of SRC-2 lacks; the fault's field is the feature."""
    sheet = policy().review.worksheet
    verdicts = {verdict.value: verdict for verdict in sheet.verdicts}
    found, compared = [], False
    for feature in sheet.features:
        given = features.get(feature.value) or {}
        verdict = verdicts.get(given.get("verdict", ""))
        if verdict is None:
            found.append(Fault(feature.value, f"{feature.label}: no verdict.", sheet.id))
        elif verdict.needs_note and not str(given.get("note") or "").strip():
            found.append(Fault(feature.value, f"{feature.label}: describe the difference.", sheet.id))
        compared = compared or (verdict is not None and verdict.compared)
    if not found and not compared:
        message = "No feature could be compared; a candidate is not retained on nothing."
        found.append(Fault(sheet.features[0].value, message, sheet.id))
    return found


@condition("background_checked", "SRC-3")
def background_checked(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    check = round_.background_of(round_.nominee) if round_ and round_.nominee else None
    if check is None:
        return "No background check of the nominated candidate is recorded."
    items = check.private.get("items", {})
    faults = check_questions(policy().review.background, items)
    if faults:
        return faults[0].message
    if items.get("record_status") == "contradicts":
        return "The arrest behind the photograph is no longer eligible; the candidate cannot be nominated (CAP-3)."
    return None


@condition("nominee_retained", "SRC-4", "CAP-6")
def nominee_retained(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    if round_ is None or round_.nominee is None or round_.nominee.search_id != round_.search_id:
        return "Nominate one candidate of this search."
    if round_.nominee.photo.removed_at is not None:
        return "The photograph left the repository; its person cannot be nominated."
    disposition = round_.disposition_of(round_.nominee)
    retained = disposition is not None and disposition.verdict == "retained"
    return None if retained else "Only a retained candidate can be nominated."


@condition("peer_worksheet_complete", "SRC-2", "SRC-4")
def peer_worksheet_complete(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return missing_features(facts.get("features") or {})


@condition("peer_opinion_given", "SRC-4")
def peer_opinion_given(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    rule = policy().review.peers
    if facts.get("opinion") not in {opinion.value for opinion in rule.opinions}:
        return "Choose your opinion."
    reason = str(facts.get("reason") or "").strip()
    return None if len(reason) >= rule.min_reason else f"Give your reason in at least {rule.min_reason} characters."


@condition("enough_peers", "SRC-4", "FAIR-1")
def enough_peers(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    wanted = policy().review.peers.count
    given = len({review.peer_id for review in round_.peer_reviews}) if round_ else 0
    return None if given >= wanted else f"{given} of {wanted} peer reviews are recorded."


@condition("nominee_in_repository", "CAP-3", "SRC-5")
def nominee_in_repository(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    present = round_ is not None and round_.nominee is not None and round_.nominee.photo.removed_at is None
    return None if present else "The photograph of the nominated candidate left the repository since its nomination."


@condition("peers_unanimous", "SRC-6", "FAIR-1")
def peers_unanimous(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    short = enough_peers(request, actor, facts)
    if short:
        return short
    round_ = request.current_round
    supports = {opinion.value for opinion in policy().review.peers.opinions if opinion.supports}
    against = [review for review in round_.peer_reviews if review.opinion not in supports] if round_ else []
    return (
        f"{len(against)} of {len(round_.peer_reviews)} peer opinions do not support the possible match."
        if against
        else None
    )


@condition("password_confirmed", "SRC-5")
def password_confirmed(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if facts.get("password_confirmed") is True else "The password is missing or wrong."


@condition("report_carries_probe_and_notice", "SRC-9")
def report_carries_probe_and_notice(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """`missing` is what app.documents found absent from the rendered file itself."""
    missing = facts["missing"]
    return None if not missing else f"The rendered report lacks {', '.join(missing)}."


@condition("report_attached_to_case_file", "SRC-8", "SRC-7")
def report_attached_to_case_file(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    report = request.current_report
    delivered = report is not None and report.delivered_at is not None and report.receipt is not None
    return None if delivered else "The case management system has not confirmed receipt."


@condition("round_was_approved", "SRC-5")
def round_was_approved(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    round_ = request.current_round
    last = round_.final_reviews[-1].decision if round_ and round_.final_reviews else None
    return None if last == "approved" else "The last round did not end with an approval."


@condition("evidence_given", "USE-8")
def evidence_given(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    return None if str(facts.get("evidence") or "").strip() else "Describe the evidence beside the lead."


@condition("outcome_given", "USE-8")
def outcome_given(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    faults = check_outcome(policy(), str(facts.get("outcome") or ""), facts.get("outcome_facts") or {})
    # the missing evidence of an arrest has a rule of its own
    return _first([fault for fault in faults if fault.field != "corroborating_evidence"])


@condition("arrest_corroborated", "USE-8", "USE-7")
def arrest_corroborated(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    if facts.get("outcome") != "arrest":
        return None
    given = str((facts.get("outcome_facts") or {}).get("corroborating_evidence") or "").strip()
    return None if given else "An arrest needs other corroborating evidence: a lead alone is never enough."


@condition("no_search_run", "SRC-7")
def no_search_run(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    run = [search for search in request.searches if search.started_at is not None]
    return "A search has been run; the request ends with a report." if run else None


@condition("examiner_unavailable", "ACC-2")
def examiner_unavailable(request: FRRequest, actor: Actor, facts: Facts) -> str | None:
    """`examiner_available` is what the directory and the training register say of the assigned examiner now."""
    return None if facts.get("examiner_available") is False else "The assigned examiner is available."
