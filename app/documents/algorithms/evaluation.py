"""The report on an evaluation: one HTML file that stands alone, and the same as PDF. Numbers and drawings, no face."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.documents import checks
from app.documents.algorithms.evaluation_plots import bars, plots
from app.documents.algorithms.words import say
from app.documents.typeset import TEMPLATES, environment, font_resources, style_sheet, typeset
from app.matching.evaluation.assessment import Assessment

_MEMORY = re.compile(r"memory:([\w./-]+)")


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """Both forms of a finished report."""

    html: bytes
    pdf: bytes


def render_evaluation(
    numbers: Mapping[str, Any], found: Assessment, *, department: str, demonstration: bool
) -> EvaluationReport:
    """The report on an evaluation; equal arguments give equal bytes.

    numbers: its record (app/domain/algorithms/evaluations.py). The words that the numbers do not carry over stand on
    every page;
    the file is read back for them. Raises RenderError.
    """
    drawings = plots(found) | {"bands": bars(numbers["inter_eye_bands"])}
    groups = list(numbers["groups"].items())
    drawings |= {f"group-{i}": bars(cells) for i, (_, cells) in enumerate(groups)}
    resources = {name: (svg, "image/svg+xml") for name, svg in drawings.items()}
    own_style = (TEMPLATES / "evaluation.css").read_text("utf-8")

    def page(alone: bool) -> str:
        template = environment().get_template("evaluation.html")
        return template.render(
            numbers=numbers, groups=groups, department=department, demonstration=demonstration, say=say, alone=alone
        )

    identity = f"evaluation {numbers['date']} {numbers['data']['sha256']}"
    pdf = typeset(page(alone=False), resources, identity, own_style)
    checks.require_notice(pdf, numbers["caution"])
    style = _embed(style_sheet() + own_style, font_resources()).encode()
    alone = _embed(page(alone=True), resources | {"style.css": (style, "text/css;charset=utf-8")})
    return EvaluationReport(alone.encode(), pdf)


def _embed(text: str, resources: Mapping[str, tuple[bytes, str]]) -> str:
    """HTML or CSS with everything it refers to inside it."""

    def inside(address: re.Match[str]) -> str:
        data, media_type = resources[address[1]]
        return f"data:{media_type};base64,{base64.b64encode(data).decode()}"

    return _MEMORY.sub(inside, text)
