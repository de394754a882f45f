"""Identification: how a probe is measured and prepared, as far as the rules decide it."""
