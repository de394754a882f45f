"""Decision and cover letter read back from their bytes (EXT-7, EXT-8, SRC-9, USE-7)."""

import functools
import io
from dataclasses import replace
from datetime import datetime

import pypdfium2
import pytest
from pypdf import PdfReader

from app.documents import checks, typeset
from app.documents.disclosures.facts import DecidedItem, Enclosure, Outcome
from app.documents.disclosures.render import render_decision, render_letter
from app.documents.errors import FactsError, RenderError
from tests.documents.approval.documents_facts import LEAD_NOTICE, NOTICE, START
from tests.documents.disclosures.disclosure_facts import EXT_7, ONWARD, decision, letter


@functools.cache
def words(of: str) -> str:
    pdf = render_decision(decision()).pdf if of == "decision" else render_letter(letter(), NOTICE, LEAD_NOTICE).pdf
    return " ".join(checks.page_texts(pdf))


def letters(text: str) -> str:
    return "".join(text.split())


@pytest.mark.clause("EXT-7")
def test_the_decision_says_who_decided_what_on_which_basis_and_why() -> None:
    said = letters(words("decision"))
    for wanted in (
        EXT_7,
        "APPROVED IN PART",
        "D2",
        "EXT-7",
        "Una Fabricated",
        "Example County District Attorney",
        "Example Procedure Law 245.20",
        "Criminal prosecution",
        "Possible match report R-2026-000012",
        "ab" * 32,
        "The discovery law requires it.",
        "Only for the prosecution named above.",
        "Yuri Imaginary",
        "2026-11-22 09:12:05 EST",
        "after entering the password again",
        "2026-12-22",
        "Called back at the number of the office",
        "No more than what the reports of this case rest on.",
        "9f2c" * 16,
    ):
        assert letters(wanted) in said, wanted
    assert said.count("Mayleave") == 2
    assert said.count("Stays") == 1


@pytest.mark.clause("SRC-9", "USE-7", "EXT-8")
def test_the_letter_says_what_is_enclosed_and_that_a_result_is_a_lead() -> None:
    said = letters(words("letter"))
    for wanted in (
        LEAD_NOTICE,
        NOTICE,
        ONWARD,
        "LEAD ONLY",
        "reports/R-2026-000012.pdf",
        "cd" * 32,
        "1,204,113",
        "Recalled on 2026-11-21 and replaced: do not rely on it",
        "sha256sum -c SHA256SUMS",
        "56" * 32,
        "Only for the prosecution named above.",
    ):
        assert letters(wanted) in said, wanted


@pytest.mark.clause("CAP-3", "EXT-2")
def test_the_reason_for_what_is_not_enclosed_is_a_paragraph_and_no_column_of_words() -> None:
    why = "The photograph of the candidate has left the repository, so the report is named here and not enclosed. " * 3
    made = render_letter(letter(withheld=(("Possible match report R-2026-000012", why.strip()),)), NOTICE, LEAD_NOTICE)
    with pypdfium2.PdfDocument(made.pdf) as document:
        lines = "\n".join(page.get_textpage().get_text_bounded() for page in document).splitlines()
    held = [line for line in lines if set(line.split()) & {"repository,", "photograph", "enclosed."}]
    assert 0 < len(held) <= 8
    assert max(len(line.split()) for line in held) > 8


@pytest.mark.clause("SRC-7", "USE-7")
def test_a_letter_without_a_possible_match_is_not_headed_lead() -> None:
    said = letters(" ".join(checks.page_texts(render_letter(letter(lead=False), NOTICE, LEAD_NOTICE).pdf)))
    assert letters("No possible match is enclosed.") in said
    assert letters("LEAD ONLY") not in said
    assert "lead" not in said.lower()


@pytest.mark.clause("SRC-9")
def test_every_page_of_a_long_letter_carries_the_notice() -> None:
    many = tuple(Enclosure(f"originals/FR-2026-000034-{n}.jpg", "Image as submitted", "cd" * 32, n) for n in range(60))
    made = render_letter(letter(enclosures=many), NOTICE, LEAD_NOTICE)
    assert made.pages > 2
    assert all(letters(NOTICE) in letters(text) for text in checks.page_texts(made.pdf))


@pytest.mark.clause("SRC-9")
def test_a_letter_that_lost_the_notice_is_not_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    style = typeset.style_sheet().replace("content: element(page-foot)", "content: none")
    monkeypatch.setattr(typeset, "style_sheet", lambda: style)
    many = tuple(Enclosure(f"originals/{n}.jpg", "Image as submitted", "cd" * 32, n) for n in range(40))
    with pytest.raises(RenderError, match="Page 2 of the document lacks the notice"):
        render_letter(letter(enclosures=many), NOTICE, LEAD_NOTICE)
    with pytest.raises(RenderError, match="notices"):
        render_letter(letter(), NOTICE, " ")


def test_the_same_facts_give_the_same_bytes_and_pdf_a_with_tags() -> None:
    first, again = render_decision(decision()), render_decision(decision())
    assert first == again
    root = PdfReader(io.BytesIO(first.pdf)).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfaid:part" in root["/Metadata"].get_data()


def test_what_people_wrote_stays_text() -> None:
    sly = '<img src="http://192.0.2.1/x.png"> {{ 7 * 7 }}'
    made = render_decision(decision(reason=sly, conditions=None))
    assert letters(sly) in letters(" ".join(checks.page_texts(made.pdf)))


def items(*included: bool) -> tuple[DecidedItem, ...]:
    return tuple(DecidedItem(f"Item {n}", "ab" * 32, included=answer) for n, answer in enumerate(included))


@pytest.mark.clause("EXT-7")
@pytest.mark.parametrize(
    ("outcome", "included", "good"),
    [
        (Outcome.APPROVED, (True, True), True),
        (Outcome.APPROVED, (True, False), False),
        (Outcome.APPROVED, (), False),
        (Outcome.PARTLY, (True, False), True),
        (Outcome.PARTLY, (True,), False),
        (Outcome.PARTLY, (False,), False),
        (Outcome.REFUSED, (False,), True),
        (Outcome.REFUSED, (), True),
        (Outcome.REFUSED, (True,), False),
    ],
)
def test_a_decision_agrees_with_its_items(outcome: Outcome, included: tuple[bool, ...], good: bool) -> None:
    if good:
        assert decision(outcome=outcome, items=items(*included)).outcome == outcome
    else:
        with pytest.raises(FactsError, match="items"):
            decision(outcome=outcome, items=items(*included))


@pytest.mark.clause("EXT-7", "EXT-8")
def test_documents_without_what_they_must_state_are_not_made() -> None:
    for name in ("text", "reason"):
        with pytest.raises(FactsError, match="text and its reason"):
            decision(**{name: " "})
    for changes in ({"enclosures": ()}, {"agreement": "MOU-1", "onward": " "}, {"number": ""}, {"signing_key": "x"}):
        with pytest.raises(FactsError):
            letter(**changes)
    with pytest.raises(FactsError, match="time zone"):
        decision(decided_at=datetime(2026, 1, 1))
    with pytest.raises(FactsError, match="SHA-256"):
        DecidedItem("An item", "nonsense", included=True)
    assert replace(letter(), dated=START).dated == START
