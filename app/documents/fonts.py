"""The fonts of documents: bundled files only, never the machine's, so that a report looks the same
everywhere.

A character that no bundled font can draw would become an empty box in an official record; :func:`printable`
writes its Unicode number instead (names in further scripts appear as such once a font for them lies in
``fallback/``).
"""

import functools
import os
import tempfile
import threading
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from fontTools.ttLib import TTFont
from weasyprint.text.fonts import FontConfiguration

from app.documents.errors import RenderError

FONTS_DIR = Path(__file__).resolve().parent.parent / "static" / "vendor" / "fonts"

_TEXT, _MONO = "Public Sans", "Roboto Mono"
_ISOLATED = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><cachedir>{cache}</cachedir></fontconfig>
"""
_environment_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Face:
    """One font file and the CSS descriptors under which documents use it."""

    family: str
    weight: int
    style: str
    path: Path


def faces(directory: Path = FONTS_DIR) -> tuple[Face, ...]:
    """All bundled faces, the fallback ones last. Raises RenderError when set-up has not brought them."""
    bundled = (
        Face(_TEXT, 400, "normal", directory / "PublicSans-Regular.ttf"),
        Face(_TEXT, 400, "italic", directory / "PublicSans-Italic.ttf"),
        Face(_TEXT, 600, "normal", directory / "PublicSans-SemiBold.ttf"),
        Face(_TEXT, 700, "normal", directory / "PublicSans-Bold.ttf"),
        Face(_MONO, 400, "normal", directory / "roboto-mono-v5-latin-regular.ttf"),
    )
    missing = [face.path.name for face in bundled if not face.path.is_file()]
    if missing:
        raise RenderError(f"The document fonts {', '.join(missing)} are missing; run `make assets`.")
    more = sorted((directory / "fallback").glob("*.ttf"))
    return bundled + tuple(Face(f"Fallback {path.stem}", 400, "normal", path) for path in more)


@functools.cache
def families(directory: Path = FONTS_DIR) -> tuple[str, ...]:
    """Families for running text in order of preference."""
    return tuple(dict.fromkeys(face.family for face in faces(directory) if face.family != _MONO))


@functools.cache
def _drawable(directory: Path) -> frozenset[int]:
    covered: set[int] = set()
    for face in faces(directory):
        if (face.family, face.weight, face.style) != (_MONO, 400, "normal"):
            with TTFont(face.path, lazy=True) as font:
                covered |= set(font.getBestCmap())
    return frozenset(covered)


def printable(text: str, directory: Path = FONTS_DIR) -> str:
    """``text`` composed (NFC), runs of characters that cannot be drawn become ``[U+6F22 U+5B57]``."""
    drawable = _drawable(directory)
    pieces: list[str] = []
    run: list[str] = []
    for character in unicodedata.normalize("NFC", text) + "\0":
        if character == "\0" or ord(character) in drawable or character in "\n\t":
            if run:
                pieces.append(f"[{' '.join(run)}]")
                run = []
            pieces.append("" if character == "\0" else character)
        else:
            run.append(f"U+{ord(character):04X}")
    return "".join(pieces)


def font_face_rules(directory: Path = FONTS_DIR) -> str:
    """``@font-face`` rules that ask the document's own fetcher for ``memory:font/<file>``."""
    return "\n".join(
        f'@font-face {{ font-family: "{face.family}"; font-weight: {face.weight}; font-style: {face.style};'
        f' src: url("memory:font/{face.path.name}"); }}'
        for face in faces(directory)
    )


def isolated_configuration() -> FontConfiguration:
    """A WeasyPrint font configuration that knows no font of the machine.

    Fontconfig reads the name of its configuration file from the environment at the moment of creation only;
    the variable is set for that moment, under a lock.
    """
    with tempfile.TemporaryDirectory(prefix="document-fonts-") as folder, _environment_lock:
        settings = Path(folder, "fonts.conf")
        settings.write_text(_ISOLATED.format(cache=folder), "utf-8")
        before = os.environ.get("FONTCONFIG_FILE")
        os.environ["FONTCONFIG_FILE"] = str(settings)
        try:
            return FontConfiguration()
        finally:
            if before is None:
                del os.environ["FONTCONFIG_FILE"]
            else:
                os.environ["FONTCONFIG_FILE"] = before
