"""Finding faces: the decoder against ONNX Runtime's maps, odd images, real photographs."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from app.matching.catalogue import catalogue
from app.matching.detector import _decode
from app.matching.networks import fixed_input, load_network

MAPS = np.load(Path(__file__).parent / "oracles" / "centerface_maps.npz")


def test_the_network_gives_what_onnx_runtime_gives(models_dir):
    entry = catalogue().detectors["centerface"]
    net, _ = load_network(models_dir / entry.file, entry.sha256)
    net.setInput(fixed_input((1, 3, 32, 32)))
    for name, found in zip(MAPS.files, net.forward(list(MAPS.files)), strict=True):
        np.testing.assert_allclose(found, MAPS[name], atol=1e-4)


def test_decoding_one_cell():
    """Worked by hand: the cell at column 3, row 2 of a 6×8 map."""
    heat, size, offset, marks = (np.zeros((1, c, 6, 8), np.float32) for c in (1, 2, 2, 10))
    heat[0, 0, 2, 3] = 0.9
    size[0, :, 2, 3] = np.log(5), np.log(4)
    offset[0, :, 2, 3] = 0.25, -0.5
    marks[0, :, 2, 3] = [0.3, 0.2, 0.3, 0.8, 0.5, 0.5, 0.9, 0.25, 0.9, 0.75]
    boxes, scores, points = _decode(heat, size, offset, marks, 0.5)
    # centre x (3 - 0.5 + 0.5) * 4 = 12, y (2 + 0.25 + 0.5) * 4 = 11; 16 wide, 20 high
    np.testing.assert_allclose(boxes, [[4, 1, 20, 21]], atol=1e-5)
    np.testing.assert_allclose(scores, [0.9])
    expected = [[7.2, 7], [16.8, 7], [12, 11], [8, 19], [16, 19]]
    np.testing.assert_allclose(points, [expected], atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5000, 3), (5000, 1, 3), (3, 3), (20, 20, 1), (640, 640, 4)])
def test_images_without_a_face_have_none(detector, shape):
    assert detector.detect(np.full(shape, 128, np.uint8)) == []


@pytest.mark.parametrize(
    "image",
    [np.zeros((0, 5, 3), np.uint8), np.zeros((5, 5, 2), np.uint8), np.zeros(9, np.uint8), np.zeros((5, 5)), None],
)
def test_what_is_no_image_is_refused(detector, image):
    with pytest.raises(ValueError, match="image"):
        detector.detect(image)


@pytest.mark.long
def test_every_labelled_photograph_has_a_face(photographs, detector):
    assert [name for name, _, image in photographs if not detector.detect(image)] == []


def test_grey_photographs_have_the_same_face(portraits, detector):
    image, face, _ = portraits[8]
    found = detector.detect(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    np.testing.assert_allclose(found[0].points, face.points, atol=0.08 * face.inter_eye)


def test_points_follow_the_image(portraits, detector):
    """Scaling the photograph by different factors moves the points with it: no axis is mixed up."""
    image, face, _ = portraits[10]
    rows, columns = image.shape[:2]
    width = round(columns * 500 / max(rows, columns))
    height = round(rows * 500 / max(rows, columns))
    found = detector.detect(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))[0]
    expected = face.points * (width / columns, height / rows)
    np.testing.assert_allclose(found.points, expected, atol=0.08 * found.inter_eye)
    left_eye, right_eye, nose, left_mouth, right_mouth = found.points
    assert left_eye[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert left_eye[1] < nose[1] < left_mouth[1]


def test_tight_crops_are_found_by_the_second_look(portraits, detector):
    """A fifth of the box cut away on every side: the border makes the difference."""
    found = 0
    for image, face, _ in portraits:
        x1, y1, x2, y2 = (round(edge) for edge in face.box)
        cut = round(0.2 * face.width)
        crop = image[max(0, y1 + cut) : y2 - cut, max(0, x1 + cut) : x2 - cut]
        found += bool(detector.detect(crop))
    assert found >= 0.96 * len(portraits)


@pytest.mark.long
def test_small_faces_in_huge_images_are_found(portraits, detector):
    """Faces 40 px wide in a 12 megapixel picture, lost at 640 pixels, are found by the second pass."""
    found, tried = 0, portraits[:8]
    for image, face, _ in tried:
        scale = 40 / face.width
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:2000, :3000]
        canvas = np.full((3000, 4000, 3), 110, np.uint8)
        canvas[700 : 700 + small.shape[0], 500 : 500 + small.shape[1]] = small
        centre = np.mean(face.points, axis=0) * scale + (500, 700)
        found += any(np.linalg.norm(f.points.mean(axis=0) - centre) < 20 for f in detector.detect(canvas))
    assert found == len(tried)


def test_the_largest_face_comes_first_and_boxes_are_of_this_image(photographs, detector):
    for _, _, image in photographs[:6]:
        faces = detector.detect(image)
        areas = [face.width * face.height for face in faces]
        assert areas == sorted(areas, reverse=True)
        assert 0 <= np.mean(faces[0].box[::2]) <= image.shape[1]
