"""Imports every handler, so that their kinds are known; loads what a worker needs once."""

from __future__ import annotations


def prepare() -> None:
    """Load networks and index in the process that runs them (OpenCV's thread pool may hang after a fork)."""
