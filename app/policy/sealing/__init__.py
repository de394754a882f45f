"""The rules of sealing as types."""
