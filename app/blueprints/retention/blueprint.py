"""The blueprint of the retention area."""

from flask import Blueprint

bp = Blueprint("retention", __name__)
