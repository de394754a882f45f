"""Quality measures on drawings with known faults and on real pixels; perceptual hashes; the thread setting."""

from dataclasses import asdict
from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching.perceptual import hash_distance, perceptual_hash
from app.matching.quality.geometry import HEAD, pose
from app.matching.quality.measures import Quality, measure
from app.matching.quality.scores import FITTED, OFIQ, Sigmoid, scores
from app.matching.threads import configure_threads
from app.matching.types import Face
from app.policy import policy
from app.policy.identification.quality import assess
from demo.people import draw, mugshot, person

#: an upright face of the mean shape, 90 pixels between the eyes, in a picture of 256 x 256
FACE = Face((40, 30, 216, 216), 1.0, np.array([[81, 80], [171, 80], [126, 131], [86, 176], [167, 176]]))
MEASURES = set(Quality.__slots__)


def texture(seed=0):
    noise = np.random.default_rng(seed).integers(60, 200, (64, 64, 3), np.uint8)
    return cv2.resize(noise, (256, 256), interpolation=cv2.INTER_CUBIC)


#: where the face of a drawn arrest photograph is, near enough
DRAWN = Face((150, 165, 330, 400), 1.0, np.array([[200, 258], [281, 258], [240, 303], [204, 342], [274, 342]]))


@cache
def portrait(seed):
    return mugshot(person(seed))


def jpeg(image, quality):
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def bands(quality: Quality) -> dict[str, str]:
    return {found.measure: found.band for found in assess(policy().review.quality.values(), asdict(quality))}


def test_the_distance_between_the_eyes_is_in_pixels_of_the_photograph():
    assert measure(texture(), FACE).inter_eye == pytest.approx(90)


@pytest.mark.parametrize(("level", "bright"), [(10, 0), (128, 0), (252, 100)])
def test_exposure_of_an_even_picture(level, bright):
    found = measure(np.full((256, 256, 3), level, np.uint8), FACE)
    assert found.brightness == pytest.approx(level)
    assert (found.bright_share, found.levels, found.side_ratio, found.detail, found.blocks) == (bright, 0, 1, 0, 0)


def test_only_the_face_is_measured_for_light():
    image = np.full((256, 256), 128, np.uint8)
    image[:15], image[:, :15], image[:, -15:] = 255, 0, 255
    found = measure(image, FACE)
    assert (found.brightness, found.bright_share, found.side_ratio) == (128, 0, 1)


def test_side_light_is_the_ratio_of_the_two_halves_whichever_is_brighter():
    image = np.full((256, 256, 3), 120, np.uint8)
    image[:, :126] = 40
    # the pixels in the middle are mixed
    assert measure(image, FACE).side_ratio == pytest.approx(3, rel=0.1)
    assert measure(np.ascontiguousarray(image[:, ::-1]), FACE).side_ratio == pytest.approx(3, rel=0.1)


