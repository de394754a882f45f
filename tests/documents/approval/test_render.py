"""The finished PDF, read back: notice, probe image, wording, what never appears, conformity, sameness of
bytes.
"""

import functools
import hashlib
import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from pypdf import PdfReader

from app.documents import checks, fonts, typeset
from app.documents.approval import render
from app.documents.approval.facts import (
    Concluded,
    Judgment,
    NegativeReason,
    PolicyVersion,
    Replacement,
    ReportFacts,
    Step,
)
from app.documents.approval.manifest import Verification
from app.documents.errors import RenderError
from app.documents.examination.contradictions import require_heads
from app.documents.examination.facts import Contradiction, Contradictions, FeatureComparison, PeerVerdict
from app.documents.facts import Person
from app.documents.identification.facts import FaceBox
from tests.documents.approval.documents_facts import (
    EXAMINER,
    LEAD_NOTICE,
    NEGATIVE_NOTICE,
    NOTICE,
    START,
    SUPERVISOR,
    candidate,
    negative,
    picture,
    possible_match,
    verified,
)

#: The words of the clause itself, so that an edited notice is noticed too.
SRC_9 = (
    "the determination of a possible match candidate alone does not constitute probable cause to effect"
    " an arrest or obtain an arrest or search warrant",
    "further investigation is needed to establish probable cause",
)
SUPERVISOR_DECISION = possible_match().decision
LONG_NAME = ("Maximiliana Wolfeschlegelsteinhausenbergerdorff Ångström-Łukasiewicz Nguyễn de la Fuente y Țepeș " * 2)[
    :100
]
KINDS = {
    "possible match": possible_match(),
    "negative, nobody": negative(),
    "negative, not approved": negative(
        negative_reason=NegativeReason.NOT_APPROVED, decision=SUPERVISOR_DECISION, demonstration=True
    ),
    "long": possible_match(
        case_number="C/" + "2026-041-004512 " * 6,
        requester=Person(LONG_NAME, "Detective", "requesting investigator", "An Example Squad " * 6),
        steps=tuple(Step(START, f"Step {n}: something was done " * 4, ("SRC-1",), EXAMINER) for n in range(20)),
        candidate=candidate(
            comparison=tuple(
                FeatureComparison(row.feature, "similar", "A long note about it. " * 60)
                for row in candidate().comparison
            )
        ),
    ),
}


@functools.cache
def rendered(facts: ReportFacts) -> bytes:
    return anew(facts)


def anew(facts: ReportFacts) -> bytes:
    own = LEAD_NOTICE if facts.kind == "possible_match" else NEGATIVE_NOTICE
    return render.render_report(facts, NOTICE, own, verified(facts)).pdf


def both(facts: ReportFacts) -> tuple[ReportFacts, Verification]:
    return facts, verified(facts)


def whole_text(pdf: bytes) -> str:
    return " ".join(checks.page_texts(pdf))


@pytest.fixture(scope="module", params=KINDS)
def report(request: pytest.FixtureRequest) -> tuple[ReportFacts, bytes]:
    facts = KINDS[request.param]
    return facts, rendered(facts)


def test_the_mark_of_a_policy_version_is_explained_before_it_is_used() -> None:
    steps = (Step(START, "Request submitted", ("REQ-1",), EXAMINER, "P1"),)
    marked = {"policies": (PolicyVersion("P1", "ab" * 32, True),), "judged": (Judgment("Basis", START, "P1"),)}
    said = whole_text(rendered(possible_match(steps=steps, **marked)))
    assert "P1 is the version of the policy under which a step was taken" in said[: said.index("REQ-1")]
    assert "is the version of the policy" not in whole_text(rendered(possible_match()))


@pytest.mark.clause("SRC-9")
def test_the_notice_stands_word_for_word_on_every_page(report: tuple[ReportFacts, bytes]) -> None:
    pages = checks.page_texts(report[1])
    assert len(pages) >= 2
    assert all(NOTICE in page for page in pages)
    assert pages[0].count(NOTICE) == 2
    for words in SRC_9:
        assert all(words in page for page in pages)


@pytest.mark.clause("SRC-9")
def test_the_probe_image_is_in_the_report_pixel_by_pixel(report: tuple[ReportFacts, bytes]) -> None:
    facts, pdf = report
    wanted = Image.open(io.BytesIO(facts.probe.picture.data)).convert("RGB")
    assert any(
        shown.size == wanted.size and ImageChops.difference(shown.convert("RGB"), wanted).getbbox() is None
        for shown in checks.pictures(pdf)
    )
    assert facts.probe.picture.data in _jpeg_streams(pdf)


@pytest.mark.clause("USE-7", "USE-8")
def test_a_possible_match_report_says_what_a_lead_is_not() -> None:
    first = checks.page_texts(rendered(possible_match()))[0]
    assert LEAD_NOTICE in first
    assert "does not by itself establish a basis for a stop, probable cause to arrest" in first


