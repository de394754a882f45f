"""Disclosures: who may be given what, on which basis, decided by whom."""
