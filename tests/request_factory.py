"""Requests at any stage, made through the real domain verbs and the real job handlers.

    request = make.request(state="documented")          # FR-2026-…, filed by d.lark, discussed with s.alder
    request = make.request(state="accepted", requester="m.heron", examiner="j.maple")

A stage is a method that takes a request one step on; `PATH` says which stage leads to which state. The unit's stages
stand in tests/unit_stages.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import cv2
from flask import Flask

from app.access.directory import lookup
from app.domain.requests import images as probe_images
from app.domain.requests import verbs as requests
from app.domain.requests.provenance import Provenance
from app.domain.requests.verbs import DraftValues
from app.extensions import db, stores
from app.imaging import sniff
from app.models.requests import FRRequest, ProbeImage
from app.policy import policy
from app.unit_of_work import unit_of_work
from demo.people import person, scene
from tests.stage_copies import StageCopies
from tests.unit_stages import UnitStages

FACTS = {
    "USE-1": {
        "offense": "Robbery in the second degree",
        "listed": "robbery",
        "involvement": "has_committed",
        "when_where": "21 November 2026, 22:40, Example Street 12",
        "why_believed": "The person in the image took the bag and left through the door the camera covers.",
    },
    "USE-2": {"which": "witness", "why_believed": "Two statements name the person in the image as standing by."},
    "USE-3": {"found": "Found by a patrol at the pier on 20 November 2026.", "reference": "ME-2026-118"},
    "USE-4": {"why_unable": "Unconscious since admission on 20 November.", "attended_by": "Example Hospital, ward 4"},
    "USE-5": {"arrest_number": "M26600001", "problem": "withheld", "explanation": "Asked for papers, showed none."},
    "USE-6": {
        "threat": "A message announces an attack on the station.",
        "why_imminent": "It names tomorrow morning.",
        "who_at_risk": "Passengers",
        "how_it_helps": "The sender could be found before the announced hour.",
    },
}
NARRATIVE = (
    "A bag was taken from a counter on 21 November 2026. A shop camera recorded the person who took it. "
    "Inquiries on the spot did not lead to a name, so the person in the image must be identified."
)
#: the moment of the matter, in the time zone of the demonstration
AT_THE_MATTER = datetime(2026, 11, 21, 22, 40, tzinfo=ZoneInfo("America/New_York"))
SHOP_CAMERA = Provenance(
    source="surveillance_still",
    source_facts={"camera": "Example Grocery, camera over the counter"},
    obtained="owner_consent",
    obtained_facts={"who": "The store's owner, 22 November 2026"},
    attested=True,
)


def at_the_matter(request: FRRequest) -> datetime:
    """On the day of the matter, as far as it is stated."""
    stated = (request.private.get("circumstances") or {}).get("date")
    return datetime.combine(date.fromisoformat(stated), AT_THE_MATTER.timetz()) if stated else AT_THE_MATTER


#: stages after which many tests go different ways
WAYPOINTS = {"submit", "discuss", "finish", "nominate", "approve"}


@cache
def picture(seed: int = 7, moment: int = 1) -> bytes:
    """A drawn scene with one face, as JPEG: person `seed`, one of many shots."""
    return cv2.imencode(".jpg", scene(person(seed), moment), [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()


class RequestFactory(UnitStages):
    """Makes requests; each part can be called by itself."""

    #: state -> the stages that lead there from the state before, in the order of the path
    PATH: ClassVar[dict[str, tuple[str, ...]]] = {
        "draft": ("fill",),
        "submitted": ("submit",),
        "discussed": ("discuss",),
        **UnitStages.UNIT_PATH,
    }

    def __init__(self, app: Flask, people: Any, run_jobs: Callable[[], int], copies: StageCopies | None = None) -> None:
        """`copies`: where the first request of a portal that only saw people yet may be taken from, and is put."""
        self.app, self.people, self.run_jobs = app, people, run_jobs
        self.copies = copies or StageCopies(app)
        self.parts: dict[str, Any] = {}
        self.models_dir = str(app.extensions["settings"].models_dir)

    def request(
        self,
        state: str = "submitted",
        *,
        requester: str = "d.lark",
        supervisor: str = "s.alder",
        case_number: str = "2026-075-01234",
        use: str = "USE-1",
        images: int = 1,
        seed: int = 7,
        **parts: Any,
    ) -> FRRequest:
        """A request in `state` ("discussed" is submitted with the discussion confirmed); `parts` go to the stages."""
        self.parts = {
            "requester": requester,
            "supervisor": supervisor,
            "use": use,
            "images": images,
            "seed": seed,
            **parts,
        }
        made = self.by_stages(None, self.stages_to(state), case_number)
        assert made.requester.name == requester
        return made

    def by_stages(self, request: FRRequest | None, stages: list[str], *stated: Any) -> FRRequest:
        """Take a request through stages, a new one from nothing; as far as there are copies of them they are taken."""
        names = self.copies.names(stages, stated, self.parts)
        done = self.copies.put_back(names)
        if done:
            request = request or db.session.query(FRRequest).order_by(FRRequest.id.desc()).first()
        if request is None:
            request = self.empty(self.parts["requester"], *stated)
        for number, stage in enumerate(stages[done:], done):
            getattr(self, stage)(request)
            if names and (stage in WAYPOINTS or number == len(stages) - 1):
                self.copies.keep(names[number])
        return request

    def stages_to(self, state: str, *, since: str | None = None, confirmed: bool = False) -> list[str]:
        """The stages from a state (or from nothing) to another; `confirmed`: the discussion already is."""
        branches = {"withdrawn": ("submitted", ("withdraw",)), **self.BRANCHES}
        before, last = branches.get(state, (state, ()))
        path = list(self.PATH)
        begin = 0 if since is None else path.index("discussed" if confirmed and since == "submitted" else since) + 1
        return [stage for name in path[begin : path.index(before) + 1] for stage in self.PATH[name]] + list(last)

    def empty(self, requester: str = "d.lark", case_number: str = "2026-075-01234") -> FRRequest:
        """A draft with nothing but its case number."""
        actor = self.people.actor(requester)
        with unit_of_work():
            return requests.create_draft(actor, case_number)

    def values(self, use: str = "USE-1", supervisor: str = "s.alder", **changes: Any) -> DraftValues:
        """A complete draft for a use; `changes` replace fields."""
        answers = dict.fromkeys(policy().request.prohibitions, "no")
        stated: dict[str, Any] = {
            "case_number": "2026-075-01234",
            "use_id": use,
            "facts": FACTS[use],
            "narrative": NARRATIVE,
            "priority": "other",
            "priority_reason": "The store opens again on Friday.",
            "answers": answers,
            "description": {"height_in": "70", "build": "medium"},
            "circumstances": {"place": "Example Street 12", "date": "2026-11-21", "time": "22:40"},
            "supervisor": lookup(supervisor),
        }
        return DraftValues(**{**stated, **changes})

    def image(
        self, request: FRRequest, data: bytes | None = None, *, describe: Provenance | None = SHOP_CAMERA
    ) -> ProbeImage:
        """Upload an image to the request, let the worker check it, and describe it."""
        actor = self.people.actor(request.requester.name)
        data = data or picture()
        stored = stores().blobs.put(request.key_id, data)
        with unit_of_work():
            image = probe_images.add_image(request, actor, stored, sniff(data), "still.jpg")
        self.run_jobs()
        if describe is not None:
            taken = {"taken_at": describe.taken_at or at_the_matter(request)}
            with unit_of_work():
                probe_images.describe_image(image, actor, _with(describe, **taken))
        return image

    # Stages: each takes the request one step on.

    def fill(self, request: FRRequest) -> None:
        """Complete the draft and add its images."""
        actor = self.people.actor(request.requester.name)
        parts = self.parts
        values = self.values(parts["use"], parts["supervisor"], **parts.get("values", {}))
        with unit_of_work():
            requests.save_draft(request, actor, _with(values, case_number=request.case_number))
        for moment in range(1, parts["images"] + 1):
            self.image(request, picture(parts["seed"], moment))

    def submit(self, request: FRRequest) -> None:
        actor = self.people.actor(request.requester.name)
        with unit_of_work():
            requests.submit(request, actor)

    def discuss(self, request: FRRequest) -> None:
        """The named supervisor confirms the discussion."""
        actor = self.people.actor(request.discussing_supervisor.name)
        with unit_of_work():
            requests.confirm_discussion(request, actor, request.private["answers"], self.read_refusals(request))

    def withdraw(self, request: FRRequest) -> None:
        actor = self.people.actor(request.requester.name)
        with unit_of_work():
            requests.withdraw(request, actor, "The person has been identified by the victim.")


def _with(values: Any, **changes: Any) -> Any:
    from dataclasses import replace

    return replace(values, **changes)


__all__ = ["FACTS", "NARRATIVE", "SHOP_CAMERA", "RequestFactory", "picture"]
