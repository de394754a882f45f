"""The report's facts to PDF (SRC-7, SRC-8), read back before it is given out."""

import hashlib
import io

import segno
from PIL import Image

from app.clauses import enforces
from app.documents import checks, fonts
from app.documents.approval.facts import ReportFacts, ReportKind
from app.documents.approval.manifest import Verification
from app.documents.errors import RenderError
from app.documents.examination.contradictions import require_contradictions, require_heads
from app.documents.identification.facts import FaceBox, Probe
from app.documents.typeset import Frame, Rendered, environment, one_line, typeset

#: The space of a photograph on page 1 (report.css) in millimetres; a face lower than 25 mm is also enlarged.
_SHOWN = (85, 62)
_SMALL_FACE = 25

_TITLES = {
    ReportKind.POSSIBLE_MATCH: ("possible_match.html", "Possible match report"),
    ReportKind.NEGATIVE: ("negative.html", "Negative results report"),
}


@enforces("SRC-9", "USE-7")
def render_report(facts: ReportFacts, notice: str, result_notice: str, verification: Verification) -> Rendered:
    """The report as PDF; equal arguments give equal bytes.

    ``notice`` is SRC-9's, ``result_notice`` the result's own (that it is a lead only, USE-7, or what a negative result
    does not show, SRC-7), word for word from ``config/policy/notices.toml``: the first stands on every page, both at
    the head of page 1. The finished file is read back: RenderError when a
    page lacks the notice, or the probe image is not in it, or a resource was missing.
    """
    notice, result_notice = one_line(notice), one_line(result_notice)
    template, title = _TITLES[facts.kind]
    resources = _resources(facts, verification)
    html = (
        environment()
        .get_template(template)
        .render(
            doc=_frame_of(facts, title, notice),
            facts=facts,
            notice=notice,
            result_notice=result_notice,
            verification=verification,
            has_detail="probe-detail" in resources,
        )
    )
    pdf = typeset(html, resources, facts.report_number)
    pages = checks.require_notice(pdf, notice)
    checks.require_on_first_page(pdf, result_notice)
    checks.require_picture(pdf, facts.probe.picture.data)
    require_examined(pdf, facts)
    if facts.candidate is not None:
        require_contradictions(pdf, facts.candidate.contradictions)
        require_heads(pdf, facts.candidate.contradictions)
    return Rendered(pdf, hashlib.sha256(pdf).hexdigest(), pages)


@enforces("SRC-2", "SRC-7")
def require_examined(pdf: bytes, facts: ReportFacts) -> None:
    """Raise RenderError unless the file says what became of the candidates, and every reason written of it."""
    done = facts.examined
    if done is None:
        return
    said = [f"{words} {number:,}" for words, number in done.counts]
    said += [fonts.printable(text) for text in (done.reason, done.retained_reason) if text]
    lacking = checks.missing_words(checks.page_texts(pdf), said)
    if lacking is not None:
        raise RenderError(f"The report leaves out what became of the candidates (SRC-7): {lacking[:60]}")


def _frame_of(facts: ReportFacts, title: str, notice: str) -> Frame:
    return Frame(
        title=title,
        number=facts.report_number,
        kind="Report",
        css=facts.kind,
        department=facts.department,
        unit=facts.unit,
        case_number=facts.case_number,
        dated=facts.issued_at,
        demonstration=facts.demonstration,
        notice=notice,
    )


def _resources(facts: ReportFacts, verification: Verification) -> dict[str, tuple[bytes, str]]:
    """Everything the document may refer to, by the name after ``memory:``."""
    pictures = {"probe": facts.probe.picture}
    if facts.candidate is not None:
        pictures |= {f"candidate-{n}": shown.picture for n, shown in enumerate(facts.candidate.photographs, 1)}
    resources = {name: (picture.data, picture.media_type) for name, picture in pictures.items()}
    resources["verification"] = (_qr_code(verification.address), "image/svg+xml")
    if facts.probe.face is not None:
        resources["probe-face"] = (_frame(facts.probe.face, facts.probe.picture.size), "image/svg+xml")
        if detail := _detail(facts.probe):
            resources["probe-detail"] = (detail, "image/png")
    return resources


def _frame(face: FaceBox, size: tuple[int, int]) -> bytes:
    """A drawing that lies over the probe: the picture itself stays as it was submitted."""
    width, height = size
    stroke = max(width, height) / 130
    corner = f'x="{face.left:.2f}" y="{face.top:.2f}"'
    extent = f'width="{face.width:.2f}" height="{face.height:.2f}"'
    canvas = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {canvas}><g fill="none">'
        f'<rect {corner} {extent} stroke="#fff" stroke-width="{stroke * 1.8:.2f}"/>'
        f'<rect {corner} {extent} stroke="#1b2b45" stroke-width="{stroke * 0.8:.2f}"/></g></svg>'
    ).encode()


def _detail(probe: Probe) -> bytes | None:
    """The searched face cut out as PNG, when it is too small in the whole picture to be compared by eye."""
    face = probe.face
    if face is None:
        return None
    scale = min(room / pixels for room, pixels in zip(_SHOWN, probe.picture.size, strict=True))
    if face.height * scale >= _SMALL_FACE:
        return None
    margin = max(face.width, face.height) * 0.5
    with Image.open(io.BytesIO(probe.picture.data)) as image:
        box = (
            max(0, round(face.left - margin)),
            max(0, round(face.top - margin)),
            min(image.width, round(face.left + face.width + margin)),
            min(image.height, round(face.top + face.height + margin)),
        )
        cut = io.BytesIO()
        image.convert("RGB").crop(box).save(cut, "PNG")
    return cut.getvalue()


def _qr_code(address: str) -> bytes:
    drawing = io.BytesIO()
    segno.make(address, error="m", micro=False).save(drawing, kind="svg", xmldecl=False, border=1, omitsize=True)
    return drawing.getvalue()