@pytest.mark.clause("SRC-7", "USE-7")
def test_a_negative_report_says_what_it_does_not_show_and_never_calls_itself_a_lead(
    report: tuple[ReportFacts, bytes],
) -> None:
    facts, pdf = report
    if facts.kind == "negative":
        assert NEGATIVE_NOTICE in checks.page_texts(pdf)[0]
        assert re.search(r"\bis a lead\b|\blead only\b", whole_text(pdf), re.I) is None


@pytest.mark.clause("USE-7")
def test_a_possible_match_is_headed_as_a_lead_only() -> None:
    first = checks.page_texts(rendered(possible_match()))[0]
    assert "LEAD ONLY Investigative lead; not a positive identification; not probable cause." in first


@pytest.mark.clause("CAP-6", "ACC-1", "SRC-8")
def test_no_score_no_place_in_a_list_and_no_percentage(report: tuple[ReportFacts, bytes]) -> None:
    found = re.search(
        r"%|per ?cent|\bscore|similarity|threshold|confiden|\branked|\brank\b", whole_text(report[1]), re.I
    )
    assert found is None, found


def test_number_case_and_page_stand_on_every_page(report: tuple[ReportFacts, bytes]) -> None:
    facts, pdf = report
    pages = checks.page_texts(pdf)
    for number, page in enumerate(pages, 1):
        assert f"Report {facts.report_number}" in page
        assert "".join(facts.case_number.split()) in "".join(page.split())
        assert f"Page {number} of {len(pages)}" in page


def test_the_demonstration_says_so_on_every_page_and_casework_never(
    report: tuple[ReportFacts, bytes],
) -> None:
    facts, pdf = report
    for page in checks.page_texts(pdf):
        assert ("Demonstration, not for casework" in page) is facts.demonstration


@pytest.mark.clause("SRC-8", "SRC-2", "SRC-3")
def test_the_possible_match_report_holds_its_facts() -> None:
    facts = possible_match()
    pdf = rendered(facts)
    text = whole_text(pdf)
    squeezed = "".join(text.split())
    for wanted in (
        "2026-041-004512",
        "FR-2026-000034",
        "USE-1",
        "Rosalind Nobodysson",
        "Ivo Fictional",
        "Noor Imaginary",
        "2026-11-20 09:12:05 EST",
        "REQ-1, REQ-2",
        "effective 2026-01-01",
        "example-net",
        "Example Laboratory",
        "No NIST evaluation record.",
        "generation-7",
        "1,912 arrest and parole photographs of 304 people",
        "G-0004211",
        "Quentin Madeupsky",
        "1988-04-03",
        "Arrest date not recorded",
        "no contradiction of place",
        "Approved as an investigative lead",
        "after entering the password again",
        "Given by the owner",
        "https://portal.example/verify/",
        verified(facts).code,
    ):
        assert wanted in text, wanted
    assert "Taken not recorded" in text
    for digest in (
        facts.policy_version,
        facts.algorithm.file_sha256,
        facts.probe.picture.sha256,
        facts.candidate.photographs[0].picture.sha256,
        verified(facts).manifest_digest,
    ):
        assert digest in squeezed
    assert len(list(checks.pictures(pdf))) == 3


@pytest.mark.clause("SRC-7")
def test_the_negative_report_gives_the_reason_and_no_candidate() -> None:
    text = whole_text(rendered(negative()))
    assert "NEGATIVE RESULT A possible match candidate was not identified." in text
    assert "LEAD ONLY" not in text
    assert "Record number" not in text
    refused = KINDS["negative, not approved"]
    pdf = rendered(refused)
    assert "A possible match candidate was not approved by the supervisor." in whole_text(pdf)
    assert len(list(checks.pictures(pdf))) == 1


def test_the_negative_report_names_who_prepared_it_and_who_concluded() -> None:
    pdf = rendered(negative(concluded=Concluded(SUPERVISOR, START + timedelta(hours=5))))
    first = checks.page_texts(pdf)[0]
    assert f"Report prepared by {EXAMINER.rank} {EXAMINER.name}" in first
    assert f"Concluded by {SUPERVISOR.rank} {SUPERVISOR.name}" in first


