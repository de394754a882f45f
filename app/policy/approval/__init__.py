"""The final review."""
