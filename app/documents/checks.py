"""What a finished PDF must hold, read back from its bytes with pypdf (not from what was meant)."""

import functools
import io
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence

from PIL import Image, ImageChops
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import DictionaryObject, StreamObject

from app.documents.errors import RenderError
from app.policy.enforcement import enforces

_DRAWN = re.compile(rb"/(\S+)\s+Do\b")


@functools.lru_cache(maxsize=1)
def page_texts(pdf: bytes) -> tuple[str, ...]:
    """The text of each page with white space collapsed to single spaces. Raises RenderError for a broken
    file.

    Several checks ask for the text of the document just made; it takes a second to read, so the last is remembered.
    """
    return tuple(" ".join(page.extract_text().split()) for page in _reader(pdf).pages)


def pictures(pdf: bytes, size: tuple[int, int] | None = None) -> Iterator[Image.Image]:
    """The raster pictures that a page really draws, each once, with the pixels stored in the file.

    With ``size`` (width, height in pixels) only those of that size; no other is decoded.
    """
    seen: set[int] = set()
    for page in _reader(pdf).pages:
        contents = page.get_contents()
        drawn = set(_DRAWN.findall(contents.get_data())) if contents is not None else set()
        objects = page["/Resources"].get("/XObject", {})
        for name in objects:
            reference = objects.raw_get(name)
            if name[1:].encode() not in drawn or reference.idnum in seen or objects[name]["/Subtype"] != "/Image":
                continue
            seen.add(reference.idnum)
            if size is not None and size != (objects[name]["/Width"], objects[name]["/Height"]):
                continue
            if objects[name]["/Filter"] == "/DCTDecode":
                # pypdf's own decoding compresses a JPEG once more; the stored stream is the picture itself.
                yield Image.open(io.BytesIO(objects[name].get_data()))
            else:
                yield _of_png(objects[name]) or page.images[name].image


def _of_png(stored: StreamObject) -> Image.Image | None:
    """The picture of a stream with PNG's own filters (ISO 32000-1, 7.4.4.4), which Pillow undoes a hundred times as
    fast as pypdf: the stream is put back into a PNG file. None for any other stream.
    """
    parameters = stored.get("/DecodeParms", {})
    plain = stored["/Filter"] == "/FlateDecode" and stored.get("/BitsPerComponent") == 8 and "/SMask" not in stored
    colours = {1: 0, 3: 2}.get(parameters.get("/Colors", 1)) if isinstance(parameters, DictionaryObject) else None
    if not plain or colours is None or parameters.get("/Predictor", 1) < 10:
        return None
    header = struct.pack(">IIBBBBB", stored["/Width"], stored["/Height"], 8, colours, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", stored._data), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return Image.open(io.BytesIO(b"\x89PNG\r\n\x1a\n" + body))


@enforces("SRC-9")
def require_notice(pdf: bytes, notice: str) -> int:
    """The number of pages; raises RenderError naming the first page that lacks the notice, word for word."""
    wanted = _letters(notice)
    texts = page_texts(pdf)
    for number, text in enumerate(texts, 1):
        if wanted not in _letters(text):
            raise RenderError(f"Page {number} of the document lacks the notice (SRC-9).")
    return len(texts)


@enforces("USE-7")
def require_on_first_page(pdf: bytes, words: str) -> None:
    """Raises RenderError unless page 1 says these words."""
    if _letters(words) not in _letters(page_texts(pdf)[0]):
        raise RenderError("The first page of the document does not say that it is a lead only (USE-7).")


@enforces("SRC-9")
def require_picture(pdf: bytes, original: bytes) -> None:
    """Raises RenderError unless a page of the file draws a picture with exactly the original's pixels."""
    with Image.open(io.BytesIO(original)) as opened:
        wanted = opened.convert("RGB")
    for picture in pictures(pdf, wanted.size):
        if not ImageChops.difference(picture.convert("RGB"), wanted).getbbox():
            return
    raise RenderError("The report does not show the probe image (SRC-9).")


def missing_words(texts: Sequence[str], wanted: Iterable[str]) -> str | None:
    """The first of the wanted words that these pages, read as one text, do not say; None when all are there."""
    printed = _letters("".join(texts))
    return next((words for words in wanted if _letters(words) not in printed), None)


def _letters(text: str) -> str:
    """Text without white space: where a PDF breaks its lines says nothing about its words."""
    return "".join(text.split())


def _reader(pdf: bytes) -> PdfReader:
    try:
        return PdfReader(io.BytesIO(pdf))
    except (PyPdfError, ValueError) as error:
        raise RenderError("The finished document cannot be read back.") from error
