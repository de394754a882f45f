"""The reasons why an image cannot be used, in words for the person who uploaded it."""

from typing import Literal

Code = Literal[
    "empty",
    "unknown_format",
    "too_large",
    "too_many_pixels",
    "no_pixels",
    "extreme_shape",
    "several_frames",
    "raw_file",
    "unknown_colour",
    "truncated",
]


class UnusableImage(Exception):
    """Raised for bytes that are not an acceptable photograph. ``code`` is for programs, ``message`` for people."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code
        self.message = message
