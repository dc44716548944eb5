"""claims"""

from __future__ import annotations

from flask import Blueprint

room = Blueprint("claims", __name__)
