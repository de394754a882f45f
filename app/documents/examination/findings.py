"""What an examination found and how it ended, as documents and pages state it: frozen values (SRC-2, SRC-3, SRC-7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Found:
    """What one background check found on one item: the portal's comparison and the examiner's own finding.

    ``contrary``: what was computed speaks against the candidate; ``by_hand``: the finding does. A check of before kept
    no time.
    """

    at: datetime | None
    computed: str
    finding: str
    contrary: bool
    by_hand: bool

    @property
    def against(self) -> str:
        """Return what of it speaks against the candidate, in words; empty where nothing does."""
        by_hand = f"the examiner found \u201c{self.finding}\u201d" if self.by_hand else ""
        return "; ".join(part for part in (self.computed.rstrip(".") if self.contrary else "", by_hand) if part)


def in_order(record: tuple[Found, ...]) -> tuple[tuple[str, Found], ...]:
    """Return each finding with its label; the last one is what is found now."""
    last = len(record) - 1
    labels = ["Found first", *["Found later"] * (last - 1), "Found now"] if last > 0 else ["Found"] * (last + 1)
    return tuple(zip(labels, record, strict=True))


@dataclass(frozen=True, slots=True)
class CheckedItem:
    """An item of the background check: what the request states, what is on record, what came of comparing them."""

    item: str
    stated: str
    recorded: str
    computed: str
    finding: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What became of the candidates that the search listed, in numbers; it names nobody (ACC-1).

    ``left``: not compared, since the photograph had left the repository; ``left_compared``: it left after that.
    ``reason``: why nobody was identified; ``retained_reason``: why none of the retained ones was put forward.
    ``supporting``, ``opposing``: peers who did and did not support a possible match, where somebody was put forward.
    """

    listed: int
    excluded: int = 0
    retained: int = 0
    incomparable: int = 0
    left: int = 0
    left_compared: int = 0
    reason: str | None = None
    retained_reason: str | None = None
    supporting: int | None = None
    opposing: int | None = None

    @property
    def compared(self) -> int:
        """Count those that were compared: excluded or retained."""
        return self.excluded + self.retained

    @property
    def uncompared(self) -> int:
        """Count those of which no comparison is recorded; those whose photograph had left are among them."""
        return self.listed - self.compared - self.incomparable

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """Return (words, number) of each count, the same wherever they are told."""
        peers = (("Peers who supported", self.supporting), ("Peers who did not support", self.opposing))
        return (
            ("Listed by the search", self.listed),
            ("Compared by hand", self.compared),
            ("Compared and excluded", self.excluded),
            ("Compared and retained", self.retained),
            ("Could not be compared with the probe, and so neither excluded nor identified", self.incomparable),
            ("Not compared", self.uncompared),
            ("Not compared because the photograph had left the repository", self.left),
            ("Photograph left the repository after the comparison", self.left_compared),
            *((f"{words} the candidate put before them", number) for words, number in peers if number is not None),
        )

    @property
    def sentence(self) -> str:
        """Return the counts in one sentence."""
        told = ", ".join(f"{words[:1].lower()}{words[1:]}: {number}" for words, number in self.counts)
        return f"{told[:1].upper()}{told[1:]}."
