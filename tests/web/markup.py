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
    """What is not valid in a whole page, with its line."""
    if not _is_faulty(skeleton(html)):
        return []
    return [f"invalid HTML at line {line}: {PARSE_ERRORS[code] % values}" for (line, _), code, values in _errors(html)]


def skeleton(html: str) -> str:
    """The bare tags of a page, with what decides whether they are valid."""
    return _shortened(START.sub(_bare, SPACES.sub(">", TEXT.sub(">x", VALUES.sub('="x"', html)))))


def _shortened(markup: str) -> str:
    """Markup in which equal neighbours stand three times at most; as it is where its tags are not nested."""
    within: list[tuple[str, list[str]]] = [("", [])]
    for token in TOKEN.finditer(markup):
        text, closing, element = token[0], token[1], token[2]
        if closing:
            opened, parts = within.pop()
            if opened != element:
                return markup
            text = "".join((*parts, text))
        elif element and element not in VOID:
            within.append((element, [text]))
            continue
        parts = within[-1][1]
        if parts[-ENOUGH:] != [text] * ENOUGH:
            parts.append(text)
    return "".join(within[0][1]) if len(within) == 1 else markup


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
