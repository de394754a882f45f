"""Pages of the gallery area."""

from flask import Blueprint

bp = Blueprint("gallery", __name__)
