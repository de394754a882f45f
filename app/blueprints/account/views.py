"""Pages of the account area."""

from flask import Blueprint

bp = Blueprint("account", __name__)
