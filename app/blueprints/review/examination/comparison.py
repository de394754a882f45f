"""A round of examination: the candidates, each compared by hand, the background check, one nominee or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, request, url_for

from app import audit
from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.fact_fields import mark
from app.blueprints.options import options_for
from app.blueprints.review.blueprint import bp
from app.blueprints.review.examination.drafts import restored
from app.blueprints.review.examination.marks import marking
from app.blueprints.review.examination.rounds import (
    RoundCandidate,
    candidate_at,
    differing_features,
    listed,
    listed_state,
    loaded,
    version_of,
    working,
)
from app.blueprints.review.examination.undo import offered
from app.blueprints.review.examination.viewer import Mark, Viewer, original, photograph, prepared
from app.blueprints.review.examination.worksheets import features_of, worksheet_data, worksheet_form
from app.blueprints.review.forms import (
    NoneForm,
    nomination_form,
    quick_form,
)
from app.blueprints.review.identification.probe import ShownPhoto, shown_probe
from app.blueprints.shared_forms import VersionForm
from app.domain.approval.round_file import round_file
from app.domain.examination import drafts
from app.domain.examination import verbs as examination
from app.domain.examination.ending import retained_in
from app.domain.peers.results import is_open
from app.models import Round
from app.policy import policy
from app.policy.examination.worksheet import unexplained_in
from app.policy.facts import Fault
from app.policy.refused import Refused
from app.refusals import status_of
from app.steps import Again, Answer, Why, take_step
from app.typed import whole_number
from app.unit_of_work import Conflict
from app.web.formats import day
from app.web.pages import page


@bp.get("/review/rounds/<uid>")
@needs("examination.work", "approval.decide", of=Round)
def candidates(subject: Round) -> str:
    """All candidates of a round: in the recorded random order, and by rank once each has its disposition."""
    return render_candidates(subject)


def render_candidates(subject: Round, **changed: Any) -> str:
    """The candidates page; `changed` replaces what the template is given. Names every face it shows in one event."""
    round_ = loaded(subject)
    people = [listed(round_, candidate) for candidate in round_.search.candidates]
    faces = [round_.search.image.uid, *(one.photo.uid for person in people for one in person.photos)]
    audit.viewed("faces.viewed", round_.request, page="review.candidates", faces=faces)
    try:
        by_place = {person.place: person for person in people}
        ranked = [by_place[candidate.shown_order] for candidate in examination.ranking(round_, current_actor())]
    except Refused:
        ranked = []
    retained = [person for person in people if person.state == "retained"]
    barred = barriers(round_, retained) if ranked and working(round_) else {}
    typed = changed.pop("nominate", None)
    # whoever is barred is not offered; what was typed and refused stays as it was
    choices = [(str(one.place), f"Candidate {one.place}") for one in retained if typed or one.place not in barred]
    context = {
        "round": round_,
        "item": round_.request,
        "people": people,
        "ranked": ranked,
        "retained": retained,
        "kept": retained_in(round_),
        "barred": barred,
        "offered": bool(choices),
        "done": sum(1 for person in people if person.state != "open"),
        "working": working(round_),
        "next": examination.next_open(round_),
        "probe": shown_probe(round_.search),
        "order": policy().review.order,
        "nominate": nomination_form(choices, version=round_.request.version, formdata=None),
        "nobody": NoneForm(version=round_.request.version, formdata=None),
        "refusal": None,
        "rule": policy().review.nomination,
        "opened": round_file(round_, current_actor()) if is_open(round_) else None,
        "undo": offered(round_),
    }
    if typed is not None:
        typed.candidate.choices = choices
        context["nominate"] = typed
    return page("review/examination/candidates.html", **{**context, **changed})


def barriers(round_: Round, retained: list[RoundCandidate]) -> dict[int, tuple[Refused, ...]]:
    """Return {place: every rule that would refuse the nomination}, without those who can be nominated."""
    asked = {
        person.place: options_for(round_.request, nominee=person.candidate).blockers("nominate") for person in retained
    }
    return {place: found for place, found in asked.items() if found}


@bp.get("/review/rounds/<uid>/candidates/<int:place>")
@needs("examination.work", "approval.decide", of=Round)
def compare(subject: Round, place: int) -> str:
    """One candidate beside the probe."""
    return render_compare(loaded(subject), place)


def render_compare(round_: Round, place: int, **changed: Any) -> str:
    """The page that compares one candidate with the probe; `changed` replaces what the template is given."""
    person = listed(round_, candidate_at(round_, place))
    derived = round_.search.derived
    faces = [round_.search.image.uid, *([derived.uid] if derived else []), *(one.photo.uid for one in person.photos)]
    audit.viewed("faces.viewed", round_.request, page="review.compare", faces=faces)
    asked = request.args.get("photo", "")
    shown = next((one for one in person.photos if one.photo.uid == asked), person.shown)
    if shown is None:
        abort(404)
    stored = person.disposition.private if person.disposition else {}
    draft, unsent = restored(round_.request, drafts.worksheet_page(round_, person.candidate))
    filled = {**worksheet_data(stored.get("features", {})), "remark": stored.get("note")}
    filled |= {"justification": stored.get("justification")}
    version = version_of(person.disposition)
    named = next((name for name, given in stored.get("features", {}).items() if name and given), None)
    last = request.args.get("after", type=whole_number)
    context = {
        "round": round_,
        "item": round_.request,
        "entry": person,
        "shown": shown,
        "working": working(round_),
        "strip": [listed_state(round_, candidate) for candidate in round_.search.candidates],
        "probe": shown_probe(round_.search),
        "sheet": policy().review.worksheet,
        "place": place,
        "excluding": [verdict for verdict in policy().review.worksheet.verdicts if verdict.excludes],
        "quick": quick_form(
            version=version,
            feature=named if person.state == "excluded" else None,
            note=stored.get("note"),
            formdata=None,
        ),
        "worksheet": worksheet_form(version=version, formdata=None, data=unsent if draft else filled),
        "draft": draft,
        "unexplained": unexplained_in(policy(), stored.get("features", {})),
        "least": policy().review.unexplained,
        "opened": person.state == "retained" or draft is not None,
        "refusal": None,
        "dispositions": policy().review.dispositions,
        "last": next((one for one in round_.search.candidates if one.shown_order == last), None),
        "last_disposition": None,
        "undo": offered(round_),
    }
    if context["last"] is not None:
        context["last_disposition"] = round_.disposition_of(context["last"])
        context["last_differs"] = differing_features(context["last_disposition"])
    marks = marking(round_, person.candidate, shown.photo.uid, working(round_), **changed.pop("marked", {}))
    context |= {"marking": marks, "viewer": comparison(round_, person, shown, marks.marks)}
    return page("review/examination/compare.html", **{**context, **changed})


def comparison(round_: Round, person: RoundCandidate, shown: ShownPhoto, marks: tuple[Mark, ...]) -> Viewer:
    """The viewer on one candidate: every photograph still held, the one asked for beside the original probe."""
    search, called = round_.search, f"Candidate {person.place}"
    return Viewer(
        "viewer",
        original(search),
        tuple(
            photograph(
                one.photo,
                one.photo.uid,
                f"{called}, {day(one.photo.taken_on)}",
                day(one.photo.taken_on),
                f"{called}, photograph of {day(one.photo.taken_on)}",
            )
            for one in person.photos
        ),
        shown.photo.uid,
        url_for("review.compare", uid=round_.uid, place=person.place),
        prepared=prepared(search.derived) if search.derived else None,
        marks=marks,
        markable=True,
    )


def _dispose(
    subject: Round, place: int, form: Any, verdict: str, answers: Callable[[], tuple[Any, str, str]], again: Again
) -> Answer:
    """Record a disposition, unless it was changed since the page was opened; one sent twice overwrites nothing.

    answers: gives what the form says as (features, note, justification).
    """
    actor = current_actor()

    def stored() -> str:
        return version_of(subject.disposition_of(candidate_at(subject, place)))

    def decide() -> None:
        candidate, before = candidate_at(subject, place), stored()
        examination.dispose(subject.request, actor, candidate, verdict, *answers())
        if before and stored() != before and before != form.version.data:
            raise Conflict("somebody else changed this first")

    return take_step(
        subject.request,
        "dispose",
        form,
        decide,
        again=again,
        to=lambda: _onward(subject, place),
        stands=stored,
        compare=False,
        own=_own(subject),
    )


def _onward(subject: Round, place: int) -> str:
    """Return the address of the next open candidate, or of the list when none is open."""
    following = examination.next_open(loaded(subject), place)
    if following is None:
        return url_for("review.candidates", uid=subject.uid, after=place)
    return url_for("review.compare", uid=subject.uid, place=following.shown_order, after=place)


@bp.post("/review/rounds/<uid>/candidates/<int:place>/exclusion")
@needs("examination.work", of=Round)
def exclude(subject: Round, place: int) -> Answer:
    """SRC-2: exclude a candidate by one differing feature."""
    form = quick_form()

    def answers() -> tuple[Any, str, str]:
        named = {form.feature.data: {"verdict": form.verdict.data, "note": form.note.data}}
        return named if form.feature.data else {}, form.note.data or "", ""

    def again(why: Why) -> str:
        if isinstance(why, Refused) and status_of(why) == 422:
            mark(form, [Fault("feature", why.reason, why.rule_id)], ())
        return render_compare(loaded(subject), place, quick=form, form=form, refusal=why)

    return _dispose(subject, place, form, "excluded", answers, again)


@bp.post("/review/rounds/<uid>/candidates/<int:place>/exclusion/taking-back")
@needs("examination.work", of=Round)
def take_back(subject: Round, place: int) -> Answer:
    """Undo an exclusion within the rule's time; later the candidate's page shows the rule (SRC-2)."""
    standing: list[str] = []

    def undo() -> None:
        standing.append(examination.take_back(subject.request, current_actor(), candidate_at(subject, place)))

    def done() -> str:
        now_so = "It is open again." if standing[-1] == "open" else f"It is {standing[-1]}, as before."
        return f"The exclusion of candidate {place} is taken back. {now_so}"

    return take_step(
        subject.request,
        "take_back",
        VersionForm(),
        undo,
        again=lambda why: render_compare(loaded(subject), place, refusal=why),
        done=done,
        to=url_for("review.compare", uid=subject.uid, place=place),
        own=_own(subject),
        stands=lambda: version_of(subject.disposition_of(candidate_at(subject, place))),
    )


def _own(subject: Round) -> bool:
    """Tell whether only this person records anything in the round."""
    return subject.examiner_id == current_actor().id


@bp.post("/review/rounds/<uid>/candidates/<int:place>/worksheet")
@needs("examination.work", of=Round)
def compare_fully(subject: Round, place: int) -> Answer:
    """SRC-2: the worksheet over the eleven features; retained only when it is complete."""
    form = worksheet_form()

    def again(why: Why) -> str:
        if isinstance(why, Refused):
            mark(form, why.faults, ())
        return render_compare(loaded(subject), place, worksheet=form, form=form, refusal=why, opened=True)

    return _dispose(
        subject,
        place,
        form,
        form.decision.data or "",
        lambda: (features_of(form), form.remark.data or "", form.justification.data or ""),
        again,
    )
