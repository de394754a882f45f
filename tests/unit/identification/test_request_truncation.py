"""What another library switches in this process must not change what is a photograph."""

import pytest
from PIL import ImageFile

from app.imaging import UnusableImage, decode
from tests.request_factory import picture


@pytest.mark.clause("REQ-3")
def test_half_a_picture_is_refused_whatever_other_libraries_switched_on(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(UnusableImage, match="incomplete or damaged"):
        decode(picture()[: len(picture()) // 3])
