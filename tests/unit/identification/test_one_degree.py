"""One degree is told as one, and other numbers as before."""

from __future__ import annotations

import pytest

from app.policy import policy
from app.policy.identification.quality import assess


@pytest.mark.parametrize(
    ("turned", "said"), [(1, "tilted by 1 degree."), (11, "tilted by 11 degrees."), (21, "by 21 degrees")]
)
def test_one_degree_is_no_plural(turned, said):
    rules = [rule for rule in policy().review.quality.values() if rule.measure == "roll"]
    assert rules
    [found] = assess(rules, {"roll": turned})
    assert said in found.text
