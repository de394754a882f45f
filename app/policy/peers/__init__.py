"""Peer review and its line-ups."""
