"""The fixtures of the tests of this folder: each starts with a case of two reported requests."""

from tests.disclosure_factory import disclose, reported_data, settings

__all__ = ["disclose", "reported_data", "settings"]
