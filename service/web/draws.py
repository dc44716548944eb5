"""draws"""

from __future__ import annotations

from flask import Blueprint

room = Blueprint("draws", __name__)
