"""What was searched for, by which algorithm and in which repository, as frozen values (CAP-5, FAIR-2)."""

from dataclasses import dataclass
from datetime import datetime

from app.documents.facts import Picture, check_aware, check_digest


@dataclass(frozen=True, slots=True)
class Algorithm:
    """The face algorithm as run; ``nist_status`` is a whole sentence (FAIR-2), never invented here."""

    id: str
    developer: str | None
    version: str | None
    file_sha256: str
    nist_status: str

    def __post_init__(self) -> None:
        check_digest(self.file_sha256, "the algorithm file")


@dataclass(frozen=True, slots=True)
class Gallery:
    """What was searched: the generation's name and how many photographs of how many people it held."""

    generation: str
    photographs: int | None
    people: int | None


@dataclass(frozen=True, slots=True)
class FaceBox:
    """The face that was searched, in pixels of the shown picture (CAP-5: exactly one)."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Probe:
    """The one probe image (CAP-5) with where it came from and how it was lawfully obtained (LIM-4)."""

    picture: Picture
    face: FaceBox | None
    source: str | None
    obtained: str | None
    taken_at: datetime | None

    def __post_init__(self) -> None:
        check_aware(self.taken_at, "the probe image")
