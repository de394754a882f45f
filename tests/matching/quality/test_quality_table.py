"""The table behind the limits: its arithmetic, and a short run on the labelled photographs (docs/quality.md)."""

import dataclasses
import os
import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from app.matching.quality.measures import VERSION, Quality
from app.matching.types import Face
from app.policy import policy
from tests.drawn_gallery import needs_models
from tools.cli import matching
from tools.quality_limits import Share, ordered, shares, turning_point
from tools.quality_table import SWEEPS, by_band, of_measure, table
from tools.quality_trial import Gallery, Trial, camera, degradations, shrink
from tools.quality_trials import gallery_of, read_set, run

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = ROOT / "docs" / "quality.md"
FINE = Quality(
    inter_eye=60,
    detail=40,
    brightness=120,
    bright_share=0,
    levels=120,
    side_ratio=1.1,
    blocks=2,
    yaw=3,
    pitch=3,
    roll=2,
    margin_side=2,
    margin_above=2,
    margin_below=3,
    faces=1,
    chroma=20,
)


def trial(first: float, sweep: str = "size", level: str = "32", **measures: float) -> Trial:
    return Trial(sweep, level, dataclasses.replace(FINE, **measures), first)


def test_shares_are_means_and_leave_out_where_no_face_was_found():
    trials = [trial(1), trial(0.5), trial(0, "blur"), Trial("blur", "", None, 0)]
    assert shares(trials, lambda t: t.sweep) == {"size": Share(2, 0.75), "blur": Share(1, 0)}


@pytest.mark.parametrize(
    ("found", "right"),
    [
        ((0.9, 0.8, 0.1), True),
        ((0.9, 0.9, 0.9), True),
        ((0.9, None, 0.1), True),
        ((0.8, 0.9, 0.1), False),
        ((0.9, 0.1, 0.2), False),
        ((0.5, None, 0.6), False),
        ((None, None, None), True),
    ],
)
def test_bands_are_in_order_when_no_worse_band_has_the_larger_share(found, right):
    assert (
        ordered({band: Share(9, share) for band, share in zip(("pass", "warn", "fail"), found, strict=True)}) is right
    )


def test_the_turning_point_is_the_worst_value_that_still_gives_what_is_wanted():
    values, first, counts = [1, 2, 3, 4, 5, 6], [0, 0, 0.5, 0.9, 1, 1], [5] * 6
    assert turning_point(values, first, counts, 0.9, increasing=True) == pytest.approx(4)
    assert turning_point(values, first, counts, 0.7, increasing=True) == pytest.approx(3.5)
    assert turning_point(values[::-1], first[::-1], counts, 0.7, increasing=True) == pytest.approx(3.5)
    assert turning_point([-v for v in values], first, counts, 0.7, increasing=False) == pytest.approx(-3.5)
    assert turning_point(values, [1] * 6, counts, 0.9, increasing=True) is None
    # one lucky level among bad ones does not count, and counts the less the fewer its trials
    assert turning_point(values, [1, 0, 0, 1, 1, 1], counts, 0.9, increasing=True) == pytest.approx(3.85)
    with pytest.raises(ValueError, match="never"):
        turning_point(values, [0] * 6, counts, 0.9, increasing=True)


def test_first_counts_the_persons_other_photographs_one_by_one():
    known = np.array([[1, 0, 0], [0.9, 0.1, 0], [0, 1, 0], [0.6, 0.8, 0]])
    gallery = Gallery(known, ("one", "one", "two", "one"), np.array([[0.7, 0, 0]]))
    probe = np.array([1, 0, 0])
    assert gallery.first(probe, "one", itself=0) == 0.5
    assert gallery.first(probe, "one", itself=None) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="another photograph"):
        gallery.first(probe, "two", itself=2)


def test_the_camera_is_the_same_for_the_same_seed_and_nothing_is_enlarged():
    image = np.full((60, 50, 3), 90, np.uint8)
    face = Face((10, 10, 40, 50), 1.0, np.array([[18, 25], [32, 25], [25, 32], [20, 40], [30, 40]]))
    assert np.array_equal(camera(image, 3), camera(image, 3))
    assert not np.array_equal(camera(image, 3), camera(image, 4))
    assert shrink(image, face, 15).shape == (30, 25, 3)
    assert shrink(image, face, 300).shape == image.shape


