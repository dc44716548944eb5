"""Stated audiences. In: what she types of how many people she reaches. Out: kept by network, or refused in words."""

from __future__ import annotations

import re

from flask import request

from emails.networks import NETWORKS
from service import choices
from service.models import Employee
from service.results import audiences
from service.validation import N_

COUNTED = tuple(slug for slug in NETWORKS if slug not in ("copy", "email", "whatsapp", "telegram"))
"""Networks where people can know their number; nobody knows how many read a chat."""


def of(employee: Employee) -> list[tuple[str, int | None]]:
    """Return her networks that have audiences, each with what she has said."""
    said = audiences.stated(employee.subject)
    return [(slug, said.get(slug)) for slug in employee.networks if slug in COUNTED]


def save(employee: Employee) -> None:
    """Keep what the form says; an empty field takes a figure back. Commits. Raises choices.Refused."""
    said: dict[str, int | None] = {}
    for slug, _before in of(employee):
        text = re.sub(r"[\s.,'’]", "", request.form.get(f"audience-{slug}", ""))
        if text and (not re.fullmatch(r"[0-9]{1,8}", text) or int(text) > audiences.LARGEST):
            raise choices.Refused("audience", N_("Write a whole number of people, at most ten million."))
        said[slug] = int(text) if text else None
    audiences.state(employee.subject, said)
