"""Campaigns. In: what the liaison plans. Out: dated pushes with goal, hashtags and audience, or refusals by field."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from service import clock, programmes
from service.database import db
from service.models import Campaign, Contest, Draw, Outbox, Story, Team
from service.parameters import template
from service.validation import N_, Check, one_line, paragraphs, slug_of, whole

FIELDS = (
    "name", "goal", "hashtags", "audience", "offices", "languages", "starts_on", "ends_on", "multiplier",
    "link_parameters", "kickoff", "closing", "kickoff_words", "closing_words",
)  # fmt: skip
"""What `create` takes and `edit` changes."""

DEFAULTS: dict[str, Any] = {
    "goal": "", "hashtags": (), "audience": (), "offices": (), "languages": (), "multiplier": 1,
    "link_parameters": None, "kickoff": False, "closing": False, "kickoff_words": "", "closing_words": "",
}  # fmt: skip
MOST_HASHTAGS = 5
LONGEST_WORDS = 1000
"""Characters of the liaison's own sentences in a mail."""


class Phase(StrEnum):
    """Where a campaign stands on a day of the programme's zone."""

    PLANNED = "planned"
    RUNNING = "running"
    OVER = "over"
    ARCHIVED = "archived"


def all_campaigns() -> list[Campaign]:
    """Return every campaign, the newest first."""
    return list(db.session.scalars(sa.select(Campaign).order_by(Campaign.starts_on.desc(), Campaign.id.desc())))


def phase(campaign: Campaign, today: date) -> Phase:
    """Return where it stands today (a day of the programme's zone)."""
    if campaign.archived_at is not None:
        return Phase.ARCHIVED
    if campaign.starts_on > today:
        return Phase.PLANNED
    return Phase.OVER if campaign.ends_on < today else Phase.RUNNING


def conflicts(hashtags: Iterable[str], starts: date, ends: date, but: int | None = None) -> list[tuple[str, Campaign]]:
    """Return (hashtag, campaign) of other campaigns that carry one of these hashtags on some of these days.

    Their posts can then not be told apart by it. Capital letters make no difference, as on networks.
    """
    asked = sa.select(Campaign).where(Campaign.starts_on <= ends, Campaign.ends_on >= starts)
    asked = asked.where(Campaign.archived_at.is_(None)).order_by(Campaign.starts_on, Campaign.id)
    mine = {tag.casefold(): tag for tag in hashtags}
    return [
        (mine[tag.casefold()], other)
        for other in db.session.scalars(asked)
        for tag in other.hashtags
        if other.id != but and tag.casefold() in mine
    ]


def start_of_next(campaign: Campaign, today: date) -> dict[str, Any]:
    """Return the FIELDS that the next campaign of this kind begins with: as many days, right after it or from today."""
    starts = max(campaign.ends_on + timedelta(days=1), today)
    values = {name: getattr(campaign, name) for name in FIELDS}
    return {**values, "name": "", "starts_on": starts, "ends_on": starts + (campaign.ends_on - campaign.starts_on)}


def used(campaign: Campaign) -> bool:
    """Tell whether a story, a contest, a draw or a mail belongs to it: then it is archived, and never deleted."""
    kinds = ("campaign-kickoff", "campaign-closing")
    mails = sa.exists().where(Outbox.kind.in_(kinds), Outbox.occasion == f"campaign:{campaign.id}")
    of = [sa.exists().where(table.campaign_id == campaign.id) for table in (Story, Contest, Draw)]
    return bool(db.session.scalar(sa.select(sa.or_(*of, mails))))


def delete(campaign: Campaign) -> None:
    """Delete a campaign that nothing belongs to. Commits. Raises Invalid for one that is used."""
    db.session.refresh(campaign, with_for_update=True)  # its mails may be on their way into the outbox
    if used(campaign):
        check = Check()
        check.refuse("name", N_("Something belongs to this campaign already, so it can only be archived."))
        check.done()
    db.session.delete(campaign)
    db.session.commit()


def archive(campaign: Campaign, away: bool) -> None:
    """Put a campaign out of the lists, or back; its points, hashtags and results stay. Commits."""
    campaign.archived_at = (campaign.archived_at or clock.now()) if away else None
    db.session.commit()


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
    multiplier = whole(values["multiplier"], 5)
    if not multiplier:
        check.refuse("multiplier", N_("Choose a whole number from 1 to 5."))
    clean: dict[str, Any] = {
        "name": check.text("name", values["name"], 80, required=True),
        "goal": check.text("goal", values["goal"], 200),
        "hashtags": tags,
        "audience": teams(check, values["audience"]),
        "starts_on": starts,
        "ends_on": ends,
        "link_parameters": template(check, values["link_parameters"]),
        "offices": sorted({office for office in map(one_line, values["offices"]) if office}),
        "languages": sorted(set(values["languages"])),
        "kickoff": bool(values["kickoff"]),
        "closing": bool(values["closing"]),
    }
    for name in ("kickoff_words", "closing_words"):
        clean[name] = paragraphs(str(values[name] or ""))
        if len(clean[name]) > LONGEST_WORDS:
            check.refuse(name, N_("Keep it to a thousand characters."))
    offered = programmes.current().languages if clean["languages"] else []
    if set(clean["languages"]) - set(offered):
        check.refuse("languages", N_("Choose among the languages of the programme's mails."))
    if clean["name"]:
        taken = sa.select(Campaign.id).where(sa.func.lower(Campaign.name) == clean["name"].lower())
        if any(found != (of.id if of else None) for found in db.session.scalars(taken)):
            check.refuse("name", N_("There is a campaign of this name already."))
    check.done()
    return {**clean, "multiplier": multiplier}


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
