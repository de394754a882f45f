"""What follows the report in the scripted case: the outcome, a disclosure to the prosecutor, how long it is kept."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from weasyprint import HTML

from app.calendar import local, today
from app.models.base import now
from demo.browser import Astray, Browser
from demo.case import DISCUSSED, REQUESTER, Case

PRIVACY_OFFICER, RECORDS_OFFICER = "y.hazel", "b.juniper"
DEMAND = """<!DOCTYPE html><html lang="en-US"><head><meta charset="utf-8"><title>Demonstration demand</title></head>
<body><h1>Demand for discovery material</h1><p>A drawn-up demand of a prosecutor's office that does not exist, for the
demonstration. It names the case and asks for everything that facial recognition yielded in it.</p></body></html>"""
#: how much further in a reason stands than the one it explains
INDENT = "  "


@dataclass(slots=True)
class Afterwards:
    """The steps after the report, by the portal's own pages, on the same signed-in browsers."""

    case: Case
    number: str = ""

    def run(self) -> Path:
        """Close the case, disclose it to the prosecutor, read its retention; answers the folder of the package."""
        self.close()
        self.ask()
        self.decide()
        package = self.hand_out()
        self.retention()
        return package

    @property
    def page(self) -> str:
        return f"/disclosures/{self.number}"

    # the detective ---------------------------------------------------------------------------------------------

    def close(self) -> None:
        """USE-8: an arrest needs evidence other than the result."""
        detective, request = self.case.as_(REQUESTER), f"/requests/{self.case.number}"
        ledger, page, at = f"{request}/corroboration", f"{request}/outcome", local(now())
        item = {
            "kind": "trace_evidence",
            "fact_what": "Two fingerprints on the counter are the person's, as the laboratory found on its own.",
            "fact_source": "Latent print section",
            "fact_thing_number": f"Latent print case {int(self.case.number[-6:]):06d}",
            "fact_obtained_on": (at.date() - timedelta(days=1)).isoformat(),
            "fact_stood_in": f"Laboratory report LR-{int(self.case.number[-6:]):06d} in the case management system",
            "fact_stood_on": (at.date() - timedelta(days=1)).isoformat(),
            "fact_stood_by": "The print examiner on duty, Demo Fern",
            "fact_speaks": "for",
            "fact_stands_alone": "yes",
            "fact_why": "They were lifted at the counter and compared without any result.",
            "fact_shown_or_told": "no_person",
        }
        try:
            detective.open(ledger).send(ledger, item)
            self.case.tell("USE-8", "the detective records an item of evidence; it waits for a supervisor's word")
        except Astray as refused:
            if "on record already" not in str(refused):
                raise
            self.case.tell("USE-8", "the item of evidence is on record from an earlier run, and counts once")
        self.agree_to_evidence()
        detective.open(page).send(page, {"outcome": "arrest"}, button="choose")
        detective.send(
            page,
            {
                "outcome": "arrest",
                # another run, another arrest: one of the same number was made when it was first reported
                "fact_arrest_number": f"M{int(self.case.number[-6:]):08d}",
                "fact_arrested_on": f"{at:%Y-%m-%d}",
                "fact_arrested_time": f"{at:%H:%M}",
            },
        )
        self.case.tell("USE-8", "records the outcome: an arrest after the result, on evidence independent of it")

    def agree_to_evidence(self) -> None:
        """USE-8: no item counts on the detective's word alone."""
        supervisor, page = self.case.as_(DISCUSSED), f"/discussions/{self.case.number}"
        supervisor.open(page)
        for form in supervisor.page.select(f"form[action^='{page}/evidence/']"):
            action = str(form["action"])
            prefix = action.rpartition("/")[2][:8]
            words = "The report of the laboratory was read; it names no photograph and no result."
            supervisor.send(action, {f"{prefix}-answer": "agree", f"{prefix}-reason": words})
            self.case.tell("USE-8", f"{DISCUSSED} reads what the item cites and agrees; only now it counts")

    def ask(self) -> None:
        """EXT-1, EXT-2: everything of the case for the prosecutor, with the demand attached."""
        detective = self.case.as_(REQUESTER)
        detective.open(f"/disclosures/new?case={self.case.case_number}").send("/disclosures/new")
        found = re.search(r"D-\d{4}-\d{6}", detective.url)
        if found is None:
            raise Astray(f"no disclosure number in {detective.url}")
        self.number, edit = found.group(), f"/disclosures/{found.group()}/edit"
        asked = {"recipient_kind": "prosecutor"}
        detective.send(edit, asked, button="choose").send(edit, {**asked, "basis": "D2"}, button="choose")
        things = tuple(str(box["value"]) for box in detective.page.select("input[name=items]"))
        if not things:
            raise Astray("the case holds nothing that could be disclosed")
        detective.send(edit, {**asked, "basis": "D2", "items": things, **self._stated()})
        demand = self.case.work_dir / "demand.pdf"
        HTML(string=DEMAND).write_pdf(demand)
        attach = f"{self.page}/documents"
        detective.open(self.page).send(attach, {"kind": "legal_demand"}, files={"document": demand})
        detective.open(self.page).send(f"{self.page}/submit")
        self.case.tell(
            "EXT-1 EXT-2", f"asks for {self.number}: {len(things)} items of the case, complete, to the prosecutor"
        )
        self.case.tell(
            "ACC-12 EXT-5", "says how the recipient's identity was confirmed; nothing furthers immigration enforcement"
        )

    @staticmethod
    def _stated() -> dict[str, str]:
        yesterday = (today() - timedelta(days=1)).isoformat()
        return {
            "to_name": "Robin Fixture",
            "to_affiliation": "District Attorney of Example County",
            "to_address": "1 Example Plaza",
            "kind_office": "District Attorney of Example County",
            "kind_matter": "IND-00000-00",
            "kind_jurisdiction": "yes",
            "fact_citation": "Criminal procedure law, automatic discovery",
            "fact_requires": "All material and information that relates to the subject matter of the case.",
            "purpose": "criminal_prosecution",
            "purpose_text": "Prosecution of the case; the prosecutor gives it to the defense under discovery law.",
            "necessity": "Discovery law asks for everything that relates to the case, so nothing may be left out.",
            "immigration": "no",
            "identity_how": "Called back at the number the department's own directory has for the office.",
            "identity_affiliation_how": "The switchboard connected the call to the assistant named in the demand.",
            "identity_by": "Det. Dana Lark",
            "identity_on": yesterday,
        }

    # the privacy officer ---------------------------------------------------------------------------------------

    def decide(self) -> None:
        """EXT-7: the Agency Privacy Officer's approval in writing, with the password again."""
        officer, page = self.case.as_(PRIVACY_OFFICER), f"{self.page}/decide"
        officer.open(page)
        items = tuple(str(box["value"]) for box in officer.page.select("input[name=included]"))
        officer.send(
            page,
            {
                "decision": "approve",
                "included": items,
                "password": self.case.password,
                "text": "The disclosure of everything listed to the prosecutor with jurisdiction is approved.",
                "reason": "Discovery law requires it; the demand is attached and the office's identity confirmed.",
                "conditions": "To be given to the defense only under discovery law.",
            },
        )
        self.case.tell(
            "EXT-7", f"{PRIVACY_OFFICER} reads the request and approves it in writing, entering the password again"
        )

    # handing out -----------------------------------------------------------------------------------------------

    def hand_out(self) -> Path:
        """ACC-12: the package is built by a worker, fetched once, checked with sha256sum, its receipt recorded."""
        detective = self.case.as_(REQUESTER).wait_until(self.page, "Ready to be handed out", 120)
        detective.send(f"{self.page}/release")
        detective.wait_until(self.page, "It can be downloaded once", 120)
        data = detective.fetch(f"{self.page}/package")
        folder = self.case.work_dir / self.number
        archive = self.case.work_dir / f"{self.number}.zip"
        archive.write_bytes(data)
        with zipfile.ZipFile(archive) as package:
            package.extractall(folder)
            names = package.namelist()
        program = shutil.which("sha256sum")
        if program is None:
            raise Astray("this machine has no sha256sum to check the package with")
        check = [program, "--check", "--strict", "SHA256SUMS"]
        checked = subprocess.run(check, cwd=folder, capture_output=True, text=True, check=False)
        if checked.returncode:
            raise Astray(f"the package of {self.number} does not check: {checked.stdout}{checked.stderr}")
        self.case.tell("EXT-7", f"a worker builds the package: {len(names)} files, every one checked by sha256sum")
        # recorded a moment after the last byte has arrived
        detective.wait_until(self.page, "Record the receipt", 30)
        if detective.page.select_one(f"form[action='{self.page}/package']") is not None:
            raise Astray(f"the package of {self.number} could be fetched a second time")
        receipt = {"received_by": "Robin Fixture", "how": "By hand, at the office", "on": today().isoformat()}
        detective.open(f"{self.page}/receipt").send(f"{self.page}/receipt", receipt)
        self.case.tell("ACC-12", "it can be fetched once only; the receipt is recorded")
        return folder

    # the records officer ---------------------------------------------------------------------------------------

    def retention(self) -> None:
        """RET-3, RET-11: closed by prosecution, classified by its final disposition, and why it is kept until when."""
        officer, page = self.case.as_(RECORDS_OFFICER), f"/retention/cases/{self.case.case_number}"
        day = today().isoformat()
        officer.open(page)
        if self._has(officer, f"{page}/closing"):
            officer.send(f"{page}/dispositions", {"disposition-class_id": "other_felony", "disposition-on": day})
            officer.open(page).send(f"{page}/closing", {"close-closure": "prosecution_concluded", "close-on": day})
            self.case.tell(
                "RET-11", f"{RECORDS_OFFICER} records the final disposition and that prosecution and appeals ended"
            )
        officer.open(page).send(f"{page}/classification", {"class-classes": ("other_felony",)})
        self.case.tell(
            "RET-3 RET-11", "confirms the class that the rules propose; the page says why the record is kept:"
        )
        for depth, sentence in self._reasons(officer.open(page)):
            self.case.tell("", INDENT * (depth + 1) + sentence)

    @staticmethod
    def _has(browser: Browser, action: str) -> bool:
        return browser.page.select_one(f"form[action='{action}']") is not None

    @staticmethod
    def _reasons(officer: Browser) -> list[tuple[int, str]]:
        """(depth, sentence) of each reason on the page, outermost first."""
        tree = officer.page.select_one(".cor-why")
        if tree is None:
            raise Astray(f"{officer.url} gives no reasons")
        found = []
        for item in tree.select("li"):
            words = " ".join("".join(item.find_all(string=True, recursive=False)).split())
            cited = item.select_one(".cor-cite a")
            if cited is None:
                raise Astray(f"{officer.url} gives a reason without its clause")
            clause = cited.find(string=True, recursive=False)
            depth = len([parent for parent in item.parents if parent.name == "li"])
            found.append((depth, f"{words} ({str(clause).strip()})"))
        return found
