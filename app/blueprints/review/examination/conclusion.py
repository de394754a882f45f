"""The end of a round: background checks, one candidate nominated or none (SRC-3, SRC-4, SRC-7)."""

from __future__ import annotations

from typing import Any

from flask import flash, url_for

from app import audit
from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.fact_fields import answers, day_of, mark
from app.blueprints.review.blueprint import bp
from app.blueprints.review.examination import request_facts
from app.blueprints.review.examination.comparison import render_candidates
from app.blueprints.review.examination.drafts import restored
from app.blueprints.review.examination.rounds import (
    candidate_at,
    listed,
    loaded,
    version_of,
    working,
)
from app.blueprints.review.forms import (
    InformationForm,
    NoneForm,
    background_form,
    nomination_form,
)
from app.blueprints.review.identification.probe import shown_probe
from app.domain.examination import drafts
from app.domain.examination import verbs as examination
from app.domain.examination.background_conditions import against_of
from app.domain.examination.contradictions import contradictions_of, lacking
from app.domain.examination.earlier_verdicts import earlier_verdicts, grounds_for, told_grounds, told_verdicts
from app.domain.peers import nomination, renomination
from app.models import BackgroundCheck, Round
from app.policy import policy
from app.policy.examination.against import findings, silences
from app.policy.examination.answers import GROUND, SOURCE
from app.policy.examination.background import compare, record_fault
from app.policy.facts import Fault
from app.policy.refused import Refused
from app.steps import Answer, Why, take_step
from app.typed import whole_number_or
from app.unit_of_work import Conflict
from app.web.pages import page


@bp.get("/review/rounds/<uid>/candidates/<int:place>/background")
@needs("examination.work", "approval.decide", of=Round)
def background(subject: Round, place: int) -> str:
    """The recorded facts of a retained candidate beside what the request states."""
    round_ = loaded(subject)
    known = round_.background_of(candidate_at(round_, place))
    stored = known.private if known else {}
    draft, unsent = restored(round_.request, drafts.background_page(round_, candidate_at(round_, place)))
    data = unsent if draft else {**stored.get("items", {}), **stored.get("answers", {})}
    return render_background(round_, place, background_form(version=version_of(known), formdata=None, data=data))


def render_background(round_: Round, place: int, form: Any, refusal: Why = None, news: Any = None) -> str:
    """The background check of one candidate."""
    person = listed(round_, candidate_at(round_, place))
    faces = [round_.search.image.uid, *(one.photo.uid for one in person.photos)]
    audit.viewed("faces.viewed", round_.request, page="review.background", faces=faces)
    known, request_ = person.background, round_.request
    draft = drafts.kept(request_, current_actor(), drafts.background_page(round_, person.candidate))
    against = against_of(request_, person.candidate.person, known)
    compared, kept = compare(policy(), against), contradictions_of(round_, person.candidate)
    told = {one.rule_id for one in kept}
    return page(
        "review/examination/background.html",
        compared=compared,
        kept=kept,
        fresh=[one for one in compared if one.status == "inconsistent" and one.rule.id not in told],
        endings=(GROUND, SOURCE),
        earlier=told_verdicts(round_, earlier_verdicts(round_, person.candidate), current_actor()),
        grounds=told_grounds(round_, grounds_for(round_, person.candidate), current_actor()),
        doubts=renomination.open_doubts(round_, person.candidate),
        news=news or InformationForm(formdata=None, prefix="new-", version=request_.version),
        again_rule=policy().review.renomination,
        draft=draft,
        answer_rule=policy().review.inconsistency_answer,
        ineligible=record_fault(against.items),
        ineligible_rule=policy().conditions["nominee_record_eligible"],
        round=round_,
        item=round_.request,
        entry=person,
        form=form,
        refusal=refusal,
        working=working(round_),
        request_facts=request_facts,
        rule=policy().review.background,
        silence_rule=policy().review.silence,
        silent=silences(policy(), against),
        found=findings(policy(), against),
        probe=shown_probe(round_.search),
        place=place,
    )


