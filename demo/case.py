"""The scripted case: one request from draft to the report in the case file, through the portal's own pages.

Every step signs in for real, sends the forms the pages have, and is printed with the clauses it fulfils.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import cv2

from app.calendar import today
from app.documents import checks
from app.policy import policy
from app.unit_of_work import wait
from demo.browser import Astray, Browser
from demo.eyes import shows
from demo.people import demo_person_record, person, scene

#: the person on the shop's camera; the gallery holds this person's photographs, drawn at other times
WANTED = 17
MOMENT = 4
REQUESTER, DISCUSSED, EXAMINER, SUPERVISOR = "d.lark", "s.alder", "k.rowan", "c.hawthorn"
#: the other trained examiners: whom of them a line is assigned to, the system draws
PEERS = ("j.maple", "n.finch", "a.plover", "i.linnet", "g.sorrel")
#: seconds within which a worker composes a line and assigns it
ASSIGNED_WITHIN = 60
YESTERDAY = timedelta(days=1)
#: how far off a witness may be, in years
GUESS = 4

FILED = ("file", "upload", "submit", "discuss")
SEARCHED = (*FILED, "confirm_basis", "document", "select_probe", "search")
NOMINATED = (*SEARCHED, "begin", "compare", "check_background", "nominate")
WHOLE = (*NOMINATED, "review", "approve")


@dataclass(slots=True)
class Case:
    """One run of the case against a running portal at `base`; `tell(clauses, words)` prints a step."""

    base: str
    password: str
    work_dir: Path
    case_files_dir: Path
    tell: Callable[[str, str], None]
    wanted: int = WANTED
    moment: int = MOMENT
    number: str = ""
    listing: str = ""
    kept: int = 0
    lines_before: set[str] = field(default_factory=set)
    browsers: dict[str, Browser] = field(default_factory=dict)

    @property
    def case_number(self) -> str:
        """The number of the matter, the same in every run."""
        return f"{today():%Y}-075-{self.wanted:05d}"

    def run(self) -> Path:
        """Drive the whole case; returns the path of the PDF in the case file. Raises Astray."""
        self.take(*WHOLE)
        return self.report()

    def take(self, *steps: str) -> None:
        """Take these steps, by name, in this order. Raises Astray."""
        for step in steps:
            getattr(self, step)()

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
        detective.open("/requests/new").send("/requests/new", {"case_number": self.case_number})
        found = re.search(r"FR-\d{4}-\d{6}", detective.url)
        if found is None:
            raise Astray(f"no request number in {detective.url}")
        self.number = found.group()
        self.tell("REQ-1 REQ-2", f"files {self.number} for case {self.case_number}")
        edit = f"/requests/{self.number}/edit"
        detective.send(edit, {"use_id": "USE-1"}, button="choose_use")
        record = demo_person_record(person(self.wanted))
        yesterday = today() - YESTERDAY
        age = yesterday.year - int(record["birth_date"][:4])
        detective.send(
            edit,
            {
                "use_id": "USE-1",
                "fact_offense": "Robbery in the second degree",
                "fact_listed": "robbery",
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
                "person_weight_lb": str(record["weight_lb"]),
                "person_age_from": str(max(0, age - GUESS)),
                "person_age_to": str(age + GUESS),
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
        still = self.work_dir / f"shop-camera-{self.wanted}.jpg"
        cv2.imwrite(str(still), scene(person(self.wanted), self.moment), [cv2.IMWRITE_JPEG_QUALITY, 88])
        detective.open(page).send(f"{page}/images", files={"image": still})
        image = detective.url.split("?")[0]
        path = image.removeprefix(self.base)
        self.tell("REQ-3", "uploads a still; type, size and pixels are checked at once, faces by the worker")
        yesterday = today() - YESTERDAY
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
        supervisor.open(page).send(
            f"{page}/confirm", {f"answer_{rule}": "no" for rule in policy().request.prohibitions}
        )
        self.tell("AUD-1", f"{DISCUSSED} confirms that the use and its reasons were discussed")

    def document(self) -> None:
        """REQ-5: the requester documents the confirmation."""
        detective, page = self.as_(REQUESTER), f"/requests/{self.number}/document"
        detective.open(page).send(page, {"reference": "CMS-2026-004711, entry 3"})
        self.tell("REQ-5", "documents the confirmation in the case management system")

    def withdraw(self) -> None:
        detective, page = self.as_(REQUESTER), f"/requests/{self.number}/withdraw"
        detective.open(page).send(page, {"reason": "The person was identified by the victim in the meantime."})

    # the unit --------------------------------------------------------------------------------------------------

    def confirm_basis(self) -> None:
        """REQ-4: an examiner confirms that the basis is an authorized use."""
        examiner, page = self.as_(EXAMINER), f"/review/{self.number}"
        examiner.open(page).send(
            f"{page}/accept",
            {"accept-use": "USE-1", "accept-note": "The facts meet the use; the camera shows the act."},
        )
        self.tell("REQ-4 CAP-1", f"{EXAMINER} confirms the basis: USE-1")

    def refuse(self) -> None:
        """REQ-4: a refusal cites the rule the basis fails."""
        examiner, page = self.as_(EXAMINER), f"/review/{self.number}"
        refusal = {"refuse-rule": "refuse-facts-insufficient", "refuse-reason": "The camera does not show the act."}
        examiner.open(page).send(f"{page}/refuse", refusal)

    def send_back(self) -> None:
        """REQ-7: the investigator is told why the image is unsuitable."""
        examiner, page = self.as_(EXAMINER), f"/review/{self.number}"
        examiner.open(page).send(f"{page}/return", {"return-reasons": ["turned_away"], "return-note": ""})

    def select_probe(self) -> None:
        """REQ-6, CAP-5: one face of one image; suitability before any candidate is seen."""
        examiner, page = self.as_(EXAMINER), f"/review/{self.number}/probe"
        examiner.open(page)
        face = examiner.page.select_one("input[name=face]")
        if face is None:
            raise Astray("no face can be selected")
        examiner.send(page, {"face": face["value"], "suitability": "suitable"})
        self.tell("REQ-6 REQ-7 CAP-5", "selects one face of one image and records that it is suitable")

    def search(self) -> None:
        """SRC-1, FAIR-2: the one probe against the repository, in a worker."""
        examiner, page = self.as_(EXAMINER), f"/review/{self.number}"
        examiner.open(page)
        if examiner.page.select_one(f"form[action='{page}/repeat']") is not None:
            self._agree_to_repeat(page)
        examiner.open(page).send(f"{page}/search")
        examiner.wait_until(page, "search is finished", 120)
        self.tell("SRC-1 CAP-5 CAP-6", "a worker searches the one probe against the arrest and parole photographs")
        self.tell("FAIR-2", "the algorithm has no NIST evaluation record: for demonstration only, and it says so")

    def _agree_to_repeat(self, page: str) -> None:
        """AUD-1: a demonstration run before this one searched the same still."""
        reason = "The demonstration is run once more; the still is the same."
        self.as_(EXAMINER).send(f"{page}/repeat", {"reason": reason})
        form = f"/final-review/{self.number}/repeat"
        agreed = {"answer": "agree", "words": "Agreed: the earlier searches were read."}
        self.as_(SUPERVISOR).open(form).send(form, agreed)
        self.tell("AUD-1", "it was searched before: the examiner gives a reason and the supervisor agrees")

    def begin(self) -> None:
        """The examiner opens a round; its address is that of the list of candidates."""
        examiner, page = self.as_(EXAMINER), f"/review/{self.number}"
        examiner.open(page).send(f"{page}/examination")
        self.listing = examiner.url.removeprefix(self.base)

    def compare(self) -> None:
        """SRC-2: every candidate by hand; the one who is the person of the case is retained, nobody else."""
        examiner = self.as_(EXAMINER).open(self.listing)
        places = self._places(examiner)
        for place, picture in places:
            page = f"{self.listing}/candidates/{place}"
            examiner.open(page)
            if shows(examiner.download(picture), self.wanted):
                examiner.send(f"{page}/worksheet", self._worksheet(), button="retained")
                self.kept = place
            else:
                other = {"quick-feature": "nose", "quick-note": "Another outline and tip."}
                examiner.send(f"{page}/exclusion", other, button="different_unexplained")
        if not self.kept:
            raise Astray(f"the person of the scripted case is not among the {len(places)} candidates")
        self.tell(
            "SRC-2 FAIR-1", f"compares each of {len(places)} candidates by hand, without rank or score; keeps one"
        )

    def check_background(self) -> None:
        """SRC-3: the background of the candidate retained."""
        page = f"{self.listing}/candidates/{self.kept}/background"
        items = {fact.name: "supports" for fact in policy().review.background.facts if fact.kind == "choice"} | {
            "marks": "unknown",  # nobody described any
            "records_checked": "Arrest records and the custody register; no contradiction was found.",
        }
        examiner = self.as_(EXAMINER).open(page)
        reason = "What was described is a witness's guess from behind a counter; the arrest sheet was read twice"
        asked = [str(area["name"]) for area in examiner.page.select("#inconsistencies textarea")]
        examiner.send(page, {**items, **{name: f"{reason}, about {name.split('-')[-1]} too." for name in asked}})
        self.tell("SRC-3", "checks the background: height, weight, age, custody, whereabouts, status of the arrest")

    def nominate(self) -> None:
        """SRC-4: one candidate goes before peer review."""
        self.lines_before = {line for peer in PEERS for line in self._lines(peer)}
        examiner = self.as_(EXAMINER).open(self.listing)
        choice = examiner.page.select_one("input[name=nominate-candidate]")
        if choice is None:
            raise Astray("no candidate can be nominated")
        reason = "Nose, ears and hairline agree in shape and position; no difference is left unexplained."
        given = {"nominate-candidate": str(choice["value"]), "nominate-opinion": "p2", "nominate-reason": reason}
        examiner.send(f"{self.listing}/nomination", given)
        self.tell("SRC-4", "puts one candidate before peer review")

    def conclude_none(self) -> None:
        """SRC-7: nobody is identified; a negative report follows."""
        given = {
            "reason": "Nobody listed agrees with the probe in the features that last.",
            "retained": "On a second look the ears differ in outline and lobe; nothing explains it.",
        }
        self.as_(EXAMINER).open(self.listing).send(f"{self.listing}/none", given)
        self.tell("SRC-7", "identifies no candidate; a negative-results report follows")

    def _places(self, examiner: Browser) -> list[tuple[int, str]]:
        """(place, address of the listed photograph) of every candidate on the page, in the order shown."""
        found = []
        for number, card in enumerate(examiner.page.select("li.cor-card"), 1):
            picture = card.select_one("img")
            if picture is not None:
                found.append((number, str(picture["src"])))
        return found

    def _worksheet(self) -> dict[str, str]:
        """A verdict on each of the eleven features, in a person's words."""
        hidden = {"tattoos": "not_visible", "scars": "not_visible"}
        explained = {"hair": "Shorter in the still; the hairline is the same."}
        sheet: dict[str, str] = {}
        for feature in policy().review.worksheet.features:
            name = feature.value
            sheet[name] = hidden.get(name, "different_explained" if name in explained else "similar")
            if name in explained:
                sheet[f"{name}_note"] = explained[name]
        return sheet

    def review(self) -> None:
        """SRC-4: two other examiners, blind."""
        for peer, line in self._assigned(2):
            self.review_as(peer, line, "p2", "Compared feature by feature with the original; nose and ears agree.")

    def dissent(self) -> None:
        """SRC-6: the second peer sees it otherwise."""
        (first, line), (second, other) = self._assigned(2)
        self.review_as(first, line, "p2", "Compared feature by feature with the original; nose and ears agree.")
        self.review_as(second, other, "0", "The still is too soft about the ears to support anything.")

    def _assigned(self, wanted: int) -> list[tuple[str, str]]:
        """(peer, page of the line) of every assignment since the nomination, once a worker has made them all."""
        until = time.monotonic() + ASSIGNED_WITHIN
        while True:
            found = [(peer, line) for peer in PEERS for line in sorted(self._lines(peer) - self.lines_before)]
            if len(found) >= wanted:
                return found
            if time.monotonic() > until:
                raise Astray(f"{len(found)} of {wanted} peers are assigned after {ASSIGNED_WITHIN} seconds")
            wait(0.5)

    def _lines(self, peer: str) -> set[str]:
        """The lines before a peer: nothing on the page says what they stand for."""
        queue = self.as_(peer).open("/review/line-ups").page.select("#main > .cor-table-scroll a")
        return {str(link["href"]) for link in queue}

    def review_as(self, peer: str, line: str, level: str, reason: str) -> None:
        """One peer compares each photograph of the line, excludes the others, and locks the verdict."""
        browser = self.as_(peer).open(line)
        cards = [
            (str(link["href"]), str(image["src"]))
            for card in browser.page.select("li.cor-card")
            if (image := card.select_one("img")) is not None and (link := card.select_one("a")) is not None
        ]
        for page, picture in cards:
            shown = browser.download(picture)
            browser.open(page)
            if shows(shown, self.wanted):
                browser.send(f"{page}/worksheet", {**self._worksheet(), "level": level, "reason": reason})
            else:
                other = {"quick-feature": "nose", "quick-note": "Another outline and tip."}
                browser.send(f"{page}/exclusion", other, button="m2")
        browser.open(line).send(f"{line}/verdict")
        words = "told neither which was nominated nor by whom, nor a score, a rank or anybody's verdict"
        self.tell("SRC-4 FAIR-1", f"{peer} compares a line of {len(cards)} photographs, {words}")

    def agree(self) -> None:
        """Give the supervisor's own word on each answer to what contradicts the candidate, if anything does (SRC-3)."""
        supervisor, file = self.as_(SUPERVISOR), f"/final-review/{self.number}"
        page = f"{file}/contradictions"
        if supervisor.open(file).page.select_one(f"a[href='{page}']") is None:
            return
        while (form := supervisor.open(page).page.select_one("main form[action*='/contradictions/']")) is not None:
            name = str(form.select("textarea")[0]["name"]).removesuffix("words")
            words = f"Agreed: the complaint says the light was poor and the glance short, {name.rstrip('-')}."
            supervisor.send(str(form["action"]), {f"{name}answer": "agree", f"{name}words": words})
        self.tell("SRC-3 SRC-5", f"{SUPERVISOR} agrees, one by one, with the answers to what contradicts the candidate")

    def approve(self) -> None:
        """SRC-5: the supervisor's final review, with the password again."""
        self.agree()
        self.decide("approve", "The round is unanimous and the file complete.")
        self.tell("SRC-5 SRC-6", f"{SUPERVISOR} reads the whole file and approves, entering the password again")

    def continue_(self) -> None:
        """SRC-6: a difference of opinion leads to a fresh round."""
        self.decide("continue", "Look for a sharper moment of the recording and compare the ears again.")

    def decide(self, decision: str, reason: str) -> None:
        supervisor, page = self.as_(SUPERVISOR), f"/final-review/{self.number}"
        signed = {"decision": decision, "reason": reason, "password": self.password}
        supervisor.open(page).send(f"{page}/decision", signed)

    def report(self) -> Path:
        """SRC-8, SRC-9: prepared by the examiner, rendered, delivered, downloaded by the detective."""
        examiner, page = self.as_(EXAMINER), f"/reports/prepare/{self.number}"
        examiner.open(page).send(page)
        examiner.wait_until(page, "in the case file", 120)
        self.tell("SRC-8", "the examiner prepares the report; a worker attaches it to the case file")
        detective = self.as_(REQUESTER).open(f"/requests/{self.number}")
        link = next(a for a in detective.page.select("a[href^='/reports/']") if "download" in a.get_text().lower())
        data = detective.download(str(link["href"]))
        notice = policy().notice("no-probable-cause").text
        pages = checks.require_notice(data, notice)
        pictures = sum(1 for _ in checks.pictures(data))
        self.tell("SRC-9 USE-7", f"the detective downloads it: {pages} pages, the notice on each, {pictures} pictures")
        delivered = [p for p in self.case_files_dir.rglob("*.pdf") if p.read_bytes() == data]
        if not delivered:
            raise Astray("the downloaded report is not the one in the case file")
        return delivered[0]

    def state(self, browser: Browser) -> str:
        """What the page says the state is."""
        tag = browser.page.select_one("main .cor-tag, header .cor-tag, .cor-tag")
        return tag.get_text(" ", strip=True) if tag else browser.title
