"""The figures that each role sees on its first page, and the work that this version leaves outside the portal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from flask import url_for
from sqlalchemy import func, select

from app.access.actor import Actor
from app.blueprints.first_rows import count
from app.blueprints.review.queue import unavailable_examiners
from app.calendar import start_of, today
from app.domain.algorithms.registry import active_or_none, status
from app.domain.disclosures.overview import open_incidents, waiting_for
from app.domain.gallery import samples
from app.domain.notices import mail_status
from app.domain.oversight import trail_check
from app.domain.requests.arrests import uncorroborated
from app.domain.retention import lists
from app.domain.retention.schedule import schedule_standing
from app.domain.workload import overview
from app.domain.workload import verbs as workload
from app.extensions import db
from app.models.base import now
from app.models.retention import Disposal
from app.web.formats import ago, plural


@dataclass(frozen=True, slots=True)
class Figure:
    """A number on the first page that links to its list; `one` is the label of a single thing."""

    n: int | str
    label: str
    url: str
    tone: str | None = None
    one: str = ""

    @property
    def said(self) -> str:
        """Return the label for this number."""
        return self.one if self.n == 1 and self.one else self.label


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A sentence on a role's work that has no page in this version, with its clauses."""

    title: str
    text: str
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Duty:
    """A sentence on what a role does next, with the page where it is done; `pressing` where it waits now."""

    text: str
    label: str
    url: str
    pressing: bool


NOTHING_YET, ABOUT = "Nothing for you to do here yet", "About your role"
#: only roles some of whose work has no page in this version
ELSEWHERE: dict[str, Elsewhere] = {
    "executive_approver": Elsewhere(
        NOTHING_YET,
        "Approvals of a comparison outside the repository, and decisions on uses the policy did not foresee, are not "
        "made in this version: it compares with the repository alone and accepts the six authorized uses alone, so "
        "there is nothing for you to approve here. Such decisions are made and kept on paper.",
        ("LIM-5", "LIM-6"),
    ),
    "agency_user": Elsewhere(
        NOTHING_YET,
        "Access of other agencies is given case by case under a written agreement. This version shares no case with "
        "another agency, so no case is open to you.",
        ("EXT-8",),
    ),
    "intelligence_bureau": Elsewhere(
        ABOUT,
        "Requests in a matter that involves political activity are filed, discussed and concluded by members alone, "
        "each within their other roles. By itself membership opens no page.",
        ("LIM-7",),
    ),
    "administrator": Elsewhere(
        ABOUT,
        "Accounts and roles come from the directory; the gallery is imported on the command line. Nothing here shows "
        "you a face or a case.",
        ("ACC-7", "ACC-8"),
    ),
}


def elsewhere(actor: Actor, *, asked: bool = False) -> list[Elsewhere]:
    """Return the sentences for this person's roles. `asked`: something waits here for them all the same."""
    found = [ELSEWHERE[role] for role in sorted(actor.roles) if role in ELSEWHERE]
    return [replace(one, title=ABOUT) if asked and one.title == NOTHING_YET else one for one in found]