def test_range_and_color_of_known_pictures():
    ramp = np.tile(np.linspace(60, 160, 256, dtype=np.uint8), (256, 1))
    found = measure(ramp, FACE)
    assert 50 < found.levels < 100
    assert found.chroma < 0.5
    assert measure(np.dstack([ramp, ramp // 2, ramp]), FACE).chroma > 10


def test_margins_are_in_distances_between_the_eyes():
    found = measure(np.zeros((300, 250, 3), np.uint8), FACE)
    assert found.margin_side == pytest.approx((250 - 126) / 90)
    assert found.margin_above == pytest.approx(80 / 90)
    assert found.margin_below == pytest.approx(220 / 90)


@pytest.mark.parametrize("offset", range(8))
def test_blocks_are_found_wherever_their_grid_lies(offset):
    image = texture()
    spoiled = jpeg(image, 8)[offset:, offset:]
    assert measure(np.ascontiguousarray(spoiled), FACE).blocks > 2 * measure(image, FACE).blocks + 1


def test_a_smaller_face_suffers_more_from_the_same_blocks():
    image = jpeg(texture(), 8)
    small = Face(FACE.box, 1.0, 126 + (FACE.points - 126) / 2)
    assert measure(image, small).blocks > 1.5 * measure(image, FACE).blocks


@given(st.integers(1, 6), st.floats(0.5, 12), st.floats(0.1, 8))
@settings(max_examples=40, deadline=None)
def test_more_blur_never_gives_more_detail(seed, one, more):
    image = portrait(seed)
    mild, strong = (measure(cv2.GaussianBlur(image, (0, 0), sigma), DRAWN).detail for sigma in (one, one + more))
    # one part in a hundred for the rounding to whole grey levels
    assert strong <= mild * 1.01
    assert scores_of("detail", strong) <= scores_of("detail", mild) + 1


def scores_of(name: str, value: float) -> int:
    return {**OFIQ, **FITTED}[name](value)


@given(st.floats(0.05, 1), st.floats(0.05, 1))
@settings(max_examples=40, deadline=None)
def test_less_light_never_makes_a_face_brighter_or_more_washed_out(one, other):
    image = texture()
    dark, light = (np.uint8(np.round(image * gain)) for gain in sorted((one, other)))
    darker, lighter = measure(dark, FACE), measure(light, FACE)
    assert darker.brightness <= lighter.brightness
    assert darker.levels <= lighter.levels + 1
    assert darker.bright_share <= lighter.bright_share


@given(st.floats(1, 8), st.floats(1, 8))
@settings(max_examples=40, deadline=None)
def test_more_exposure_never_washes_out_less(one, other):
    image = texture().astype(float)
    less, more = (measure(np.uint8(np.clip(image * gain, 0, 255)), FACE) for gain in sorted((one, other)))
    assert less.bright_share <= more.bright_share
    assert scores_of("bright_share", more.bright_share) <= scores_of("bright_share", less.bright_share)


@given(st.integers(2, 30), st.integers(1, 60))
@settings(max_examples=20, deadline=None)
def test_harder_compression_shows_no_fewer_blocks(low, more):
    image = texture()
    hard, mild = (measure(jpeg(image, quality), FACE).blocks for quality in (low, low + more))
    assert hard >= 0.8 * mild


def test_detail_does_not_depend_on_contrast():
    image = texture()
    pale = np.uint8(np.round(100 + (image.astype(float) - 128) * 0.5))
    assert measure(pale, FACE).detail == pytest.approx(measure(image, FACE).detail, rel=0.05)


def test_an_enlarged_picture_keeps_the_detail_it_had():
    """Twice the pixels between the eyes, no more detail: a detective who enlarges a still gains nothing."""
    image = cv2.GaussianBlur(texture(), (0, 0), 4)
    large = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    twice = Face(tuple(2 * value for value in FACE.box), 1.0, FACE.points * 2)
    assert measure(large, twice).inter_eye == pytest.approx(180)
    assert measure(large, twice).detail == pytest.approx(measure(image, FACE).detail, rel=0.05)


def turn(yaw, pitch, roll):
    """The rotation, (3, 3): yaw to the picture's right, pitch down, roll clockwise; written apart from the program."""
    y, p, r = np.radians([yaw, -pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return about_z @ about_x @ about_y


@given(st.floats(-70, 70), st.floats(-70, 70), st.floats(-170, 170), st.floats(5, 400), st.floats(-99, 999))
@settings(max_examples=100, deadline=None)
def test_the_mean_head_seen_from_anywhere_tells_its_angles(yaw, pitch, roll, apart, place):
    seen = HEAD @ turn(yaw, pitch, roll)[:2].T * apart + place
    found = pose(seen)
    assert (found.yaw, found.pitch, found.roll) == pytest.approx((yaw, pitch, roll), abs=1e-6)


def test_points_that_coincide_have_no_pose():
    with pytest.raises(ValueError, match="coincide"):
        pose(np.zeros((5, 2)))


@pytest.mark.clause("CAP-8")
def test_nothing_about_the_person_is_measured():
    assert {
        "inter_eye",
        "detail",
        "brightness",
        "bright_share",
        "levels",
        "side_ratio",
        "blocks",
        "yaw",
        "pitch",
        "roll",
        "margin_side",
        "margin_above",
        "margin_below",
        "faces",
        "chroma",
    } == MEASURES


# Scores ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "score"), [(30, 12), (60, 38), (70, 50), (90, 73), (120, 92)])
def test_the_score_of_the_inter_eye_distance_is_ofiqs(value, score):
    assert OFIQ["inter_eye"](value) == score


@pytest.mark.parametrize("name", sorted({**OFIQ, **FITTED}))
@given(one=st.floats(0, 500), other=st.floats(0, 500))
@settings(max_examples=30, deadline=None)
def test_a_score_is_whole_within_0_and_100_and_follows_its_measure(name, one, other):
    low, high = sorted((one, other))
    better_when = {rule.measure: rule.better for rule in policy().review.quality.values()}
    if name in {"yaw", "pitch", "roll"}:
        low, high = min(low, 180), min(high, 180)
    first, second = scores_of(name, low), scores_of(name, high)
    assert 0 <= first <= 100
    assert isinstance(first, int)
    assert first <= second if better_when[name] == "more" else first >= second


def test_every_measure_has_a_score_and_a_rule():
    quality = measure(texture(), FACE)
    assert set(scores(quality)) == MEASURES
    assert {rule.measure for rule in policy().review.quality.values()} == MEASURES


def test_a_sigmoid_far_away_is_flat():
    assert (Sigmoid(0, 1e-9)(1e9), Sigmoid(0, 1e-9)(-1e9)) == (100, 0)


# Real pixels -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seen(detector):
    """seen(image) -> the quality of its largest face, as the detector finds it."""

    def look(image):
        faces = detector.detect(np.ascontiguousarray(image))
        assert faces, "no face was found"
        return measure(image, faces[0], len(faces))

    return look


PORTRAIT = mugshot(person(3))


def noisy(image):
    return np.uint8(np.clip(image + np.random.default_rng(1).normal(0, 2, image.shape), 0, 255))


def smaller(image, factor):
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def lit_from_the_side(image, ratio):
    across = np.clip((np.arange(image.shape[1]) - 240) / 160 + 0.5, 0, 1)
    return noisy(image * (ratio**-across)[None, :, None])


def tilted(image, degrees):
    turn = cv2.getRotationMatrix2D((240, 280), degrees, 1)
    return cv2.warpAffine(image, turn, (480, 600), borderMode=cv2.BORDER_REPLICATE)


#: measure -> (the band it must reach, how the portrait is spoiled), mild to strong
SPOILED = {
    "inter_eye": [("warn", lambda i: smaller(i, 0.17)), ("fail", lambda i: smaller(i, 0.12))],
    "detail": [("warn", lambda i: cv2.GaussianBlur(i, (0, 0), 8)), ("fail", lambda i: cv2.GaussianBlur(i, (0, 0), 12))],
    "brightness": [("warn", lambda i: noisy(i * 0.12)), ("fail", lambda i: noisy(i * 0.06))],
    "bright_share": [("pass", lambda i: noisy(i * 2.2)), ("fail", lambda i: noisy(i * 4.0))],
    "levels": [("warn", lambda i: noisy(120 + (i - i.mean()) * 0.2)), ("fail", lambda i: noisy(120 + i * 0.05))],
    "blocks": [("pass", lambda i: jpeg(smaller(i, 0.3), 90)), ("fail", lambda i: jpeg(smaller(i, 0.3), 8))],
    "roll": [("pass", lambda i: tilted(i, 45)), ("fail", lambda i: tilted(i, 90))],
    "margin_above": [("warn", lambda i: i[240:]), ("fail", lambda i: i[255:])],
    "side_ratio": [("warn", lambda i: lit_from_the_side(i, 45)), ("fail", lambda i: lit_from_the_side(i, 128))],
    "chroma": [("warn", lambda i: cv2.cvtColor(cv2.cvtColor(i, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR))],
    "faces": [("warn", lambda i: np.hstack([i, mugshot(person(4))]))],
}


def test_a_good_portrait_passes_in_everything(seen):
    assert set(bands(seen(PORTRAIT)).values()) == {"pass"}


@pytest.mark.clause("REQ-7")
@pytest.mark.parametrize("name", sorted(SPOILED))
def test_each_fault_moves_its_own_measure_and_its_band(seen, name):
    worse_is = {"more": -1, "less": 1}[next(r.better for r in policy().review.quality.values() if r.measure == name)]
    last = getattr(seen(PORTRAIT), name)
    for band, spoil in SPOILED[name]:
        found = seen(spoil(PORTRAIT))
        value = getattr(found, name)
        assert (value - last) * worse_is > 0
        assert bands(found)[name] == band, value
        last = value


@pytest.mark.clause("REQ-7")
@pytest.mark.parametrize(("edge", "rule"), [("side", "margin_side"), ("below", "margin_below")])
def test_a_face_cut_off_is_told(edge, rule):
    """With the points where they are: on half a face the detector may put them elsewhere."""
    rooms = (1.0, 0.54, 0.3) if edge == "side" else (1.0, 0.5)
    x, y = DRAWN.points[:2].mean(axis=0)
    order = []
    for room in rooms:
        cut = round(room * DRAWN.inter_eye)
        part = PORTRAIT[:, : round(x) + cut] if edge == "side" else PORTRAIT[: round(y) + cut]
        order.append(bands(measure(part, DRAWN))[rule])
    assert order == (["pass", "warn", "fail"] if edge == "side" else ["pass", "fail"])


@pytest.mark.parametrize(("axis", "least"), [("yaw", 80), ("pitch", 15)])
def test_a_turned_drawn_head_is_measured_as_turned(detector, axis, least):
    """Five points tell a turn to the side well; of a raised or lowered head they tell the direction, and too little."""

    def turned(angle: float) -> float:
        pictures = [draw(person(seed), seed=5, **{axis: angle}) for seed in (2, 3, 5)]
        return float(np.median([getattr(pose(detector.detect(one)[0].points), axis) for one in pictures]))

    angles = [turned(angle) for angle in (-40.0, 0.0, 40.0)]
    # the drawing counts a raised chin as positive
    up = angles if axis == "yaw" else angles[::-1]
    assert up[0] < up[1] < up[2]
    assert up[2] - up[0] > least


@pytest.mark.clause("REQ-7")
@pytest.mark.long
def test_real_faces_do_not_fail_and_their_blurred_copies_do(portraits):
    clear, blurred = 0, 0
    for image, face, _ in portraits:
        clear += "fail" not in bands(measure(image, face)).values()
        smeared = cv2.GaussianBlur(image, (0, 0), 0.08 * face.width)
        blurred += bands(measure(smeared, face))["detail"] == "fail"
    assert clear == len(portraits)
    assert blurred >= 0.95 * len(portraits)


def test_a_recompressed_smaller_copy_keeps_its_hash():
    image = cv2.GaussianBlur(texture(3), (0, 0), 9)
    small = cv2.resize(image, (180, 180), interpolation=cv2.INTER_AREA)
    copy = cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_COLOR)
    one = perceptual_hash(image)
    assert len(one) == 16
    assert hash_distance(one, one) == 0
    assert hash_distance(one, perceptual_hash(copy)) <= 6
    assert hash_distance(one, perceptual_hash(cv2.GaussianBlur(texture(4), (0, 0), 9))) > 12


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_hash_distance_counts_bits(one, other):
    expected = f"{one ^ other:b}".count("1")
    assert hash_distance(f"{one:016x}", f"{other:016x}") == expected


@pytest.mark.parametrize("bad", ["", "f" * 15, "f" * 17, "x" * 16])
def test_what_is_no_hash_is_refused(bad):
    with pytest.raises(ValueError, match=r"hexadecimal|base 16"):
        hash_distance(bad, "0" * 16)


def test_threads_are_set_for_opencv():
    before = cv2.getNumThreads()
    try:
        configure_threads(1)
        assert cv2.getNumThreads() == 1
    finally:
        configure_threads(max(1, before))
    with pytest.raises(ValueError, match="at least one"):
        configure_threads(0)