@pytest.mark.clause("SRC-3", "EXT-2")
def test_page_one_names_every_contradiction_and_unexplained_difference_before_anything_else() -> None:
    """Long answers push the tables to later pages; the list of what speaks against the candidate stays on page 1."""
    answer = "The description is a witness's guess from across the street in bad light. " * 12
    found = tuple(
        Contradiction(title, f"{title} on record: other than stated.", None, (), True, answer, None, None, EXAMINER, ())
        for title in ("Custody", "Alibi", "Whereabouts", "Age", "Height", "Weight", "Scars, marks and tattoos")
    )
    unexplained = ("Ears", "Ears, lobe, its shape and attachment", "Nose", "Chin")
    contradictions = Contradictions(True, found, (), unexplained=unexplained, justification="Cut off by the frame.")
    pdf = rendered(possible_match(candidate=candidate(contradictions=contradictions)))
    first, whole = checks.page_texts(pdf)[0], whole_text(pdf)
    for head in contradictions.heads:
        assert head in first, head
    assert first.index("Scars, marks and tattoos") < first.index("The examiner’s answer")
    assert "Cut off by the frame." in whole
    with pytest.raises(RenderError, match="Page 1 does not name"):
        require_heads(rendered(possible_match()), contradictions)


@pytest.mark.clause("SRC-3", "SRC-6")
def test_verdicts_stand_in_a_section_of_their_own_and_none_where_there_is_none() -> None:
    text = whole_text(rendered(possible_match()))
    before = text.split("Case or complaint number")[0]
    assert "Earlier verdicts" not in before
    assert not before.strip().endswith("not recorded"), "an empty section prints nothing"
    one = PeerVerdict("FR-2026-000001, round 1", EXAMINER, START, "Supports a possible match", False, "All agree.")
    against = replace(one, said="Inconclusive", against=True, reason="The ears are hidden.")
    told = Contradictions(True, (), (), verdicts=(against, one))
    text = whole_text(rendered(possible_match(candidate=candidate(contradictions=told, peers=(one,)))))
    heads, section = text.split("Earlier verdicts of peers on this person")
    assert "Earlier verdicts of peers: 1 did not carry a possible match" in heads
    assert "All agree." not in heads
    assert section.index("The ears are hidden.") < section.index("All agree.")
    assert "What each peer of this round found" in section


def test_what_is_not_recorded_is_printed_so() -> None:
    bare = negative(
        prepared_by=None,
        requested_at=None,
        algorithm=None,
        gallery=None,
        policy_effective=None,
        steps=(),
        custody=(),
        probe=replace(possible_match().probe, source=None, obtained=None, face=None),
    )
    text = whole_text(rendered(bare))
    for label in (
        "Report prepared by",
        "Request submitted",
        "Algorithm",
        "Gallery searched",
        "effective",
        "Source",
    ):
        assert f"{label} not recorded" in text, label


def test_a_replaced_report_says_by_and_for_what() -> None:
    other = Replacement("R-2026-000013", "A wrong case number", START)
    recalled = whole_text(rendered(possible_match(superseded_by=other)))
    assert "This report was recalled and replaced by R-2026-000013" in recalled
    assert "A wrong case number" in recalled
    assert "This report replaces R-2026-000013" in whole_text(rendered(possible_match(supersedes=other)))


def test_the_same_facts_give_the_same_bytes() -> None:
    assert anew(possible_match()) == anew(possible_match())
    assert rendered(possible_match()) != rendered(possible_match(case_number="2026-041-004513"))


def test_another_process_place_and_hash_seed_give_the_same_bytes(tmp_path: Path) -> None:
    here = Path(__file__).resolve().parent
    script = (
        "import documents_facts as m; from app.documents.approval.render import render_report as r;"
        " f = m.possible_match(); print(r(f, m.NOTICE, m.LEAD_NOTICE, m.verified(f)).sha256)"
    )
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join((str(here.parents[2]), str(here))),
        "PYTHONHASHSEED": "7",
        "TZ": "Asia/Tokyo",
        "HOME": str(tmp_path),
    }
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.stdout.strip() == hashlib.sha256(rendered(possible_match())).hexdigest(), ran.stderr


def test_the_file_is_marked_as_an_archival_tagged_document() -> None:
    reader = PdfReader(io.BytesIO(rendered(possible_match())))
    xmp = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    assert 'part="3"' in xmp
    assert 'conformance="B"' in xmp
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "en-US"
    assert "/OutputIntents" in reader.trailer["/Root"]
    assert reader.trailer["/ID"]
    assert reader.metadata.title == "Possible match report R-2026-000012"
    assert reader.metadata.creation_date_raw == reader.metadata.modification_date_raw == "D:20261121141205Z"


def test_the_file_tells_nothing_of_the_machine(report: tuple[ReportFacts, bytes]) -> None:
    reader = PdfReader(io.BytesIO(report[1]))
    plain = report[1] + b"".join(
        thing.get_data()
        for thing in (reader.get_object(n) for n in range(1, reader.trailer["/Size"]))
        if hasattr(thing, "get_data")
    )
    for trace in (str(Path.cwd()), str(Path.home()), "/tmp/", "file:"):
        assert trace.encode() not in plain, trace


