"""The checks of a finished PDF, read back from its bytes with PDFium."""

import functools
import io
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import pypdfium2
import pypdfium2.raw
from PIL import Image, ImageChops

from app.clauses import enforces
from app.documents.errors import RenderError

#: PDFium works for one thread at a time
_ONE_AT_A_TIME = threading.Lock()


@functools.lru_cache(maxsize=1)
def page_texts(pdf: bytes) -> tuple[str, ...]:
    """The text of each page with white space collapsed to single spaces. Raises RenderError for a broken file.

    Several checks ask for the text of the document just made, so the last is remembered.
    """
    with _opened(pdf) as document:
        return tuple(" ".join(page.get_textpage().get_text_bounded().split()) for page in document)


def pictures(pdf: bytes, size: tuple[int, int] | None = None) -> list[Image.Image]:
    """The raster pictures that the pages really draw, with the pixels stored in the file.

    With ``size`` (width, height in pixels) only those of that size; no other is decoded. Raises RenderError for a
    broken file.
    """
    with _opened(pdf) as document:
        drawn = (image for page in document for image in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]))
        return [_stored(image) for image in drawn if size is None or image.get_px_size() == size]


def _stored(drawn: pypdfium2.PdfImage) -> Image.Image:
    """A JPEG is read by Pillow, as the picture it is compared with; others hold their pixels as they are."""
    if drawn.get_filters() == ["DCTDecode"]:
        return Image.open(io.BytesIO(bytes(drawn.get_data())))
    return drawn.get_bitmap().to_pil()


@contextmanager
def _opened(pdf: bytes) -> Iterator[pypdfium2.PdfDocument]:
    with _ONE_AT_A_TIME:
        try:
            document = pypdfium2.PdfDocument(pdf)
            try:
                yield document
            finally:
                document.close()
        except pypdfium2.PdfiumError as error:
            raise RenderError("The finished document cannot be read back.") from error


@enforces("SRC-9")
def require_notice(pdf: bytes, notice: str) -> int:
    """Return the number of pages. Raises RenderError naming the first page that lacks the notice, word for word."""
    wanted = _letters(notice)
    texts = page_texts(pdf)
    for number, text in enumerate(texts, 1):
        if wanted not in _letters(text):
            raise RenderError(f"Page {number} of the document lacks the notice (SRC-9).")
    return len(texts)


@enforces("USE-7")
def require_on_first_page(pdf: bytes, words: str) -> None:
    """Raise RenderError unless page 1 holds these words."""
    if _letters(words) not in _letters(page_texts(pdf)[0]):
        raise RenderError("The first page of the document does not carry the notice of its result (USE-7, SRC-7).")


@enforces("SRC-9")
def require_picture(pdf: bytes, original: bytes) -> None:
    """Raise RenderError unless a page of the file draws a picture with exactly the original's pixels."""
    with Image.open(io.BytesIO(original)) as opened:
        wanted = opened.convert("RGB")
    for picture in pictures(pdf, wanted.size):
        if not ImageChops.difference(picture.convert("RGB"), wanted).getbbox():
            return
    raise RenderError("The report does not show the probe image (SRC-9).")


def missing_words(texts: Sequence[str], wanted: Iterable[str]) -> str | None:
    """Return the first of the wanted words that these pages lack, or None when all are there."""
    printed = _letters("".join(texts))
    return next((words for words in wanted if _letters(words) not in printed), None)


def _letters(text: str) -> str:
    """Return text without white space, since a PDF breaks its lines anywhere."""
    return "".join(text.split())
