"""The repository: what may enter it, and where a file states it."""
