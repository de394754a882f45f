"""The markup of an answer: its tree, and what a browser would have repaired in it silently.

html5lib tells the faults of markup but takes long. They depend on the bare tags, which many pages share: each
arrangement of tags is read once, and a page with a fault once more as it was sent, so that the line is named.
"""

from __future__ import annotations

import re
from functools import cache

import html5lib
from html5lib.constants import E as PARSE_ERRORS
from lxml import etree

#: a reference that is always well formed
REFERENCE = r"&(?:amp|lt|gt|quot|#34|#39);"
#: what cannot make markup wrong: quoted values (but for types, which decide where an input may stand) and running text
VALUES = re.compile(rf"""(?<!type)=(?:"(?:[^"&<]|{REFERENCE})*"|'(?:[^'&<]|{REFERENCE})*')""")
TEXT = re.compile(rf">(?=[^<]*[^<>\s])(?:[^<>&]|{REFERENCE})+(?=<)")
SPACES = re.compile(r">\s+(?=<)")
#: a start tag whose attributes all have plain names, and a value in double quotes or none
START = re.compile(r'<([a-z][a-z0-9]*)((?:\s+[A-Za-z][\w:.-]*(?:="[^"&<]*")?)+)\s*(?=/?>)')
NAME = re.compile(r'\s+([A-Za-z][\w:.-]*)(?:="([^"]*)")?')
#: elements whose attributes decide what may stand in them
TELLING = {"font", "svg", "math", "annotation-xml"}
TOKEN = re.compile(r"<(/?)([a-z][a-z0-9]*)[^<>]*>|[^<]+|<")
#: elements that have no end
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
#: so many equal elements in a row are like any number of them
ENOUGH = 3


def tree_of(html: str) -> etree._Element:
    """The root of a page or part, repaired as a browser would; there is no comment in it."""
    root = etree.fromstring(html, etree.HTMLParser(remove_comments=True, remove_pis=True))
    assert root is not None, "an answer of type text/html without any element"
    return root


def text_of(element: etree._Element) -> str:
    """All that an element says, white space collapsed."""
    return " ".join(" ".join(element.itertext()).split())


def markup_faults(html: str) -> list[str]:
    """Return what is invalid in a whole page, with its line."""
    found = Skeleton(START.sub(_bare, SPACES.sub(">", TEXT.sub(">x", VALUES.sub('="x"', html)))))
    if not _is_faulty(found.unproven):
        _proven.update(found.elements)
        return []
    return [f"invalid HTML at line {line}: {PARSE_ERRORS[code] % values}" for (line, _), code, values in _errors(html)]


#: elements that stood in a valid page, with all that is in them and the names of what they are in
_proven: set[int] = set()


class Skeleton:
    """The bare tags of a page, as far as they are not proven to be valid.

    Where tags are nested, whether an element is valid depends on what it holds and on the names of what it stands in,
    and nothing after it depends on it: one that is proven is left out, and so are equal neighbours from the fourth on.
    """

    def __init__(self, markup: str) -> None:
        self.unproven, self.elements = markup, []
        # for each open element: its name, its place, and what it holds so far, whole and as far as unproven
        within: list[tuple[str, str, list[str], list[str]]] = [("", "", [], [])]
        elements = []
        for token in TOKEN.finditer(markup):
            text, closing, element = token[0], token[1], token[2]
            unproven = text
            if closing:
                opened, place, whole, rest = within.pop()
                if opened != element:
                    return  # not nested
                text = "".join((*whole, text))
                known = hash((place, text))
                elements.append(known)
                unproven = "" if known in _proven else "".join((*rest, unproven))
            elif element and element not in VOID and not text.endswith("/>"):
                within.append((element, f"{within[-1][1]}>{element}", [text], [text]))
                continue
            _, _, whole, rest = within[-1]
            if whole[-ENOUGH:] != [text] * ENOUGH:
                whole.append(text)
                rest.append(unproven)
        if len(within) == 1:
            self.unproven, self.elements = "".join(within[0][3]), elements


def _bare(found: re.Match[str]) -> str:
    return _without_attributes(found[0], found[1], found[2])


@cache
def _without_attributes(tag: str, element: str, attributes: str) -> str:
    """A start tag without its attributes, unless they matter or one is there twice."""
    given = NAME.findall(attributes)
    if element in TELLING or len({name.lower() for name, _ in given}) < len(given):
        return tag
    kind = "".join(f' type="{value}"' for name, value in given if name.lower() == "type" and element == "input")
    return f"<{element}{kind}"


@cache
def _is_faulty(markup: str) -> bool:
    return bool(_errors(markup))


def _errors(html: str) -> list[tuple[tuple[int, int], str, dict[str, str]]]:
    parser = html5lib.HTMLParser()
    parser.parse(html)
    return parser.errors
