"""Typed words as a reader sees them: what is visible, whether it says anything, which words and phrases stand in it."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

#: signs that show nothing although Unicode counts them as letters, marks or symbols
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
#: text of which every character shows or is a space, for most of what is typed
_PLAIN = re.compile("[ -~\\s]*", re.ASCII)
_VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
#: letters of other scripts that look like Latin ones
_LOOKALIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТУХԌԚԜӀΑΒΕΖΗΙΚΜΝΟΡΤΥΧавеѕіјкмнорстухԁһԛԝӏαεικνορτυχγηıɡɩօսհո",
    "ABESIJKMHOPCTYXGQWIABEZHIKMNOPTYXabesijkmhopctyxdhqwlaeikvoptuxynigiouhn",
)
#: signs of a phrase: the end of a stem, either word, a gap; so many words may stand in it
_ENDING, _OR, _GAP, _WIDEST = "*", "|", "...", 6


def visible(text: str) -> str:
    """Return a text without the characters that show nothing, its spaces plain and single."""
    return _shown(text, "")


def _shown(text: str, instead: str) -> str:
    if _PLAIN.fullmatch(text):
        return " ".join(text.split())
    normal = _VARIATION.sub("", unicodedata.normalize("NFKC", text))
    kept = (instead if _shows_nothing(one) else one for one in normal)
    return " ".join("".join(kept).split())


def _shows_nothing(one: str) -> bool:
    return one in _BLANK or (unicodedata.category(one) in ("Cf", "Cc", "Cs", "Cn", "Co") and not one.isspace())


def folded(text: str) -> str:
    """Return what is visible, with letters of other scripts as the Latin ones they look like."""
    return visible(text).translate(_LOOKALIKE)


def different_words(text: str) -> set[str]:
    """Return the different words of a text; a single letter, or one letter over and over, is none."""
    found = re.findall(r"[^\W_]{2,}", visible(text).casefold())
    return {word for word in found if word.isdigit() or len(set(word)) > 1}


def is_filler(text: str) -> bool:
    """Tell whether a text only fills its field: no letter or digit at all, or one letter over and over."""
    found = re.findall(r"[^\W_]", visible(text).casefold())
    return not found or (found[0].isalpha() and set(found) == {found[0]})


def long_enough(text: str, least: int) -> bool:
    """Tell whether a text has so many visible characters, half of them letters or digits."""
    shown = visible(text)
    return len(shown) >= least and 2 * len(re.findall(r"[^\W_]", shown)) >= least


def says_something(text: object, least: int = 1) -> bool:
    """Tell whether a reason, note or explanation says something in at least so many characters.

    Signs, spaces and invisible characters say nothing; each ten characters demanded need a different word.
    """
    words = str(text or "")
    return not is_filler(words) and long_enough(words, least) and len(different_words(words)) >= least // 10


def plain(text: str) -> str:
    """A text by letters and digits: no accents, genitives or punctuation, “&” as “and”, letters apart together."""
    return re.sub(r"\b(?:[^\W\d_] ){1,}[^\W\d_]\b", lambda found: found[0].replace(" ", ""), letters_apart(text))


def letters_apart(text: str) -> str:
    """A text as `plain` has it, with single letters left apart: “A, I C E” is not one word."""
    letters = unicodedata.normalize("NFKD", folded(text.replace("&", " and ")))
    if not letters.isascii():
        letters = "".join(one for one in letters if not unicodedata.combining(one)).translate(_LOOKALIKE)
    # within an abbreviation a dot is nothing, between words it parts them
    letters = re.sub(r"(?<![^\W_]{2})\.(?![^\W_]{2})", "", letters).replace("’", "'")
    return " ".join(re.findall(r"[^\W_]+", re.sub(r"'s\b", "", letters).replace("'", "")))


def hyphens_joined(text: str) -> str:
    """A text as `plain` has it, a word that a hyphen parts being one."""
    return plain(re.sub(r"(?<=[^\W\d_])[-\u2010-\u2015\u2212](?=[^\W\d_])", "", visible(text)))


def is_abbreviation(phrase: str) -> bool:
    """Tell whether a phrase of the rules is one word in capital letters."""
    return plain(phrase).isupper() and plain(phrase).isalpha()


def readings(text: str) -> tuple[str, ...]:
    """The ways to read a text plainly: what shows nothing, or a hyphen, may stand within a word or between two."""
    if "-" not in text and _PLAIN.fullmatch(text):
        return (plain(text),)
    return tuple(dict.fromkeys((plain(text), plain(_shown(text, " ")), hyphens_joined(text))))


def spoken(phrases: Iterable[str], text: str, *, any_case: bool = True) -> Iterator[tuple[str, str]]:
    """Yield each phrase that stands in a text as words, with the words there; once, and in the order of the phrases.

    “*” ends the stem of a family of words, “|” stands between either word, “...” is a gap of a few words. With
    ``any_case`` False, abbreviations are found only as such.
    """
    yield from spoken_in(phrases, readings(text), any_case=any_case)


def spoken_in(phrases: Iterable[str], ways: Iterable[str], *, any_case: bool = True) -> Iterator[tuple[str, str]]:
    """Yield as `spoken` does for a text of which the readings are at hand."""
    for phrase in phrases:
        exact = not any_case and is_abbreviation(phrase)
        pattern = _pattern(phrase, exact)
        found = next(filter(None, map(pattern.search, ways)), None)
        if found:
            yield phrase, found[0]


def is_family(phrase: str) -> bool:
    """Tell whether a phrase of the rules stands for more than its own words."""
    return any(sign in phrase for sign in (_ENDING, _OR, _GAP))


@lru_cache(maxsize=1024)
def _pattern(phrase: str, exact: bool) -> re.Pattern[str]:
    parts = [_part(part) for part in phrase.split(_GAP)]
    gap = rf"(?: \w+){{0,{_WIDEST}}} "
    return re.compile(rf"(?<!\w){gap.join(parts)}(?!\w)", 0 if exact else re.IGNORECASE)


def _part(phrase: str) -> str:
    if is_abbreviation(phrase):
        return " ?".join(plain(phrase))
    words = " ".join(map(_word, phrase.split())) if is_family(phrase) else re.escape(plain(phrase))
    words = words.replace(r"\ ", " ")
    # forms and sections are cited with and without the space between letters and numbers
    return re.sub(r"(?<=\d) (?=[^\W\d])|(?<=[^\W\d]) (?=\d)", " ?", words)


def _word(word: str) -> str:
    ways = (re.escape(plain(one)) + (r"\w*" if one.endswith(_ENDING) else "") for one in word.split(_OR))
    return f"(?:{'|'.join(ways)})"