def test_only_bundled_fonts_are_used(report: tuple[ReportFacts, bytes]) -> None:
    reader = PdfReader(io.BytesIO(report[1]))
    names = {
        str(font.get_object()["/BaseFont"]).split("+")[-1]
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert names
    assert all(name.startswith(("Public-Sans", "Roboto-Mono")) for name in names), names


def test_names_in_scripts_without_a_font_become_numbers_not_boxes() -> None:
    assert fonts.printable("Łukasz Nguyễn Ivanović") == "Łukasz Nguyễn Ivanović"
    assert fonts.printable("e\u0301") == "é"
    assert fonts.printable("Wáng 王芳") == "Wáng [U+738B U+82B3]"
    assert fonts.printable("a\u202eb") == "a[U+202E]b"
    text = whole_text(rendered(possible_match(candidate=candidate(name="שלום 王 Zażółć"))))
    assert "[U+05E9 U+05DC U+05D5 U+05DD] [U+738B] Zażółć" in text


def test_even_a_character_that_slips_through_takes_no_font_of_the_machine() -> None:
    pdf = typeset.typeset("<title>x</title><p>a Ж 王 ש</p>", render._resources(*both(possible_match())), "R")
    used = {
        str(font.get_object()["/BaseFont"])
        for page in PdfReader(io.BytesIO(pdf)).pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert used
    assert all("Public-Sans" in name for name in used), used


def test_a_small_face_is_shown_enlarged_and_the_whole_image_too() -> None:
    small = replace(possible_match().probe, face=FaceBox(60, 90, 30, 40))
    facts = negative(probe=small)
    pdf = rendered(facts)
    assert "enlarged detail of the probe image" in whole_text(pdf)
    shown = list(checks.pictures(pdf))
    assert sorted(image.size for image in shown) == [(70, 80), (160, 200)]
    detail = next(image for image in shown if image.size == (70, 80))
    wanted = Image.open(io.BytesIO(small.picture.data)).convert("RGB").crop((40, 70, 110, 150))
    assert ImageChops.difference(detail.convert("RGB"), wanted).getbbox() is None


def test_text_of_people_stays_text() -> None:
    sly = '<img src="http://192.0.2.1/x.png"><b>&amp;</b> {{ 7 * 7 }}'
    assert sly in whole_text(rendered(possible_match(candidate=candidate(background=sly))))


@pytest.mark.parametrize(
    "address", ["http://192.0.2.1/x.png", "file:///etc/passwd", "data:image/png;base64,", "memory:no"]
)
def test_nothing_but_its_own_pictures_is_ever_fetched(address: str) -> None:
    with pytest.raises(RenderError, match="only its own"):
        typeset.typeset(
            f'<img src="{address}" alt="">',
            render._resources(possible_match(), verified(possible_match())),
            "R",
        )


@pytest.mark.clause("SRC-9")
@pytest.mark.parametrize("notice", ["", "  \n", "word " * 200])
def test_without_a_notice_that_fits_there_is_no_report(notice: str) -> None:
    with pytest.raises(RenderError, match="notice"):
        render.render_report(possible_match(), notice, LEAD_NOTICE, verified(possible_match()))


@pytest.mark.clause("USE-7")
def test_without_the_words_of_the_lead_there_is_no_report() -> None:
    with pytest.raises(RenderError, match="USE-7"):
        render.render_report(possible_match(), NOTICE, " ", verified(possible_match()))
    with pytest.raises(RenderError, match="USE-7"):
        checks.require_on_first_page(rendered(possible_match()), LEAD_NOTICE.replace("It is a lead.", "It is proof."))


@pytest.mark.clause("SRC-9")
def test_a_file_without_the_notice_or_the_probe_is_not_given_out() -> None:
    facts = possible_match()
    pdf = rendered(facts)
    with pytest.raises(RenderError, match="Page 1 of the document lacks the notice"):
        checks.require_notice(pdf, NOTICE.replace("alone does not", "does not"))
    with pytest.raises(RenderError, match="probe image"):
        checks.require_picture(pdf, picture("plum").data)
    with pytest.raises(RenderError):
        checks.require_notice(b"%PDF-1.7 broken", NOTICE)


@pytest.mark.clause("SRC-9")
def test_the_layout_that_loses_the_notice_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    style = typeset.style_sheet().replace("content: element(page-foot)", "content: none")
    monkeypatch.setattr(typeset, "style_sheet", lambda: style)
    with pytest.raises(RenderError, match="Page 2 of the document lacks the notice"):
        anew(possible_match())


def _jpeg_streams(pdf: bytes) -> list[bytes]:
    reader = PdfReader(io.BytesIO(pdf))
    return [
        thing.get_object().get_data()
        for page in reader.pages
        for thing in page["/Resources"].get("/XObject", {}).values()
        if thing.get_object().get("/Filter") == "/DCTDecode"
    ]
