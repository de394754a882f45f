"""HTML to PDF for every document: WeasyPrint with bundled fonts, nothing fetched, the same bytes for the same HTML.

PDF/A-3b (ISO 19005-3) with a structure tree, so that the record stays readable for decades and by screen
readers.
"""

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from weasyprint import CSS, HTML
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from app.documents import fonts
from app.documents.errors import RenderError

TEMPLATES = Path(__file__).resolve().parent / "templates"
VARIANT = "pdf/a-3b"
NOT_RECORDED = "not recorded"
#: The foot of the page has room for this much; the policy's notice has about 230 characters.
NOTICE_LIMIT = 420
_SCHEME = "memory:"

Resources = Mapping[str, tuple[bytes, str]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished document: its bytes, their SHA-256 (hex) and the number of pages."""

    pdf: bytes
    sha256: str
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The frame of every document around its text (``document.html``); ``kind`` and ``css`` name what it is.

    ``notice`` stands in the foot of every page; None where the document states no result. A document of the whole
    department has no ``unit``, one about several cases no ``case_number``.
    """

    title: str
    number: str
    kind: str
    css: str
    department: str
    unit: str | None
    case_number: str | None
    dated: datetime
    demonstration: bool
    notice: str | None


class _MemoryFetcher(URLFetcher):
    """Serves ``memory:`` addresses from a mapping; any other address ends the rendering."""

    def __init__(self, resources: Resources) -> None:
        super().__init__(allowed_protocols=())
        self._resources = resources

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        resource = self._resources.get(url.removeprefix(_SCHEME)) if url.startswith(_SCHEME) else None
        if resource is None:
            raise FatalURLFetchingError("A document may use only its own pictures and fonts.")
        data, media_type = resource
        return URLFetcherResponse(url, body=data, headers={"Content-Type": media_type})


def font_resources() -> dict[str, tuple[bytes, str]]:
    """The bundled fonts, by the names that the style of all documents asks for."""
    return {f"font/{face.path.name}": (face.path.read_bytes(), "font/ttf") for face in fonts.faces()}


def typeset(html: str, resources: Resources, number: str, further_style: str = "") -> bytes:
    """The PDF of a whole HTML document; ``resources`` is what it may refer to, by the name after ``memory:``.

    ``number`` identifies the document in the file; ``further_style`` is added to the style of all documents. Raises
    RenderError when it refers to anything else.
    """
    fetcher = _MemoryFetcher({**resources, **font_resources()})
    configuration = fonts.isolated_configuration()
    style = CSS(string=style_sheet() + further_style, url_fetcher=fetcher, font_config=configuration)
    try:
        return HTML(string=html, base_url=_SCHEME, url_fetcher=fetcher).write_pdf(
            stylesheets=[style],
            font_config=configuration,
            pdf_variant=VARIANT,
            pdf_tags=True,
            pdf_identifier=hashlib.sha256(number.encode()).digest()[:16],
            presentational_hints=False,
        )
    except FatalURLFetchingError as error:
        raise RenderError(str(error)) from error


def one_line(notice: str) -> str:
    """A notice as the foot of each page carries it. Raises RenderError when it is empty or does not fit there."""
    notice = " ".join(notice.split())
    if not notice:
        raise RenderError("A document about results cannot be made without the notices of SRC-9 and USE-7.")
    if len(notice) > NOTICE_LIMIT:
        raise RenderError(f"The notice is longer than {NOTICE_LIMIT} characters and would not fit each page's foot.")
    return notice


@functools.cache
def style_sheet() -> str:
    """The style of all documents, with the bundled fonts."""
    families = ", ".join(f'"{family}"' for family in fonts.families())
    page_and_body = f"@page {{ font-family: {families}; }} html {{ font-family: {families}; }}"
    return "\n".join((fonts.font_face_rules(), page_and_body, (TEMPLATES / "report.css").read_text("utf-8")))


@functools.cache
def environment() -> Environment:
    """The templates of documents: an unknown variable is an error, nothing is printed blank."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, finalize=_finalize
    )
    made.filters |= {
        "moment": _moment,
        "day": lambda value: NOT_RECORDED if value is None else f"{value:%Y-%m-%d}",
        "w3c": lambda value: f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "count": lambda value: NOT_RECORDED if value is None else f"{value:,}",
        "rows": lambda value, width: [value[start : start + width] for start in range(0, len(value), width)],
    }
    return made


def _moment(value: datetime | None) -> str:
    return NOT_RECORDED if value is None else f"{value:%Y-%m-%d %H:%M:%S} {value.tzname()}"


def _finalize(value: object) -> object:
    """Return what a template expression prints: never a blank, never an empty box for a missing glyph."""
    if value is None or value == "":
        return NOT_RECORDED
    if isinstance(value, date):
        raise RenderError("A template prints a date without saying how.")
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return fonts.printable(value)
    return value
