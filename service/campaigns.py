"""Campaigns. In: what the liaison plans. Out: dated pushes with goal, hashtags and audience, or refusals by field."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa

from service.database import db
from service.models import Campaign, Team
from service.parameters import template
from service.validation import N_, Check, one_line, slug_of

FIELDS = ("name", "goal", "hashtags", "audience", "starts_on", "ends_on", "multiplier", "link_parameters")
"""What `create` takes and `edit` changes."""

DEFAULTS: dict[str, Any] = {"goal": "", "hashtags": (), "audience": (), "multiplier": 1, "link_parameters": None}
MOST_HASHTAGS = 5


def all_campaigns() -> list[Campaign]:
    """Return every campaign, the newest first."""
    return list(db.session.scalars(sa.select(Campaign).order_by(Campaign.starts_on.desc(), Campaign.id.desc())))


def running(on: date) -> list[Campaign]:
    """Return the campaigns of this day (a day of the programme's zone)."""
    asked = sa.select(Campaign).where(Campaign.starts_on <= on, Campaign.ends_on >= on)
    return list(db.session.scalars(asked.order_by(Campaign.starts_on, Campaign.id)))


def create(**fields: Any) -> Campaign:
    """Create a campaign from FIELDS (name, starts_on and ends_on are needed). Raises Invalid."""
    values = _checked({"name": "", "starts_on": None, "ends_on": None, **DEFAULTS, **fields}, None)
    campaign = Campaign(slug=_free_slug(values["name"]), **values)
    db.session.add(campaign)
    db.session.commit()
    return campaign


def edit(campaign: Campaign, **fields: Any) -> Campaign:
    """Change some FIELDS; the slug stays, so that addresses do. Raises Invalid and changes nothing then."""
    now = {name: getattr(campaign, name) for name in FIELDS}
    for name, value in _checked({**now, **fields}, campaign).items():
        if getattr(campaign, name) != value:
            setattr(campaign, name, value)
    db.session.commit()
    return campaign


def hashtags_of(given: str | Iterable[str]) -> list[str]:
    """Return hashtags with their sign from "#OpenHouse, ToBeAPartner" or a list; doubles (in any case) once."""
    words = re.split(r"[\s,;]+", given) if isinstance(given, str) else list(given)
    found: dict[str, str] = {}
    for word in words:
        bare = one_line(str(word)).lstrip("#")
        if bare:
            found.setdefault(bare.casefold(), f"#{bare}")
    return list(found.values())


def _checked(values: dict[str, Any], of: Campaign | None) -> dict[str, Any]:
    check = Check()
    for name in sorted(set(values) - set(FIELDS)):
        check.refuse(name, N_("A campaign has no such field."))
    tags = hashtags_of(values["hashtags"])
    if len(tags) > MOST_HASHTAGS:
        check.refuse("hashtags", N_("Choose at most %(most)d; networks hide posts with many."), most=MOST_HASHTAGS)
    for tag in tags:
        # Networks end a hashtag at the first sign that is no letter, figure or underscore.
        if not re.fullmatch(r"#\w*[^\W\d_]\w*", tag) or len(tag) > 60:
            check.refuse("hashtags", N_("%(tag)s would break: use letters, figures and _ only."), tag=tag)
    starts, ends = day(check, "starts_on", values["starts_on"]), day(check, "ends_on", values["ends_on"])
    if starts and ends and ends < starts:
        check.refuse("ends_on", N_("The last day comes before the first."))
    multiplier = values["multiplier"]
    if not str(multiplier).isdecimal() or not 1 <= int(multiplier) <= 5:
        check.refuse("multiplier", N_("Choose a whole number from 1 to 5."))
    clean: dict[str, Any] = {
        "name": check.text("name", values["name"], 80, required=True),
        "goal": check.text("goal", values["goal"], 200),
        "hashtags": tags,
        "audience": teams(check, values["audience"]),
        "starts_on": starts,
        "ends_on": ends,
        "link_parameters": template(check, values["link_parameters"]),
    }
    if clean["name"]:
        taken = sa.select(Campaign.id).where(sa.func.lower(Campaign.name) == clean["name"].lower())
        if any(found != (of.id if of else None) for found in db.session.scalars(taken)):
            check.refuse("name", N_("There is a campaign of this name already."))
    check.done()
    return {**clean, "multiplier": int(multiplier)}


def teams(check: Check, given: Iterable[Any]) -> list[int]:
    """Return the ids of these teams, sorted (empty: everybody); an unknown one is refused under "audience"."""
    known = set(db.session.scalars(sa.select(Team.id)))
    try:
        ids = sorted({int(value) for value in given})
    except (TypeError, ValueError):
        ids = [-1]
    if not set(ids) <= known:
        check.refuse("audience", N_("One of these teams is no longer here; choose again."))
    return ids


def day(check: Check, name: str, value: object) -> date | None:
    """Return a date from a date or ISO text like 2026-11-17; refused where it is none."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value or "").strip())
    except ValueError:
        check.refuse(name, N_("Write the day like 2026-11-17."))
        return None


def _free_slug(name: str) -> str:
    taken = set(db.session.scalars(sa.select(Campaign.slug)))
    base = slug_of(name) or "campaign"
    slug, n = base, 2
    while slug in taken:
        slug, n = f"{base}-{n}", n + 1
    return slug
