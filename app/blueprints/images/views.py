"""Pages of the images area."""

from flask import Blueprint

bp = Blueprint("images", __name__)
