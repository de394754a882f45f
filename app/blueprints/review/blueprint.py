"""The blueprint of the review area, by itself so that each module of views can bind to it."""

from flask import Blueprint

bp = Blueprint("review", __name__)
