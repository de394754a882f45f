"""The blueprint of the matters area."""

from flask import Blueprint

bp = Blueprint("matters", __name__)
