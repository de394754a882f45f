"""Faces: detection, alignment, templates and exact search. Knows neither Flask nor the database."""
