"""Fictitious people drawn by arithmetic, for the demonstration gallery and for accuracy tests.

No photograph of anybody went into them. ``person(seed)`` fixes who somebody is; ``draw`` makes any picture of
them; ``mugshot`` and ``scene`` choose the circumstances of an arrest photograph and of a probe-like picture;
``degrade`` is the poor camera. The same arguments always give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from demo.drawing_camera import degrade
from demo.drawing_portrait import BEARDS, EXPRESSIONS, Image, Look, Vector, compose
from demo.drawing_traits import STYLES_LONG, STYLES_SHORT, Traits, traits

__all__ = [
    "BEARDS",
    "EXPRESSIONS",
    "Person",
    "age_on",
    "arrest_date",
    "degrade",
    "demo_person_record",
    "draw",
    "mugshot",
    "mugshot_count",
    "person",
    "scene",
]

MUGSHOT_SIZE = (480, 600)
SCENE_SIZE = (800, 600)
LAST_DAY = date(2026, 10, 31)
BIRDS = (
    "Avocet",
    "Bittern",
    "Bunting",
    "Chough",
    "Crake",
    "Curlew",
    "Dipper",
    "Dunlin",
    "Egret",
    "Eider",
    "Fulmar",
    "Gadwall",
    "Godwit",
    "Grebe",
    "Hobby",
    "Hoopoe",
    "Jackdaw",
    "Kestrel",
    "Kittiwake",
    "Knot",
    "Lapwing",
    "Linnet",
    "Merganser",
    "Nuthatch",
    "Oriole",
    "Osprey",
    "Pipit",
    "Plover",
    "Pochard",
    "Redshank",
    "Sanderling",
    "Shrike",
    "Siskin",
    "Smew",
    "Snipe",
    "Teal",
    "Tern",
    "Twite",
    "Wagtail",
    "Whimbrel",
    "Wigeon",
)
TREES = (
    "Alder",
    "Aspen",
    "Beech",
    "Birch",
    "Blackthorn",
    "Boxwood",
    "Catalpa",
    "Cedar",
    "Chestnut",
    "Cypress",
    "Dogwood",
    "Elder",
    "Elm",
    "Ginkgo",
    "Hawthorn",
    "Hazel",
    "Hemlock",
    "Hickory",
    "Hornbeam",
    "Juniper",
    "Laburnum",
    "Larch",
    "Linden",
    "Locust",
    "Maple",
    "Medlar",
    "Mulberry",
    "Osier",
    "Pinyon",
    "Poplar",
    "Quince",
    "Redwood",
    "Sallow",
    "Spruce",
    "Sumac",
    "Sycamore",
    "Tamarack",
    "Tupelo",
    "Walnut",
    "Willow",
    "Yew",
    "Zelkova",
)
CHARGES = (
    "Assault in the third degree",
    "Burglary in the second degree",
    "Burglary in the third degree",
    "Criminal mischief in the fourth degree",
    "Criminal possession of stolen property in the fourth degree",
    "Criminal trespass in the second degree",
    "Forgery in the second degree",
    "Grand larceny in the fourth degree",
    "Petit larceny",
    "Robbery in the second degree",
    "Robbery in the third degree",
    "Unauthorized use of a vehicle in the third degree",
)


@dataclass(frozen=True, slots=True)
class Person:
    """A fictitious person: who they are on paper and, in ``traits``, how they look."""

    seed: int
    name: str
    birth_date: date
    height_in: int
    weight_lb: int
    wears_glasses: int | None
    traits: Traits


def person(seed: int) -> Person:
    """The person numbered ``seed`` (ValueError if negative); always the same one, with a visibly invented name."""
    if seed < 0:
        raise ValueError("A drawn person's number cannot be negative.")
    t = traits(seed)
    rng = np.random.default_rng([42, seed])
    height = int(np.clip(round(rng.normal(67.5, 3.6)), 58, 79))
    weight = round((19.5 + 15 * t.heavy + rng.uniform(-1, 1)) * height**2 / 703)
    birth = date(1952, 1, 1) + timedelta(days=int(rng.integers(0, 366 * 50)))
    glasses = int(rng.integers(0, 3)) if rng.random() < 0.28 else None
    # 41 and 42 share no factor, so a name returns only after 41 * 42 = 1722 people
    name = f"Demo {BIRDS[seed % len(BIRDS)]} {TREES[seed % len(TREES)]}"
    return Person(seed, name, birth, height, weight, glasses, t)


def draw(
    who: Person,
    *,
    age: float = 35,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    light: Vector = (0.0, -25.0, 1.0),
    expression: str = "neutral",
    hair: str | None = None,
    glasses: int | None = None,
    beard: str = "none",
    background: str = "plain",
    size: tuple[int, int] = MUGSHOT_SIZE,
    face: float = 0.54,
    centre: tuple[float, float] = (0.5, 0.45),
    seed: int = 0,
) -> Image:
    """Picture (height, width, 3) uint8 BGR of ``who``; see ``drawing_portrait.Look`` for the words and units.

    ``hair`` None means the person's usual style; ``beard`` shows only as far as the person's beard grows; ``size``
    is (width, height); ``seed`` chooses clothes, background details, gaze and grain. ValueError: an unknown word.
    """
    look = Look(
        age,
        yaw,
        pitch,
        roll,
        light,
        expression,
        hair or who.traits.usual_hair,
        glasses,
        beard,
        background,
        size,
        face,
        centre,
    )
    return compose(who.traits, who.height_in, look, np.random.default_rng([7, who.seed, seed]))


def mugshot_count(who: Person) -> int:
    """How many arrest photographs the demonstration gallery holds of ``who``: 1 to 3."""
    return 1 + who.seed % 3


def arrest_date(who: Person, n: int = 0) -> date:
    """Day of the ``n``-th arrest (0, 1, 2; ValueError otherwise); ``who`` is then at least 19."""
    if n not in (0, 1, 2):
        raise ValueError("A drawn person has the arrests 0, 1 and 2.")
    rng = np.random.default_rng([43, who.seed])
    adult = who.birth_date + timedelta(days=19 * 366)
    years_left = (LAST_DAY - adult).days / 365.25
    gaps = rng.uniform(0.4, 4.0, 2)
    end = LAST_DAY - timedelta(days=float(rng.uniform(0, min(20.0, 0.6 * years_left)) * 365.25))
    days = [end - timedelta(days=float(365.25 * g)) for g in (gaps.sum(), gaps[1], 0.0)]
    return max(days[n], adult + timedelta(days=n))


def age_on(who: Person, day: date) -> float:
    """Age of ``who`` in years on ``day``."""
    return (day - who.birth_date).days / 365.25


def _exposure(who: Person) -> float:
    """Cameras expose for the face: more light for darker skin."""
    return 1 + 0.9 * max(0.0, 0.55 - sum(who.traits.skin) / 3)


def _hair(who: Person, rng: np.random.Generator, change: float) -> str:
    usual = who.traits.usual_hair
    if rng.random() >= change:
        return usual
    return str(rng.choice(STYLES_SHORT if usual in STYLES_SHORT and who.traits.beard_growth > 0 else STYLES_LONG))


def _beard(who: Person, rng: np.random.Generator) -> str:
    if who.traits.beard_growth < 0.3:
        return "none"
    if rng.random() < 0.7:
        return who.traits.usual_beard
    return str(rng.choice(BEARDS, p=(0.45, 0.30, 0.08, 0.09, 0.08)))


def mugshot(who: Person, n: int = 0) -> Image:
    """The ``n``-th (0, 1, 2) arrest photograph, (600, 480, 3) uint8 BGR: frontal, evenly lit, before a height chart."""
    rng = np.random.default_rng([44, who.seed, n])
    u = rng.uniform
    return draw(
        who,
        age=age_on(who, arrest_date(who, n)),
        yaw=float(u(-4, 4)),
        pitch=float(u(-4, 4)),
        roll=float(u(-2, 2)),
        light=(float(u(-14, 14)), float(u(-32, -18)), _exposure(who) * float(u(0.94, 1.06))),
        hair=_hair(who, rng, 0.2),
        glasses=who.wears_glasses if rng.random() < 0.85 else None,
        beard=_beard(who, rng),
        background="chart",
        centre=(float(u(0.48, 0.52)), float(u(0.44, 0.46))),
        seed=n,
    )


def scene(who: Person, seed: int) -> Image:
    """A probe-like picture, (600, 800, 3) uint8 BGR: other pose (within 20 degrees), light, expression, place, age."""
    rng = np.random.default_rng([45, who.seed, seed])
    u = rng.uniform
    height = SCENE_SIZE[1]
    day = arrest_date(who, 2) + timedelta(days=float(u(30, 3 * 365)))
    half_px = float(u(80, 88))
    return draw(
        who,
        age=age_on(who, day),
        yaw=float(rng.triangular(-20, 0, 20)),
        pitch=float(rng.triangular(-10, -1, 8)),
        roll=float(u(-4, 4)),
        light=(float(rng.choice([-1, 1]) * u(15, 55)), float(u(-38, -8)), _exposure(who) * float(u(0.92, 1.10))),
        expression=str(rng.choice(list(EXPRESSIONS))),
        hair=_hair(who, rng, 0.2),
        glasses=who.wears_glasses if rng.random() < 0.85 else None,
        beard=_beard(who, rng),
        background=str(rng.choice(["street", "shop", "corridor"])),
        size=SCENE_SIZE,
        face=half_px / who.traits.cheek_width * 2 / height,
        centre=(float(u(0.38, 0.62)), float(u(0.42, 0.50))),
        seed=1000 + seed,
    )


def demo_person_record(who: Person, n: int = 0) -> dict[str, Any]:
    """Fictitious gallery manifest fields of the ``n``-th arrest photograph; deterministic, CAP-3 conforming."""
    rng = np.random.default_rng([46, who.seed, n])
    return {
        "record_number": f"DEMO-{who.seed:05d}",
        "name": who.name,
        "birth_date": who.birth_date.isoformat(),
        "height_in": who.height_in,
        "weight_lb": who.weight_lb,
        "arrest_date": arrest_date(who, n).isoformat(),
        "charge": str(rng.choice(CHARGES)),
        "source": "parole" if rng.random() < 0.15 else "arrest",
        "jurisdiction": "criminal",
    }
