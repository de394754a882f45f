"""The register of modifications of a request: originals and prepared images, how, why, by whom, when (LL55-1)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from app.clauses import enforces
from app.documents import checks
from app.documents.errors import RenderError
from app.documents.facts import Person
from app.documents.typeset import Frame, Rendered, environment, typeset

TITLE = "Register of modifications"
NOTICE = "A prepared image serves the search alone. Every comparison is made on the original, which is kept unaltered."


@dataclass(frozen=True, slots=True)
class Original:
    """A submitted image: what it is called, digest, size in pixels, when it came, from whom; a small JPEG."""

    name: str
    sha256: str
    size: tuple[int, int]
    received_at: datetime
    received_from: Person
    withdrawn: bool
    picture: bytes | None


@dataclass(frozen=True, slots=True)
class Modification:
    """A prepared image. `steps` in words, in order; small JPEGs of the same part before and after; `searches`: when."""

    number: int
    original: str
    steps: tuple[str, ...]
    reason: str | None
    who: Person
    at: datetime
    original_sha256: str
    recipe_digest: str
    sha256: str
    size: tuple[int, int]
    environment: tuple[tuple[str, str], ...]
    searches: tuple[datetime, ...]
    before: bytes
    after: bytes
    policy_version: str


@dataclass(frozen=True, slots=True)
class RegisterFacts:
    """Everything the register states. `law`: (title, citation); `rules`: (sentence, its clauses) of the overlay."""

    department: str
    unit: str
    request_number: str
    case_number: str
    printed_at: datetime
    printed_by: Person
    law: tuple[str, str]
    rules: tuple[tuple[str, tuple[str, ...]], ...]
    originals: tuple[Original, ...]
    modifications: tuple[Modification, ...]
    policy_version: str
    demonstration: bool


@enforces("LL55-1")
def render_register(facts: RegisterFacts) -> Rendered:
    """The register as PDF, read back: RenderError when a description, date or digest is not in the finished file."""
    pictures = {resource_of(o.name): o.picture for o in facts.originals if o.picture is not None}
    for change in facts.modifications:
        pictures |= {f"before-{change.number}": change.before, f"after-{change.number}": change.after}
    html = _page(facts)
    resources = {name: (data, "image/jpeg") for name, data in pictures.items()}
    pdf = typeset(html, resources, f"{facts.request_number}/modifications")
    texts = checks.page_texts(pdf)
    for change in facts.modifications:
        when = f"{change.at:%Y-%m-%d %H:%M:%S}"
        said = (*change.steps, when, change.sha256, change.original_sha256, change.recipe_digest)
        if checks.missing_words(texts, said) is not None:
            raise RenderError(f"The register lacks what is recorded of prepared image {change.number} (LL55-1).")
    return Rendered(pdf, hashlib.sha256(pdf).hexdigest(), len(texts))


def resource_of(name: str) -> str:
    """Return the name of an original's small picture in the document."""
    return f"original-{name.lower().replace(' ', '-')}"


def _page(facts: RegisterFacts) -> str:
    frame = Frame(
        title=TITLE,
        number=facts.request_number,
        kind="Request",
        css="register",
        department=facts.department,
        unit=facts.unit,
        case_number=facts.case_number,
        dated=facts.printed_at,
        demonstration=facts.demonstration,
        notice=NOTICE,
    )
    return environment().get_template("register.html").render(doc=frame, facts=facts, resource_of=resource_of)
