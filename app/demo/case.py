"""The scripted case: one request from the detective's draft to the report in the case file, through the portal's own pages.

Every step signs in for real, sends the forms the pages have, and is printed with the clauses it fulfils.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import cv2

from app.demo.browser import Astray, Browser
from app.demo.people import demo_person_record, person, scene
from app.policy import policy

#: the person on the shop's camera; the gallery holds this person's photographs, drawn at other times
WANTED = 17
MOMENT = 4
REQUESTER, DISCUSSED, EXAMINER, PEERS, SUPERVISOR = "d.lark", "s.alder", "k.rowan", ("j.maple", "n.finch"), "c.hawthorn"
YESTERDAY = timedelta(days=1)


@dataclass(slots=True)
class Case:
    """One run of the case against a running portal at `base`; `tell(clauses, words)` prints a step."""

    base: str
    password: str
    work_dir: Path
    case_files_dir: Path
    tell: Callable[[str, str], None]
    number: str = ""
    browsers: dict[str, Browser] = field(default_factory=dict)

    def run(self) -> Path:
        """Drive the whole case; returns the path of the PDF in the case file. Raises Astray."""
        self.file()
        self.upload()
        self.submit()
        self.discuss()
        self.confirm_basis()
        self.document()
        self.select_probe()
        self.search()
        self.examine()
        self.review()
        self.approve()
        return self.report()

    def as_(self, name: str) -> Browser:
        """The browser of a person, signed in on first use."""
        if name not in self.browsers:
            self.browsers[name] = Browser(self.base, name).sign_in(self.password)
            self.tell("ACC-3 ACC-8 ACC-11", f"{name} signs in against the directory and accepts the terms")
        return self.browsers[name]

    # the detective ---------------------------------------------------------------------------------------------

    def file(self) -> None:
        """REQ-1, REQ-2: a draft with its case number, use, basis, description."""
        detective = self.as_(REQUESTER)
        case_number = f"{date.today():%Y}-075-00{WANTED:03d}"
        detective.open("/requests/new").send("/requests/new", {"case_number": case_number})
        found = re.search(r"FR-\d{4}-\d{6}", detective.url)
        if found is None:
            raise Astray(f"no request number in {detective.url}")
        self.number = found.group()
        self.tell("REQ-1 REQ-2", f"files {self.number} for case {case_number}")
        edit = f"/requests/{self.number}/edit"
        detective.send(edit, {"use_id": "USE-1"}, button="choose_use")
        record = demo_person_record(person(WANTED))
        yesterday = date.today() - YESTERDAY
        detective.send(
            edit,
            {
                "use_id": "USE-1",
                "fact_offense": "Robbery in the second degree",
                "fact_involvement": "has_committed",
                "fact_when_where": f"{yesterday:%d %B %Y}, 22:40, Example Street 12",
                "fact_why_believed": "The person in the image took the bag and left by the door the camera covers.",
                "narrative": "A bag was taken from a counter. A shop camera recorded the person who took it. Inquiries "
                "on the spot led to no name, so the person in the image must be identified.",
                "priority": "violent_felony",
                "priority_reason": "The person threatened the clerk with a knife and has not been found.",
                **{f"answer_{rule}": "no" for rule in policy().request.prohibitions},
                "supervisor": DISCUSSED,
                "person_height_in": str(record["height_in"]),
                "matter_place": "Example Street 12",
                "matter_date": yesterday.isoformat(),
                "matter_time": "22:40",
            },
        )
        self.tell("USE-1", "states the suspected crime, why, and the written basis; answers what is prohibited")
        self.tell("LIM-2 LIM-3 LIM-7", "the purpose is none of the prohibited ones")

    def upload(self) -> None:
        """REQ-3, LIM-4: one still, checked by the worker, with its origin."""
        detective, page = self.as_(REQUESTER), f"/requests/{self.number}"
        self.work_dir.mkdir(parents=True, exist_ok=True)
        still = self.work_dir / "shop-camera.jpg"
        cv2.imwrite(str(still), scene(person(WANTED), MOMENT), [cv2.IMWRITE_JPEG_QUALITY, 88])
        detective.open(page).send(f"{page}/images", files={"image": still})
        image = detective.url.split("?")[0]
        path = image.removeprefix(self.base)
        self.tell("REQ-3", "uploads a still; type, size and pixels are checked at once, faces by the worker")
        yesterday = date.today() - YESTERDAY
        detective.send(path, {"source": "surveillance_still", "obtained": "owner_consent"}, button="choose")
        detective.send(
            path,
            {
                "source": "surveillance_still",
                "source_camera": "Example Grocery, camera over the counter",
                "obtained": "owner_consent",
                "obtained_who": "The store's owner, on a memory stick",
                "taken_on": yesterday.isoformat(),
                "taken_time": "22:41",
                "attested": True,
            },
        )
        self.tell(
            "LIM-4 LIM-1", "states source, how it was lawfully obtained and when; attests an unaltered photograph"
        )

    def submit(self) -> None:
        detective, page = self.as_(REQUESTER), f"/requests/{self.number}"
        detective.wait_until(page, "1 face", 60)
        detective.send(f"{page}/submit")
        self.tell("REQ-1", f"submits; {self.state(detective)}")

    def discuss(self) -> None:
        """AUD-1: the named supervisor confirms."""
        supervisor, page = self.as_(DISCUSSED), f"/discussions/{self.number}"
        supervisor.open(page).send(f"{page}/confirm")
        self.tell("AUD-1", f"{DISCUSSED} confirms that the use and its reasons were discussed")

    def document(self) -> None:
        """REQ-5: the requester documents the confirmation."""
        detective, page = self.as_(REQUESTER), f"/requests/{self.number}/document"
        detective.open(page).send(page, {"reference": "CMS-2026-004711, entry 3"})
        self.tell("REQ-5", "documents the confirmation in the case management system")

    def state(self, browser: Browser) -> str:
        """What the page says the state is."""
        tag = browser.page.select_one("main .cor-state, main .usa-tag, main [data-state]")
        return tag.get_text(" ", strip=True) if tag else browser.title
