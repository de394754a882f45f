"""Proves the rules: takes each condition, separation, scope and bound away and has the tests miss it."""
