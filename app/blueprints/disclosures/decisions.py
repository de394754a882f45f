"""Deciding on a disclosure: approve item by item, find lawful, refuse, return; signed with the password typed again."""

from __future__ import annotations

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from app.access.actor import current_actor
from app.access.guard import needs
from app.blueprints.disclosures.blueprint import bp
from app.blueprints.disclosures.forms import ANSWER, DecisionForm, answers_in, decision_form
from app.blueprints.disclosures.rendering import disclosure_context
from app.blueprints.disclosures.steps import CHOICES, Choice, choice_named, offered
from app.blueprints.fact_fields import day_of
from app.blueprints.options import options_of
from app.calendar import today
from app.domain.disclosures import verbs as domain
from app.domain.disclosures.contradictions import contradictions_of
from app.domain.disclosures.leaving import kept_back, proposed
from app.domain.disclosures.papers import SHOWS_LEFT, words_of
from app.models.base import filled
from app.models.disclosures import Disclosure
from app.policy import policy
from app.policy.disclosures.registers import Agency, agency_named
from app.policy.refused import Refused
from app.steps import Answer, Why, apart, take_step
from app.web.pages import page


@bp.get("/disclosures/<number>/decide")
@needs("disclosure.determine", "disclosure.decide", of=Disclosure)
def consider(subject: Disclosure) -> WerkzeugResponse | str:
    """The whole request on one page, with the decision below it."""
    if not subject.takes(*(choice.verb for choice in CHOICES)):
        flash("There is nothing to decide on this disclosure now.", "info")
        return redirect(url_for("disclosures.show", number=subject.number))
    last = domain.default_release_by().isoformat()
    against = contradictions_of(subject)
    asked = [item.uid for item in proposed(subject)]
    return _decision_page(
        subject, decision_form(against, formdata=None, version=subject.version, release_by=last, included=asked)
    )


def _decision_page(subject: Disclosure, form: DecisionForm, why: Why = None) -> str:
    """`why`: what stands in the way of a decision sent; what was typed stays."""
    choices, blocked = offered(options_of(subject))
    form.decision.choices = [(choice.verb, choice.label) for choice in choices]
    form.included.choices = _choices_of(subject)
    rules = {row.verb: row for row in policy().workflow("disclosure").transitions}
    context = disclosure_context(subject)
    return page(
        "disclosures/decide.html",
        **{**context, **apart(why)},
        form=form,
        offered=choices,
        unavailable=blocked,
        agencies=_agencies(subject),
        today=today(),
        answer_fields=[field for field in form if field.name.startswith(ANSWER)],
        rules=rules,
        granting={choice.verb for choice in choices} & {"approve", "determine"},
    )


def _agencies(subject: Disclosure) -> list[Agency]:
    """Return the registered agency of the kind and the name in the form."""
    named = str(subject.private.get("recipient_facts", {}).get("agency") or "")
    found = agency_named(policy().registers, subject.recipient_kind, named)
    return [found] if found is not None else []


def _choices_of(subject: Disclosure) -> list[tuple[str, str]]:
    """Return the items that may be let out, those of which something has left with what becomes of them."""
    back, among = kept_back(subject, subject.items), proposed(subject)
    fate = "is named in the inventory, and not enclosed" if len(among) == len(subject.items) else "cannot be let out"
    words = [(item, words_of(item.thing, subject.recipient_kind)) for item in subject.items]
    return [(item.uid, f"{said} ({SHOWS_LEFT}; {fate})" if item in back else said) for item, said in words]


@bp.post("/disclosures/<number>/decide")
@needs("disclosure.determine", "disclosure.decide", of=Disclosure)
def decide(subject: Disclosure) -> Answer:
    """Take the decision. A wrong password decides nothing, and everything typed stays."""
    form = decision_form(contradictions_of(subject))
    form.included.choices = _choices_of(subject)
    choice = choice_named(form.decision.data)
    verb = (choice or CHOICES[-1]).verb

    def barred() -> Refused | None:
        # no form stands on the page that was seen: what matters is the rule, not what the form lacks
        seen = form.version.data == str(subject.version)
        return options_of(subject).why(verb) if seen and not offered(options_of(subject))[0] else None

    def sound() -> bool:
        if form.validate() and choice is None:
            form.decision.errors = ["Choose one of the decisions."]
        return not form.errors

    return take_step(
        subject,
        verb,
        form,
        lambda: _take(subject, filled(choice), form),
        barred=barred,
        sound=sound,
        again=lambda why: _decision_page(subject, form, why),
        done=lambda: f"{subject.number} {filled(choice).done}",
        to=url_for("disclosures.show", number=subject.number),
    )


def _take(subject: Disclosure, choice: Choice, form: DecisionForm) -> None:
    actor, text, reason = current_actor(), form.text.data or "", form.reason.data or ""
    if choice.verb == "return_for_changes":
        domain.return_for_changes(subject, actor, reason)
    elif choice.verb == "refuse":
        domain.refuse(subject, actor, text=text, reason=reason, answers=answers_in(form), password_confirmed=True)
    else:
        grant = domain.approve if choice.verb == "approve" else domain.determine
        last = day_of(form.release_by.data)
        if last is None:
            raise Refused("release_by_within_bounds", "Name the last day on which the package may leave.")
        grant(
            subject,
            actor,
            text=text,
            reason=reason,
            included=set(form.included.data or ()),
            conditions=form.conditions.data or "",
            release_by=last,
            answers=answers_in(form),
            password_confirmed=True,
        )
