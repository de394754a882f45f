"""Words as they are compared: whatever their case, punctuation, look-alike letters, and ways to write a number."""

import re
from collections.abc import Iterator

from app.policy.matters.types import PlaceRule
from app.policy.words import readings

_ONES = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    "eighteen|nineteen"
)
_NTH = (
    "zeroth|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|"
    "fifteenth|sixteenth|seventeenth|eighteenth|nineteenth"
)
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_SMALL = {word: value for words in (_ONES, _NTH) for value, word in enumerate(words.split("|"))}
_TEN = {form: 20 + 10 * place for place, word in enumerate(_TENS.split("|")) for form in (word, f"{word[:-1]}ieth")}
_HUNDRED = ("hundred", "hundredth")
_DIGITS = str.maketrans("oil", "011")


def ways_to_read(rule: PlaceRule, text: str) -> tuple[tuple[str, ...], ...]:
    """Return the words of a text, in each way in which it can be read; once where there is only one."""
    # a stop without a space after it parts two words, and the dashes of a number nothing
    parted = re.sub(r"\.(?=[^\W_]{2})", ". ", re.sub("['\u2018\u2019\u02bc`\u00b4]", "", text))
    parted = re.sub(r"(?<=\d)\s*[-\u2010-\u2015\u2212]\s*(?=\d)", "", parted.replace("/", " and ").replace("@", " at "))
    found = (tuple(_numbered(_spelled(rule, way))) for way in readings(parted))
    return tuple(dict.fromkeys(found))


def _spelled(rule: PlaceRule, plain: str) -> list[str]:
    words = (_in_digits(word) for word in plain.casefold().split())
    return [rule.plain_spelling.get(word, word) for word in words]


def _in_digits(word: str) -> str:
    """Return “42nd” as “42”, and letters in a number as the digits they look like."""
    if word.isalpha():
        return word
    word = re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", word)
    return word.translate(_DIGITS) if re.fullmatch(r"[\doil]*\d[\doil]*", word) else word


def _numbered(words: list[str]) -> Iterator[str]:
    """Yield the words with spelled-out numbers in digits: “forty second” is 42, “one hundred and third” 103."""
    at = 0
    while at < len(words):
        value, after = _under_hundred(words, at)
        if value is not None and after < len(words) and words[after] in _HUNDRED:
            skip = after + 1 + (words[after + 1 : after + 2] == ["and"])
            more, end = _under_hundred(words, skip)
            value, after = (100 * value + more, end) if more is not None else (100 * value, after + 1)
        yield words[at] if value is None else str(value)
        at = after


def _under_hundred(words: list[str], at: int) -> tuple[int | None, int]:
    word = words[at] if at < len(words) else ""
    if word in _TEN:
        more = _SMALL.get(words[at + 1], 0) if at + 1 < len(words) else 0
        return (_TEN[word] + more, at + 2) if 0 < more < 10 else (_TEN[word], at + 1)
    return _SMALL.get(word), at + 1