def test_every_sweep_of_the_table_is_tried():
    tried = {way.sweep for way in degradations()} | {"yaw", "pitch"}
    assert {sweep for sweeps in SWEEPS.values() for sweep in sweeps} <= tried
    assert len({(way.sweep, way.level) for way in degradations()}) == len(degradations())


# The document ------------------------------------------------------------------------------------------------


@pytest.mark.clause("REQ-7")
def test_the_committed_table_is_of_these_measures_and_limits_and_in_order():
    """A limit that was moved, or a formula that changed, without measuring again is noticed here."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert f"measures of version {VERSION}," in text
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    order = {row[0]: row for row in rows if len(row) == 5 and row[4] in {"yes", "**no**"}}
    assert {row[4] for row in order.values()} == {"yes"}
    assert "**All together, the worst band**" in order
    limits = {row[0]: row[5:] for row in rows if len(row) == 7}
    for rule in policy().review.quality.values():
        stated = ["none" if limit is None else f"{limit:g}" for limit in (rule.warn, rule.fail)]
        assert limits[rule.title] == stated, rule.id
        assert rule.measure not in SWEEPS or rule.title in order


@pytest.mark.clause("REQ-7")
def test_the_policy_names_the_photographs_of_the_table():
    digest = re.search(r"SHA-256 `([0-9a-f]{64})`", DOCUMENT.read_text(encoding="utf-8"))
    rules = (ROOT / "config" / "policy" / "identification" / "quality.toml").read_text(encoding="utf-8")
    assert digest is not None
    assert f"SHA-256 {digest[1][:16]}…" in rules


# A short run -------------------------------------------------------------------------------------------------

SHORT = {
    "as it is": {""},
    "size": {"128", "28", "16"},
    "blur": {"0.1"},
    "flat": {"0.16"},
    "dark": {"0.06"},
    "JPEG at 48 px": {"3"},
}


@pytest.fixture(scope="module")
def faces() -> Path:
    folder = Path(os.environ.get("CORROBORATE_FACES", ROOT.parent / "shared" / "faces")) / "deepface"
    if not (folder / "identities.csv").is_file():
        pytest.skip("The labelled photographs are not on this machine (CORROBORATE_FACES).")
    return folder


@needs_models
@pytest.mark.clause("REQ-7")
@pytest.mark.timeout(300)
@pytest.mark.long
def test_bands_order_the_first_ranks_of_real_photographs(app, faces):
    known = read_set(faces)
    gallery = gallery_of(known.photographs, strangers=10)
    chosen = [way for way in degradations() if way.level in SHORT.get(way.sweep, ())]
    trials = run(known.photographs, gallery, chosen, lambda text: None)
    assert len(trials) == sum(map(len, SHORT.values())) * len(known.photographs)
    rules = list(policy().review.quality.values())
    together = by_band(trials, rules)
    assert all(share.count > 10 for share in together.values()), together
    assert together["pass"].first > 0.98
    assert together["fail"].first < 0.8
    assert ordered(together), together
    for measure in ("inter_eye", "detail", "brightness", "blocks"):
        rule = next(rule for rule in rules if rule.measure == measure)
        found = by_band(of_measure(trials, measure), [rule])
        assert found["fail"].count > 0, measure
        assert ordered(found), (measure, found)
    text = table(known, trials, "0" * 64, date(2026, 11, 24))
    assert "24 November 2026" in text
    assert known.digest in text


@needs_models
def test_the_command_says_in_one_line_what_is_missing(app, tmp_path):
    runner = app.test_cli_runner()
    result = runner.invoke(matching, ["quality", "--faces", str(tmp_path)])
    assert result.exit_code == 1
    assert "identities.csv cannot be read" in result.output
    (tmp_path / "identities.csv").write_text("file,identity\nnone.jpg,a\n")
    result = runner.invoke(matching, ["quality", "--faces", str(tmp_path)])
    assert (result.exit_code, result.output) == (1, f"Error: There is no photograph none.jpg in {tmp_path}.\n")
