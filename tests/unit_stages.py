"""The unit's part of a request's path, and a repository to search: real verbs, real networks, real jobs.

Mixed into the factory. People unless told otherwise: k.rowan examines, j.maple and n.finch are the peers, c.hawthorn is
the supervisor.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, ClassVar

import cv2

from app import audit
from app.calendar import local, today
from app.domain.algorithms import networks
from app.domain.algorithms import registry as algorithms
from app.domain.approval import answers, unexamined
from app.domain.approval import verbs as approvals
from app.domain.examination import annotations
from app.domain.examination import verbs as examination
from app.domain.examination.annotations import Drawn
from app.domain.gallery.repository_index import next_generation, seal_template
from app.domain.identification import lineage, preparation, repeats
from app.domain.identification import verbs as identification
from app.domain.peers import nomination, selection
from app.domain.peers import verbs as line_ups
from app.domain.peers.conditions import line_ups_of
from app.domain.requests import outcomes
from app.domain.requests import verbs as requests
from app.domain.requests.earlier_refusals import earlier_refusals
from app.extensions import db, stores
from app.imaging import decode
from app.matching.perceptual import perceptual_hash
from app.matching.same_photograph import aligned
from app.matching.types import Template as Vector
from app.models import Annotation, Candidate, DerivedImage, GalleryPerson, GalleryPhoto, Job, LineUp, Template
from app.models.base import now
from app.models.requests import DetectedFace, FRRequest
from app.policy import policy
from app.storage import masked
from app.unit_of_work import unit_of_work
from demo.people import Person, arrest_date, demo_person_record, mugshot, person

FINGERPRINT = {
    "what": "A fingerprint on the counter, which the laboratory compared with the person's.",
    "source": "Latent print section",
    "thing_number": "Lift 26-000812",
    "obtained_on": "2026-11-22",
    "stood_in": "Laboratory report LR-000812 in the case management system",
    "stood_on": "2026-11-23",
    "stood_by": "P. Heron, latent print section",
    "speaks": "for",
    "stands_alone": "yes",
    "why": "It was lifted at the scene and compared by hand.",
    "shown_or_told": "no_person",
}
ANSWER = "The description is a witness's guess from across the street."
AGREED = "Agreed: the complaint itself says that the light was poor and the view short."
NEEDLESS = "The complainant recognized the person in the street and named them on 24 November."
READ_THE_PAPER = "I read the laboratory's own paper on this lift; it names no photograph."
BROADER = "The bridge is broader."
SAME = "The two faces agree in every feature that both pictures show."


def fingerprint_for(request: FRRequest) -> dict[str, str]:
    """Return a print lifted for this request: the same words twice in a matter are one item."""
    return FINGERPRINT | {"what": f"{FINGERPRINT['what']} Lift {request.number}."}


@cache
def photograph(seed: int, number: int = 0) -> bytes:
    """A drawn arrest photograph as JPEG."""
    return cv2.imencode(".jpg", mugshot(person(seed), number), [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


@cache
def vector_of(seed: int, number: int, models_dir: str) -> Vector:
    """The template of an arrest photograph; `models_dir` keeps installations apart."""
    picture = decode(photograph(seed, number)).bgr
    return networks.extractor().templates(picture, [networks.detector().detect(picture)[0]])[0]


@cache
def eyes_of(seed: int, number: int) -> list[list[float]]:
    """Where the detector sees the eyes of an arrest photograph."""
    return networks.detector().detect(decode(photograph(seed, number)).bgr)[0].eyes


@cache
def hash_of(seed: int, number: int) -> int:
    """The hash of the aligned face of an arrest photograph."""
    picture = decode(photograph(seed, number)).bgr
    return aligned(picture, networks.detector().detect(picture)[0].points).hash


def answered(rule: str, words: str = ANSWER) -> dict[str, str]:
    """A whole answer to one contradiction, in the fields of the form; no two are alike."""
    kind = policy().review.inconsistencies[rule]
    source = "The custody register, read on 22 November 2026"
    parts = {f"{rule}_ground": kind.grounds[0].value, f"{rule}_source": source} if kind.grounds else {}
    return {rule: f"{words} Concerns {kind.title.lower()}.", **parts}


def all_answered() -> dict[str, str]:
    """A whole answer to whatever may contradict a candidate."""
    return {name: text for rule in policy().review.inconsistencies for name, text in answered(rule).items()}


def worksheet(verdict: str = "similar") -> dict[str, dict[str, str]]:
    """A full worksheet over the eleven features with one verdict."""
    return {f.value: {"verdict": verdict, "note": ""} for f in policy().review.worksheet.features}


FINDINGS = ("height", "weight", "age", "marks", "custody", "location", "alibi", "record_status")
#: requests of tests seldom state a weight, an age or marks, and silence supports nobody
BACKGROUND = dict.fromkeys(FINDINGS, "supports") | {
    "weight": "unknown",
    "age": "unknown",
    "marks": "unknown",
    "records_checked": "Arrest and custody records were read; nothing contradicts the candidate.",
}


def around(face: DetectedFace) -> list[dict[str, Any]]:
    """A recipe: cut out a face with half its size on every side, lighten it."""
    x1, y1, x2, y2 = face.box
    wide, high = (x2 - x1) / 2, (y2 - y1) / 2
    left, top = max(0, round(x1 - wide)), max(0, round(y1 - high))
    right, bottom = min(face.image.width, round(x2 + wide)), min(face.image.height, round(y2 + high))
    return [
        {"op": "crop", "x": left, "y": top, "width": right - left, "height": bottom - top},
        {"op": "gamma", "value": 1.2},
    ]


class UnitStages:
    """Stages after the discussion; each takes the request one step on."""

    people: Any
    run_jobs: Any
    parts: dict[str, Any]
    models_dir: str

    UNIT_PATH: ClassVar[dict[str, tuple[str, ...]]] = {
        "accepted": ("accept",),
        "documented": ("document",),
        "probe_selected": ("select",),
        "searching": ("search",),
        "searched": ("finish",),
        "under_examination": ("examine",),
        "nominated": ("nominate",),
        "peer_reviewed": ("peers",),
        "approved": ("approve",),
        "reported": ("report",),
        "closed": ("close",),
    }
    #: states beside the path: (state they branch off, stages)
    BRANCHES: ClassVar[dict[str, tuple[str, tuple[str, ...]]]] = {
        "refused": ("discussed", ("refuse",)),
        "awaiting_images": ("discussed", ("send_back",)),
        "continued": ("peer_reviewed", ("carry_on",)),
        "negative": ("under_examination", ("conclude",)),
        "unexamined": ("searched", ("end_unexamined",)),
        "superseded": ("reported", ("recall",)),
    }

    def enrol(self, people: Iterable[Person], photos: int = 1) -> list[GalleryPhoto]:
        """Put drawn people into the repository with their templates; whoever is there already is left alone."""
        entered = []
        for who in people:
            record = demo_person_record(who)
            number = str(record["record_number"])
            if db.session.query(GalleryPerson).filter_by(person_number=number).first() is not None:
                continue
            entered += self._enrol_one(who, record, number, photos)
        return entered

    def _enrol_one(self, who: Person, record: dict[str, Any], number: str, photos: int) -> list[GalleryPhoto]:
        row = GalleryPerson(person_number=number, key_id=stores().keys.create())
        row.seal(
            name=record["name"],
            born_on=str(record["birth_date"]),
            height_in=str(record["height_in"]),
            weight_lb=str(record["weight_lb"]),
            marks="",
        )
        kept = []
        for index in range(photos):
            data, vector = photograph(who.seed, index), vector_of(who.seed, index, self.models_dir)
            key_id = stores().keys.create()
            stored, picture = stores().blobs.put(key_id, data), decode(data).bgr
            photo = GalleryPhoto(
                person=row,
                record_number=f"{number}-{index + 1}",
                source="arrest",
                jurisdiction="criminal",
                charged=True,
                taken_on=arrest_date(who, index),
                sha256=stored.sha256,
                blob_id=stored.id,
                key_id=key_id,
                phash=perceptual_hash(picture),
                width=picture.shape[1],
                height=picture.shape[0],
                batch="tests",
            )
            photo.face_hash = masked(stores().keys, photo.uid, hash_of(who.seed, index))
            photo.seal(charge=str(record["charge"]), eyes=eyes_of(who.seed, index))
            photo.templates = [
                Template(algorithm_digest=vector.model_digest, box=seal_template(key_id, photo.uid, vector))
            ]
            kept.append(photo)
        with unit_of_work() as rows:
            rows.add_all([row, *kept])
            audit.record("gallery.enrolled", batch="tests", photos=len(kept), generation=next_generation())
        return kept

    def advance_to(self, request: FRRequest, state: str, *, image: int = 0, **parts: Any) -> FRRequest:
        """Bring an existing request on to `state`; `image` says which of its images becomes the probe."""
        self.parts = {**getattr(self, "parts", {}), **parts, "image": image}
        confirmed = request.discussion_confirmed_at is not None
        return self.by_stages(request, self.stages_to(state, since=request.state, confirmed=confirmed))

    def part(self, name: str, otherwise: str) -> Any:
        """The actor of a part in the request being made."""
        return self.people.actor(self.parts.get(name, otherwise))

    # Stages ------------------------------------------------------------------------------------------------

    @staticmethod
    def read_refusals(request: FRRequest) -> list[str]:
        """Name the earlier refusals, as they stand on the page of the answer."""
        return [one.id for one in earlier_refusals(request)]

    def accept(self, request: FRRequest) -> None:
        actor = self.part("examiner", "k.rowan")
        with unit_of_work():
            reason = "The facts support the use that is named."
            identification.accept(request, actor, request.use_id, reason, self.read_refusals(request))

    def refuse(self, request: FRRequest) -> None:
        actor = self.part("examiner", "k.rowan")
        with unit_of_work():
            identification.refuse(request, actor, "refuse-facts-insufficient", "The facts name no offense at all.")

    def send_back(self, request: FRRequest) -> None:
        actor = self.part("examiner", "k.rowan")
        with unit_of_work():
            identification.return_for_images(request, actor, ["blurred"], "A sharper moment is needed.")

    def document(self, request: FRRequest) -> None:
        """The requester documents the examiner's confirmation (REQ-5)."""
        actor = self.people.actor(request.requester.name)
        with unit_of_work():
            requests.document(request, actor, "CMS-2026-0815")

    def select(self, request: FRRequest) -> None:
        actor = self.part("examiner", "k.rowan")
        image = request.current_images[self.parts.get("image", 0)]
        with unit_of_work():
            identification.select_probe(
                request, actor, image, image.faces[0], "suitable", "", self.parts.get("derived")
            )

    def prepare(
        self,
        request: FRRequest,
        operations: list[dict[str, Any]] | None = None,
        reason: str = "The face lies in the shade.",
        *,
        image: int = 0,
    ) -> DerivedImage:
        """The examiner prepares an image of the request by a recipe; about the face and lighter unless said."""
        actor, face = self.part("examiner", "k.rowan"), request.current_images[image].faces[0]
        recipe = preparation.stated_recipe(face, operations or around(face))
        developed = preparation.develop(face, recipe)
        with unit_of_work():
            return preparation.derive(request, actor, developed, reason)

    def search(self, request: FRRequest) -> None:
        """Start the search; what was searched before in the same test is searched again with an agreement (AUD-1)."""
        actor = self.part("examiner", "k.rowan")
        if lineage.needs_agreement(request.current_search):
            supervisor = self.part("approver", "c.hawthorn")
            with unit_of_work():
                repeats.ask(request, actor, "The repository has changed since.")
            with unit_of_work():
                repeats.answer(request, supervisor, agreed=True, words="Agreed: the reason holds.")
        with unit_of_work():
            identification.start_search(request, actor, algorithms.status(today()))

    def finish(self, request: FRRequest) -> None:
        """The worker's part: the person on the probe stands in the repository unless `gallery` says otherwise."""
        there = self.parts.get("gallery") or [person(seed) for seed in (self.parts.get("seed", 7), 21, 22)]
        self.enrol(there, self.parts.get("photos", 1))
        self.run_jobs()
        assert request.state == "searched", [(job.kind, job.state, job.error) for job in db.session.query(Job)]

    def examine(self, request: FRRequest) -> None:
        actor = self.part("examiner", "k.rowan")
        with unit_of_work():
            examination.begin(request, actor)

    def exclude(self, request: FRRequest, candidate: Candidate) -> None:
        """Exclude one candidate by its nose."""
        actor = self.part("examiner", "k.rowan")
        with unit_of_work():
            examination.dispose(
                request,
                actor,
                candidate,
                "excluded",
                {"nose": {"verdict": "different_unexplained", "note": self.parts.get("difference", BROADER)}},
                "",
            )

    def dispose_all(self, request: FRRequest, *, retain: Candidate | None = None) -> None:
        """Every candidate gets its disposition, one may be retained."""
        actor = self.part("examiner", "k.rowan")
        for candidate in list(request.current_round.search.candidates):
            if candidate.id == self.parts.get("retained"):
                continue
            if retain is not None and candidate.id == retain.id:
                with unit_of_work():
                    examination.dispose(request, actor, candidate, "retained", worksheet(), "")
            else:
                self.exclude(request, candidate)

    def mark(self, request: FRRequest, candidate: Candidate, note: str = "A mole beside the nose.") -> Annotation:
        """The examiner marks the middle between the eyes on the probe and on the listed photograph."""
        actor, face = self.part("examiner", "k.rowan"), request.current_round.search.face
        probe, photo = face.points[:2], candidate.photo.eyes
        places = [[((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)] for a, b in (probe, photo)]
        with unit_of_work():
            return annotations.add(request, actor, candidate, candidate.photo, Drawn("point", *places, note))

    def nominate(self, request: FRRequest) -> None:
        """Retain the first of the list, exclude the others, check its background, put it before the peers."""
        actor = self.part("examiner", "k.rowan")
        nominee = min(request.current_round.search.candidates, key=lambda candidate: candidate.rank)
        self.dispose_all(request, retain=nominee)
        if self.parts.get("mark"):
            self.mark(request, nominee, self.parts["mark"])
        with unit_of_work():
            items = {**BACKGROUND, **self.parts.get("background", {})}
            given = all_answered() | self.parts.get("answers", {})
            examination.check_background(request, actor, nominee, items, given)
        self.agree(request)
        # peers are told of the nomination, so they must be known
        for name in self.parts.get("peers", ("j.maple", "n.finch")):
            self.people.account(name)
        with unit_of_work():
            opinion, why = self.parts.get("own_opinion", "p2"), self.parts.get("nomination_note", SAME)
            nomination.nominate(request, actor, nominee, opinion, why)
        self.run_jobs()  # composes the line and assigns the peers

    def nominate_beside(self, request: FRRequest, also: Candidate) -> None:
        """As `nominate`, with one more candidate retained."""
        actor = self.part("examiner", "k.rowan")
        with unit_of_work():
            examination.dispose(request, actor, also, "retained", worksheet(), "")
        self.parts = {**self.parts, "retained": also.id}
        self.nominate(request)

    def peers(self, request: FRRequest) -> None:
        opinions = self.parts.get("opinions", ("p2", "p2"))
        for name, opinion in zip(self.parts.get("peers", ("j.maple", "n.finch")), opinions, strict=True):
            self.peer(request, name, opinion)

    def line_up(self, request: FRRequest, name: str) -> LineUp:
        """The line assigned to a person; others, to whom the draw gave it, decline until it is this person's turn."""
        wanted = {self.people.account(one).id for one in (*self.parts.get("peers", ("j.maple", "n.finch")), name)}
        wanted_now, round_ = self.people.account(name).id, request.current_round
        while True:
            rows = line_ups_of(round_)
            mine = next((one for one in rows if one.peer_id == wanted_now), None)
            if mine is not None:
                return mine
            free = [one for one in rows if one.ended is None]
            other = next((one for one in free if one.peer_id not in wanted), free[0] if free else None)
            assert other is not None, f"{name} is not assigned and nobody is left to decline"
            actor = self.people.actor(other.peer.name)
            present = selection.available(selection.trained_examiners())
            with unit_of_work():
                line_ups.decline(other, actor, "Somebody else of the test reviews this line.", present)

    def compare_line(
        self,
        line_up: LineUp,
        opinion: str = "p2",
        *,
        reason: str = SAME,
        foils: str = "m2",
        features: dict[str, dict[str, str]] | None = None,
    ) -> None:
        """Compare every photograph: the nominated one in all features, the foils excluded by the nose."""
        actor = self.people.actor(line_up.peer.name)
        for place in list(line_up.places):
            if not place.held:
                continue
            given = {"level": opinion, "features": features or worksheet(), "reason": reason}
            if not place.is_subject and foils.startswith("m"):
                nose = {"nose": {"verdict": "different_unexplained", "note": BROADER}}
                given = {"level": foils, "features": nose, "quick": True}
            elif not place.is_subject:
                given = {"level": foils, "features": worksheet(), "reason": SAME}
            with unit_of_work():
                line_ups.compare(line_up, actor, place, **given)

    def peer(self, request: FRRequest, name: str, opinion: str = "p2", **given: Any) -> None:
        """One peer's verdict on the line; the opinion is that on the nominated photograph."""
        line_up = self.line_up(request, name)
        self.compare_line(line_up, opinion, **{"reason": self.parts.get("peer_reason", SAME), **given})
        actor = self.people.actor(name)
        with unit_of_work():
            line_ups.give(line_up, actor)

    def agree(self, request: FRRequest, **changed: Any) -> None:
        """The supervisor agrees, each by itself, with what may be judged now and is not agreed to; or does not."""
        approver = changed.pop("approver", self.parts.get("approver", "c.hawthorn"))
        for one in answers.to_judge(request):
            actor = self.people.actor(approver)
            if not one.agreed_by(actor.id):
                said = {"agreed": True, "words": f"{AGREED} Concerns {one.title.lower()}.", **changed}
                with unit_of_work():
                    answers.judge(request, actor, one.check.uid, one.rule_id, **said)

    def approve(self, request: FRRequest) -> None:
        actor = self.part("approver", "c.hawthorn")
        self.agree(request)
        with unit_of_work():
            approvals.approve(request, actor, "Unanimous, and the background supports it.", password_confirmed=True)

    def carry_on(self, request: FRRequest) -> None:
        actor = self.part("approver", "c.hawthorn")
        with unit_of_work():
            approvals.continue_investigation(request, actor, "Compare the ears once more.", password_confirmed=True)

    def conclude(self, request: FRRequest) -> None:
        """No candidate is identified."""
        actor = self.part("examiner", "k.rowan")
        self.dispose_all(request)
        with unit_of_work():
            examination.conclude_none(request, actor, "Every candidate differs from the probe in the nose.")

    def end_unexamined(self, request: FRRequest) -> None:
        actor = self.part("approver", "c.hawthorn")
        with unit_of_work():
            unexamined.end_unexamined(request, actor, NEEDLESS, password_confirmed=True)

    def report(self, request: FRRequest) -> None:
        """The examiner asks for the report, the worker renders and delivers it."""
        actor = self.part("examiner", "k.rowan")
        with unit_of_work():
            approvals.prepare_report(request, actor)
        self.run_jobs()
        assert request.state == "reported"

    def recall(self, request: FRRequest) -> None:
        actor = self.part("approver", "c.hawthorn")
        with unit_of_work():
            approvals.recall(request, actor, "The wrong case file was named.", password_confirmed=True)

    def corroborate(self, request: FRRequest) -> None:
        actor = self.people.actor(request.requester.name)
        with unit_of_work():
            kept = outcomes.record_corroboration(request, actor, "trace_evidence", fingerprint_for(request))
        supervisor = self.people.actor(request.discussing_supervisor.name)
        with unit_of_work():
            outcomes.judge_evidence(request, supervisor, kept.uid, agreed=True, words=READ_THE_PAPER)

    def close(self, request: FRRequest) -> None:
        self.corroborate(request)
        actor = self.people.actor(request.requester.name)
        with unit_of_work():
            outcomes.close(request, actor, "no_arrest", {"why": "The complainant did not pursue the matter further."})

    def report_arrest(self, request: FRRequest) -> None:
        """An arrest made this minute, after the report."""
        actor, at = self.people.actor(request.requester.name), local(now())
        facts = {"arrest_number": "M26600002", "arrested_on": f"{at:%Y-%m-%d}", "arrested_time": f"{at:%H:%M}"}
        with unit_of_work():
            outcomes.report_arrest(request, actor, facts)


__all__ = ["ANSWER", "BACKGROUND", "SAME", "UnitStages", "all_answered", "answered", "photograph", "worksheet"]
