"""Matters: the numbers of one case, however they are written and wherever they come from."""
