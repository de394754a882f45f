"""The quality of a face as kept when its image is checked: measures, scores, findings by rule (REQ-7).

Kept, not computed anew: the investigator, the examiner and years later the file read the same sentences. The version of
the formulas and of the policy stand beside them.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from app.clauses import enforces
from app.matching.quality.measures import VERSION, measure
from app.matching.quality.scores import scores
from app.matching.types import Face
from app.policy import policy
from app.policy.identification.quality import assess


@enforces("REQ-7", "CAP-8")
def described(bgr: np.ndarray, face: Face, faces: int) -> dict[str, Any]:
    """Return the JSON of DetectedFace.quality: version, policy, measures {name: value}, findings in the rules' order.

    bgr: (h, w, 3) uint8, the picture the face was found in, which shows ``faces`` faces. A finding has rule, title,
    measure, band ("pass", "warn", "fail"), text, reason and score (0..100). Raises ValueError as `measure`.
    """
    quality = measure(bgr, face, faces)
    measures, scored = {name: round(value, 4) for name, value in asdict(quality).items()}, scores(quality)
    findings = assess(policy().review.quality.values(), measures)
    return {
        "version": VERSION,
        "policy": policy().version,
        "measures": measures,
        "findings": [
            {
                "rule": found.rule,
                "title": found.title,
                "measure": found.measure,
                "band": found.band,
                "text": found.text,
                "reason": found.reason,
                "score": scored[found.measure],
            }
            for found in findings
        ],
    }
