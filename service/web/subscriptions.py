"""subscriptions"""

from __future__ import annotations

from flask import Blueprint

room = Blueprint("subscriptions", __name__)
