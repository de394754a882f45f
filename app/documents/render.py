"""Facts to PDF: WeasyPrint with bundled fonts, nothing fetched, the same bytes for the same facts.

PDF/A-3b (ISO 19005-3) with a structure tree, so that the record stays readable for decades and by screen
readers.
"""

import functools
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image
from weasyprint import CSS, HTML
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from app.documents import checks, fonts
from app.documents.errors import RenderError
from app.documents.facts import FaceBox, Probe, ReportFacts, ReportKind
from app.documents.manifest import Verification
from app.policy.enforcement import enforces

TEMPLATES = Path(__file__).resolve().parent / "templates"
VARIANT = "pdf/a-3b"
NOT_RECORDED = "not recorded"
#: The foot of the page has room for this much; the policy's notice has about 230 characters.
NOTICE_LIMIT = 420
#: The space of a photograph on page 1 (report.css) in millimetres; a face lower than 25 mm is also enlarged.
_SHOWN = (85, 62)
_SMALL_FACE = 25

_TITLES = {
    ReportKind.POSSIBLE_MATCH: ("possible_match.html", "Possible match report"),
    ReportKind.NEGATIVE: ("negative.html", "Negative results report"),
}
_SCHEME = "memory:"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished document: its bytes, their SHA-256 (hex) and the number of pages."""

    pdf: bytes
    sha256: str
    pages: int


@enforces("SRC-9", "USE-7")
def render_report(facts: ReportFacts, notice: str, lead_notice: str, verification: Verification) -> Rendered:
    """The report as PDF; equal arguments give equal bytes.

    ``notice`` is SRC-9's and ``lead_notice`` USE-7's, word for word from ``config/policy/notices.toml``: the
    first stands on every page, both at the head of page 1. The finished file is read back: RenderError when a
    page lacks the notice, or the probe image is not in it, or a resource was missing.
    """
    notice, lead_notice = " ".join(notice.split()), " ".join(lead_notice.split())
    if not notice or not lead_notice:
        raise RenderError("A report cannot be made without the notices of SRC-9 and USE-7.")
    if len(notice) > NOTICE_LIMIT:
        raise RenderError(f"The notice is longer than {NOTICE_LIMIT} characters and would not fit each page's foot.")
    template, title = _TITLES[facts.kind]
    resources = _resources(facts, verification)
    html = (
        environment()
        .get_template(template)
        .render(
            facts=facts,
            notice=notice,
            lead_notice=lead_notice,
            verification=verification,
            title=title,
            has_detail="probe-detail" in resources,
        )
    )
    pdf = typeset(html, resources, facts.report_number)
    pages = checks.require_notice(pdf, notice)
    checks.require_on_first_page(pdf, lead_notice)
    checks.require_picture(pdf, facts.probe.picture.data)
    return Rendered(pdf, hashlib.sha256(pdf).hexdigest(), pages)


class _MemoryFetcher(URLFetcher):
    """Serves ``memory:`` addresses from a mapping; any other address ends the rendering."""

    def __init__(self, resources: Mapping[str, tuple[bytes, str]]) -> None:
        super().__init__(allowed_protocols=())
        self._resources = resources

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        resource = self._resources.get(url.removeprefix(_SCHEME)) if url.startswith(_SCHEME) else None
        if resource is None:
            raise FatalURLFetchingError("A document may use only its own pictures and fonts.")
        data, media_type = resource
        return URLFetcherResponse(url, body=data, headers={"Content-Type": media_type})


def typeset(html: str, resources: Mapping[str, tuple[bytes, str]], identity: str, further_style: str = "") -> bytes:
    """An HTML document as PDF/A, in the style of all documents and what further_style adds; bytes follow from
    arguments.

    resources: bytes and media type of every ``memory:`` address, fonts included; identity: what the document's id is
    made of. Raises RenderError when anything else would be fetched.
    """
    fetcher = _MemoryFetcher(resources)
    configuration = fonts.isolated_configuration()
    style = CSS(string=style_sheet() + further_style, url_fetcher=fetcher, font_config=configuration)
    try:
        return HTML(string=html, base_url=_SCHEME, url_fetcher=fetcher).write_pdf(
            stylesheets=[style],
            font_config=configuration,
            pdf_variant=VARIANT,
            pdf_tags=True,
            pdf_identifier=hashlib.sha256(identity.encode()).digest()[:16],
            presentational_hints=False,
        )
    except FatalURLFetchingError as error:
        raise RenderError(str(error)) from error


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
    return resources | font_resources()


def font_resources() -> dict[str, tuple[bytes, str]]:
    """The bundled fonts, as every document needs them among its resources."""
    return {f"font/{face.path.name}": (face.path.read_bytes(), "font/ttf") for face in fonts.faces()}


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


@functools.cache
def style_sheet() -> str:
    """The style of all documents; it asks for its fonts by ``memory:`` addresses."""
    families = ", ".join(f'"{family}"' for family in fonts.families())
    page_and_body = f"@page {{ font-family: {families}; }} html {{ font-family: {families}; }}"
    return "\n".join((fonts.font_face_rules(), page_and_body, (TEMPLATES / "report.css").read_text("utf-8")))


@functools.cache
def environment() -> Environment:
    """The templates of documents: nothing is ever printed blank, a value without a name is an error."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, finalize=_finalize
    )
    environment.filters |= {
        "moment": _moment,
        "day": lambda value: NOT_RECORDED if value is None else f"{value:%Y-%m-%d}",
        "w3c": lambda value: f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "count": lambda value: NOT_RECORDED if value is None else f"{value:,}",
        "rows": lambda value, width: [value[start : start + width] for start in range(0, len(value), width)],
    }
    return environment


def _moment(value: datetime | None) -> str:
    return NOT_RECORDED if value is None else f"{value:%Y-%m-%d %H:%M:%S} {value.tzname()}"


def _finalize(value: object) -> object:
    """What any expression in a template prints: nothing is ever blank, nothing an empty box."""
    if value is None or value == "":
        return NOT_RECORDED
    if isinstance(value, date):
        raise RenderError("A template prints a date without saying how.")
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return fonts.printable(value)
    return value
