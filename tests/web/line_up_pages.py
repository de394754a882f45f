"""A peer's line of photographs worked through its pages, as a browser would."""

from __future__ import annotations

from typing import Any

from app.models import LineUp
from app.policy import policy
from tests.web.page_reading import send, text

REASON = "Agrees in every comparable feature of both pictures."


def address(line_up: LineUp, letter: str = "") -> str:
    return f"/review/line-ups/{line_up.number}" + (f"/{letter}" if letter else "")


def exclude(client: Any, line_up: LineUp, letter: str, level: str = "m2", **changes: str) -> Any:
    url = address(line_up, letter)
    given = {"quick-feature": "nose", "quick-note": "The bridge is broader.", "quick-level": level, **changes}
    return send(client, url, f"{url}/exclusion", **given)


def compare(client: Any, line_up: LineUp, letter: str, level: str = "p2", **changes: str) -> Any:
    url = address(line_up, letter)
    sheet = {feature.value: "similar" for feature in policy().review.worksheet.features}
    return send(client, url, f"{url}/worksheet", **{**sheet, "level": level, "reason": REASON, **changes})


def lock(client: Any, line_up: LineUp) -> Any:
    return send(client, address(line_up), f"{address(line_up)}/verdict")


def work(client: Any, line_up: LineUp, level: str = "p2") -> None:
    """The whole line: the nominated photograph compared, the foils excluded, the verdict locked."""
    for letter, subject in [(place.letter, place.is_subject) for place in line_up.places]:
        answer = compare(client, line_up, letter, level) if subject else exclude(client, line_up, letter)
        assert answer.status_code == 303, text(answer)
    answer = lock(client, line_up)
    assert answer.status_code == 303, text(answer)
