"""Pages of the policy area."""

from flask import Blueprint

bp = Blueprint("policy", __name__)
