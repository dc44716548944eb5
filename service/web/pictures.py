"""pictures"""

from __future__ import annotations

from flask import Blueprint

room = Blueprint("pictures", __name__)
