"""What was found of a candidate, and what speaks against it, as frozen values that are checked when they are made.

There is deliberately no field for a score, a threshold or a place in the candidate list: those never reach an
investigator (CAP-6, ACC-1).
"""

from dataclasses import dataclass
from datetime import date, datetime

from app.documents.errors import FactsError
from app.documents.examination.findings import CheckedItem, Found, in_order
from app.documents.facts import Person, Picture, check_aware

#: SRC-2 lists eleven: eyes, ears, nose, mouth, chin, lips, eyebrows, hair or hairline, scars, marks, tattoos.
FEATURES_COMPARED = 11


@dataclass(frozen=True, slots=True)
class GalleryPhotograph:
    """One arrest or parole photograph of the candidate."""

    picture: Picture
    arrest_date: date | None


@dataclass(frozen=True, slots=True)
class FeatureComparison:
    """One row of the examiner's worksheet (SRC-2) in words."""

    feature: str
    verdict: str | None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A supervisor's word on an answer; ``of`` is the answer where another one stands by now."""

    who: Person
    at: datetime | None
    agreed: bool
    words: str
    of: str | None = None

    def __post_init__(self) -> None:
        check_aware(self.at, "a judgment")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A contradiction: what the portal computed, the examiner found and answered, a supervisor said of it (SRC-3).

    ``record``: what each check found of it, in order of time; ``earlier``: what checks of before found besides.
    """

    title: str
    computed: str | None
    finding: str | None
    earlier: tuple[str, ...]
    standing: bool
    answer: str | None
    ground: str | None
    source: str | None
    answered_by: Person
    judged: tuple[Judged, ...]
    record: tuple[Found, ...] = ()

    @property
    def told(self) -> tuple[tuple[str, Found], ...]:
        """Return each finding with its label, found first to found now."""
        return in_order(self.record)

    @property
    def head(self) -> str:
        """Return what contradicts, in a line: what is found now, else all that was found before."""
        speaking = [one.against for one in self.record if one.against]
        if not speaking:
            return self.computed or self.finding or next(iter(self.earlier), "")
        if self.standing:
            return f"{speaking[-1]}."
        return f"Found first: {'; then: '.join(dict.fromkeys(speaking))}. The last check does not find it any more."


@dataclass(frozen=True, slots=True)
class PeerVerdict:
    """A peer's verdict on the person (SRC-4, SRC-6).

    ``said`` is the level in words where it did not carry a possible match, else that it did: no other level leaves the
    unit. ``later``: it came after the report beside which it is told. Of one in a request that is kept apart, only that
    it was below the bar: nobody, no time, no reason.
    """

    where: str
    who: Person | None
    at: datetime | None
    said: str
    against: bool
    reason: str | None
    later: bool = False

    def __post_init__(self) -> None:
        check_aware(self.at, "a verdict")


@dataclass(frozen=True, slots=True)
class Contradictions:
    """Everything on record that speaks against the candidate's being the person, and what nobody knows.

    ``checked``: whether a background check is recorded at all. ``verdicts``: of peers in other rounds of the matter;
    ``new_since``: what was recorded as new after them; ``not_fresh``: to which peers of this round the person or the
    photograph was not new. ``unexplained``: components of the face that differ and nobody has explained why, with the
    examiner's ``justification``.
    """

    checked: bool
    found: tuple[Contradiction, ...]
    not_known: tuple[str, ...]
    verdicts: tuple[PeerVerdict, ...] = ()
    new_since: tuple[str, ...] = ()
    not_fresh: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()
    justification: str | None = None

    @property
    def heads(self) -> tuple[str, ...]:
        """Return what page 1 of a report names, each in a few words: contradictions, differences, verdicts against."""
        against = ("Earlier verdicts of peers",) if self.against else ()
        return (*(one.title for one in self.found), *self.unexplained, *against)

    @property
    def told_of(self) -> bool:
        """Tell whether there is anything on peers of other rounds to print."""
        return bool(self.verdicts or self.new_since or self.not_fresh)

    @property
    def against(self) -> tuple[PeerVerdict, ...]:
        """Return the verdicts that did not carry a possible match."""
        return tuple(one for one in self.verdicts if one.against)

    @property
    def texts(self) -> tuple[str, ...]:
        """Return every sentence that a document about the candidate must hold."""
        said: list[str | None] = []
        for one in self.found:
            said += [one.title, one.computed, one.finding, *one.earlier, one.ground, one.source, one.answer]
            said += [text for found in one.record for text in (found.computed, found.finding)]
            said += [text for judged in one.judged for text in (judged.words, judged.of)]
        said += [text for verdict in self.verdicts for text in (verdict.where, verdict.said, verdict.reason)]
        said += [*self.new_since, *self.not_fresh, *self.unexplained, self.justification]
        return tuple(text for text in said if text)


@dataclass(frozen=True, slots=True)
class Candidate:
    """The approved possible match candidate; the first photograph is the one set beside the probe."""

    record_number: str
    name: str | None
    birth_date: date | None
    photographs: tuple[GalleryPhotograph, ...]
    comparison: tuple[FeatureComparison, ...]
    background: str | None
    contradictions: Contradictions
    items: tuple[CheckedItem, ...] = ()
    peers: tuple[PeerVerdict, ...] = ()

    def __post_init__(self) -> None:
        if not self.photographs:
            raise FactsError("The candidate has no photograph to set beside the probe image.")
        if len({row.feature for row in self.comparison}) < FEATURES_COMPARED:
            raise FactsError(f"The comparison states each of the {FEATURES_COMPARED} features of SRC-2.")
