"""Pages of the approval area."""

from flask import Blueprint

bp = Blueprint("approval", __name__)