@bp.post("/review/rounds/<uid>/candidates/<int:place>/background")
@needs("examination.work", of=Round)
def check_background(subject: Round, place: int) -> Answer:
    """SRC-3: record the background check of a retained candidate."""
    form, actor = background_form(), current_actor()
    again_at = url_for("review.background", uid=subject.uid, place=place)
    replies: dict[str, str] = {}

    def stored() -> str:
        return version_of(subject.background_of(candidate_at(subject, place)))

    def check() -> None:
        candidate = candidate_at(subject, place)
        items = answers(form, "", policy().review.background.facts)
        parts = [rule + part for rule in policy().review.inconsistencies for part in ("", GROUND, SOURCE)]
        replies.update({name: form[name].data for name in parts if name in form and form[name].data})
        known = subject.background_of(candidate)
        # the same check sent twice overwrites nothing
        if known is not None and stored() != form.version.data and stated_in(known) != (items, replies):
            raise Conflict("somebody else changed this first")
        examination.check_background(subject.request, actor, candidate, items, replies)

    def again(why: Why) -> str:
        if isinstance(why, Refused):
            mark(form, why.faults, ())
        return render_background(loaded(subject), place, form, why)

    def onward() -> str:
        candidate = candidate_at(loaded(subject), place)
        found = contradictions_of(subject, candidate)
        faults = lacking(found)
        if faults:
            said = "Recorded. Inconsistencies still wait for an answer; nobody is nominated before. "
            flash(said + " ".join(fault.message for fault in faults), "warning")
            return again_at
        if any(one.holds and not one.agreed for one in found):
            flash(
                "Recorded. A supervisor is asked whether the answer is agreed to; nobody is nominated before.",
                "warning",
            )
            return again_at
        flash(f"The background check of candidate {place} is recorded.", "success")
        return url_for("review.candidates", uid=subject.uid)

    return take_step(
        subject.request,
        "check_background",
        form,
        check,
        again=again,
        to=onward,
        stands=stored,
        compare=False,
        own=subject.examiner_id == actor.id,
    )


@bp.post("/review/rounds/<uid>/candidates/<int:place>/information")
@needs("examination.work", of=Round)
def record_information(subject: Round, place: int) -> Answer:
    """Record what is new of a person whom a peer did not support (SRC-6)."""
    form, actor = InformationForm(prefix="new-"), current_actor()

    def again(why: Why) -> str:
        if isinstance(why, Refused):
            mark(form, why.faults, ("new-",))
        round_ = loaded(subject)
        known = round_.background_of(candidate_at(round_, place))
        stored = {**known.private.get("items", {}), **known.private.get("answers", {})} if known else {}
        check = background_form(version=version_of(known), formdata=None, data=stored)
        return render_background(round_, place, check, why, form)

    return take_step(
        subject.request,
        "record_information",
        form,
        lambda: renomination.record_information(
            subject.request,
            actor,
            candidate_at(subject, place),
            form.text.data or "",
            form.source.data or "",
            day_of(form.obtained_on.data),
        ),
        again=again,
        to=url_for("review.background", uid=subject.uid, place=place),
        done="Recorded. It stands with the earlier verdicts in the file and in every document.",
    )


def stated_in(check: BackgroundCheck) -> tuple[dict[str, str], dict[str, str]]:
    """The items and the answers of a recorded check, as a form states them."""
    return check.private.get("items", {}), check.private.get("answers", {})


@bp.post("/review/rounds/<uid>/nomination")
@needs("examination.work", of=Round)
def nominate(subject: Round) -> Answer:
    """SRC-4: put one retained candidate before peer review."""
    form, actor = nomination_form(()), current_actor()
    chosen = whole_number_or(form.candidate.data, 0)

    def sound() -> bool:
        if not form.validate():
            return False
        if not chosen:
            mark(form, [Fault("candidate", "Choose the candidate you nominate.", "nominee_retained")], ())
        return bool(chosen)

    def put() -> None:
        opinion, reason = form.opinion.data or "", form.reason.data or ""
        nomination.nominate(subject.request, actor, candidate_at(subject, chosen), opinion, reason)

    def again(why: Why) -> str:
        beside = {policy().review.nomination.id: "reason", "nomination_supported": "opinion"}
        if isinstance(why, Refused) and why.rule_id in beside:
            mark(form, [Fault(beside[why.rule_id], why.reason, why.rule_id)], ())
        return render_candidates(subject, nominate=form, form=form, refusal=why)

    return take_step(
        subject.request,
        "nominate",
        form,
        put,
        again=again,
        sound=sound,
        to=_work(subject),
        done="The candidate is before peer review. The peers see neither your notes nor the score.",
    )


@bp.post("/review/rounds/<uid>/none")
@needs("examination.work", of=Round)
def conclude_none(subject: Round) -> Answer:
    """SRC-7: identify nobody, and say why; of those retained too."""
    form, actor = NoneForm(), current_actor()

    def again(why: Why) -> str:
        beside = {"retained_explained": "retained", "reason_given": "reason"}
        if isinstance(why, Refused) and why.rule_id in beside:
            mark(form, [Fault(beside[why.rule_id], why.reason, why.rule_id)], ())
        return render_candidates(subject, nobody=form, form=form, refusal=why)

    return take_step(
        subject.request,
        "conclude_none",
        form,
        lambda: examination.conclude_none(subject.request, actor, form.reason.data or "", form.retained.data or ""),
        again=again,
        to=_work(subject),
        done="No candidate is identified; the negative-results report is being delivered.",
    )


def _work(subject: Round) -> str:
    return url_for("review.work", number=subject.request.number)
