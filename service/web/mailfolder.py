"""mailfolder"""

from __future__ import annotations

from flask import Blueprint

room = Blueprint("mailfolder", __name__)
