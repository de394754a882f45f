"""The evaluation on the labelled photographs: as measured before, and no worse than dlib's library."""

import numpy as np
import pytest

from app.matching.evaluation.assessment import Photograph, Plan, assess
from tests.bench import face_recognition_library as library


@pytest.fixture(scope="module")
def assessment(portraits, extractor):
    found = [
        Photograph(person, extractor.templates(image, [face])[0], face.inter_eye) for image, face, person in portraits
    ]
    return assess(found, Plan(resamples=200))


@pytest.mark.long
def test_real_photographs_are_told_apart(assessment):
    """Must show: TAR 1.000 at FAR 1 % and rank-1 of 25 of 25, within the intervals of what was measured before."""
    assert (assessment.photographs, assessment.people) == (25, 9)
    pairs = assessment.verification.comparisons
    assert (pairs.genuine.sum(), (~pairs.genuine).sum()) == (38, 262)
    (_, tar), first = assessment.verification.at[0.01], assessment.identification.rates[1]
    assert tar.low <= 1.0 <= tar.high and first.low <= 1.0 <= first.high
    assert tar.value >= 0.98 and first.value >= 0.96 and assessment.identification.searches.mated.sum() == 25
    # nine people: the interval must not claim more than nine people can show
    assert tar.low < 0.7 and first.low < 0.7
    # research: about one pair of different people in a hundred exceeds .914 (in-sample, another number of photographs)
    assert assessment.verification.at[0.01][0] == pytest.approx(0.914, abs=0.02)


@pytest.mark.timeout(600)
@pytest.mark.long
def test_no_worse_than_the_public_library_on_the_same_pairs(photographs, detector, extractor):
    pytest.importorskip("face_recognition", reason="The comparison needs face_recognition (pip install .[compare]).")
    names = sorted({person for _, person, _ in photographs})
    images, persons = [image for _, _, image in photographs], [names.index(person) for _, person, _ in photographs]
    for _, mine, other in library.compare(images, persons, (None, 24), detector, extractor):
        assert mine.faces >= other.faces and mine.tar >= other.tar and mine.rank1 >= other.rank1
        assert mine.equal_error <= other.equal_error


def test_the_comparison_counts_a_missed_face_against_whoever_missed_it():
    likeness = np.array([[1, 0.9, 0.1], [0.9, 1, 0.2], [0.1, 0.2, 1]])
    whole = library.measure(likeness, [0, 0, 1], 3)
    assert (whole.tar, whole.equal_error, whole.rank1) == (1.0, 0.0, pytest.approx(2 / 3))
    likeness[0, :] = likeness[:, 0] = -np.inf
    missed = library.measure(likeness, [0, 0, 1], 2)
    assert (missed.tar, missed.rank1) == (0.0, 0.0) and missed.equal_error > 0.5 - 1e-9