def figures(actor: Actor) -> list[Figure]:
    """Return the figures of roles whose work is not requests."""
    found = []
    if actor.can("work.assign"):
        free = url_for("workload.index", show="unassigned")
        # the very count of the page it leads to, so that the two never differ
        open_work = workload.count_open_work(actor, unavailable_examiners(), now())
        found.append(Figure(open_work.unassigned, "unassigned requests", free, "waiting", "unassigned request"))
    if actor.can("training.keep"):
        people = [overview.training_of(account, today()) for account in overview.to_be_trained()]
        lacking = sum(not person.current for person in people)
        ending = sum(person.standing == "ending" for person in people)
        found += [
            Figure(
                lacking,
                "people without the training they need",
                url_for("training.index"),
                "bad",
                "person without the training they need",
            ),
            Figure(
                ending,
                "trainings that end within 30 days",
                url_for("training.index"),
                "waiting",
                "training that ends within 30 days",
            ),
        ]
    if actor.can("disclosure.read"):
        label = "disclosures waiting for you"
        found.append(
            Figure(
                count(waiting_for(actor)), label, url_for("disclosures.index"), "waiting", "disclosure waiting for you"
            )
        )
    if actor.can("incident.keep"):
        found.append(
            Figure(open_incidents(), "open incidents", url_for("disclosures.incidents"), "bad", "open incident")
        )
    if actor.can("misuse.read"):
        found.append(
            Figure(
                overview.unread_misuse(),
                "unread reports of misuse",
                url_for("oversight.misuse"),
                "bad",
                "unread report of misuse",
            )
        )
    if actor.can("retention.read"):
        found += _retention(actor)
    if actor.can("gallery.sample"):
        found.append(
            Figure(len(samples.waiting()), "imports waiting to be signed for", url_for("samples.index"), "waiting")
        )
    if actor.can("audit.read"):
        day = today()
        refused = url_for("oversight.events", event="refusals", since=day.isoformat())
        found += [
            Figure(overview.refusals_since(start_of(day)), "refusals today", refused, "waiting", "refusal today"),
            Figure(overview.last_sequence(), "events in the audit trail", url_for("oversight.events")),
        ]
    if actor.can("algorithm.read"):
        entry, usable = active_or_none(), status(today()).ok
        named = entry.name if entry else "an algorithm that left the catalogue"
        answer = "may be used in casework" if usable else "may not be used: see why"
        found += [
            Figure(
                "On" if usable else "Off",
                f"casework searches: {named} {answer}",
                url_for("algorithms.index"),
                "" if usable else "bad",
            ),
            Figure(
                overview.waiting_jobs(),
                "jobs queued or running",
                url_for("algorithms.index"),
                one="job queued or running",
            ),
            Figure(
                overview.failed_jobs(),
                "jobs failed in 7 days",
                url_for("algorithms.index"),
                "bad",
                "job failed in 7 days",
            ),
            Figure(
                overview.sign_in_failures(),
                "failed sign-ins in 24 hours",
                url_for("algorithms.index"),
                one="failed sign-in in 24 hours",
            ),
        ]
    if actor.can("mail.read"):
        trouble = mail_status.current().undelivered
        found.append(
            Figure(
                trouble,
                "e-mails not delivered in 7 days",
                url_for("notices.mail"),
                "bad",
                "e-mail not delivered in 7 days",
            )
        )
    return found


def duties(actor: Actor, moment: datetime) -> list[Duty]:
    """Return what those who watch over the portal do next: reports of misuse, the chain of events."""
    found = []
    if actor.can("misuse.read"):
        unread = overview.unread_misuse()
        waits = f"{plural(unread, 'report')} of misuse {'waits' if unread == 1 else 'wait'} to be read."
        text = waits if unread else "No report of misuse waits to be read."
        found.append(Duty(text, "Read the reports of misuse", url_for("oversight.misuse"), unread > 0))
    if actor.can("misuse.read") and actor.can("figures.read") and (made := len(uncorroborated(actor))):
        text = (
            f"{plural(made, 'arrest')} {'was' if made == 1 else 'were'} reported with no independent evidence in hand."
        )
        found.append(Duty(text, "See each such arrest", url_for("workload.arrests", _anchor="none"), True))
    if actor.can("audit.read"):
        checked, address = trail_check.last_check(), url_for("oversight.events", _anchor="chain")
        if checked is None:
            found.append(Duty("The chain of events was not checked yet.", "Check the chain of events", address, True))
        elif checked.faults:
            faults = plural(checked.faults, "fault")
            text = f"The last check of the chain of events, {ago(checked.at, moment)}, found {faults}."
            found.append(Duty(text, "See the chain of events", address, True))
        else:
            text = f"The chain of events was found whole {ago(checked.at, moment)}."
            found.append(Duty(text, "Check the chain of events again", address, False))
    if actor.can("gallery.sample") and (unsigned := samples.waiting()):
        text = f"The sample of an import waits to be compared with its sources. {samples.standing(unsigned[0])}"
        found.append(Duty(text, "Compare the sample", url_for("samples.show", uid=unsigned[0].uid), True))
    return found


def _retention(actor: Actor) -> list[Figure]:
    counts = lists.counts(actor, today())
    waiting = select(func.count(Disposal.id)).where(Disposal.awaiting())
    return [
        Figure(
            counts["due"],
            "records due for disposal",
            url_for("retention.index", list="due"),
            "waiting",
            "record due for disposal",
        ),
        Figure(
            counts["unclassified"],
            "records to be completed",
            url_for("retention.index", list="unclassified"),
            "waiting",
            "record to be completed",
        ),
        Figure(
            db.session.scalar(waiting) or 0,
            "disposals to be approved",
            url_for("retention.disposals"),
            "waiting",
            "disposal to be approved",
        ),
        Figure(
            int(bool(schedule_standing().overdue)),
            "review of the Schedule overdue",
            url_for("retention.schedule"),
            "attention",
        ),
    ]
