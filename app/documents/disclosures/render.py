"""The documents of a disclosure: the privacy officer's written decision, and the letter that goes with a package."""

import hashlib

from app.clauses import enforces
from app.documents import checks
from app.documents.disclosures.facts import DecisionFacts, DisclosureFacts, LetterFacts
from app.documents.typeset import Frame, Rendered, environment, one_line, typeset


@enforces("EXT-7")
def render_decision(facts: DecisionFacts) -> Rendered:
    """The written decision as PDF; equal facts give equal bytes. Raises RenderError."""
    html = (
        environment()
        .get_template("decision.html")
        .render(doc=_frame(facts, "Decision on a disclosure", "Disclosure", "decision-document", None), facts=facts)
    )
    pdf = typeset(html, {}, f"decision {facts.number} {facts.decided_at.isoformat()}")
    return Rendered(pdf, hashlib.sha256(pdf).hexdigest(), len(checks.page_texts(pdf)))


@enforces("SRC-9", "USE-7")
def render_letter(facts: LetterFacts, notice: str, lead_notice: str) -> Rendered:
    """The cover letter as PDF; equal arguments give equal bytes.

    ``notice`` is SRC-9's, ``lead_notice`` USE-7's for a letter with a possible match, word for word from
    ``config/policy/notices.toml``: whoever gets a result gets them with it. The finished file is
    read back: RenderError when a page lacks the notice.
    """
    notice, lead_notice = one_line(notice), one_line(lead_notice)
    html = (
        environment()
        .get_template("cover_letter.html")
        .render(doc=_frame(facts, "Disclosure", "Letter of", "letter", notice), facts=facts, lead_notice=lead_notice)
    )
    pdf = typeset(html, {}, f"letter {facts.number} {facts.dated.isoformat()}")
    pages = checks.require_notice(pdf, notice)
    if facts.lead:
        checks.require_on_first_page(pdf, lead_notice)
    return Rendered(pdf, hashlib.sha256(pdf).hexdigest(), pages)


def _frame(facts: DisclosureFacts, title: str, kind: str, css: str, notice: str | None) -> Frame:
    return Frame(
        title=title,
        number=facts.number,
        kind=kind,
        css=css,
        department=facts.department,
        unit=facts.unit,
        case_number=facts.case_number,
        dated=facts.dated,
        demonstration=facts.demonstration,
        notice=notice,
    )
