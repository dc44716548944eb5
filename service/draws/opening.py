"""Opening. In: a draw's name, prizes, rules and the source of its randomness. Out: an open draw or refusals."""

from __future__ import annotations

import re
from collections.abc import Sequence

import sqlalchemy as sa

from scoring import draws as rules_of
from scoring import money, weeks
from service.database import db
from service.draws import trail
from service.draws.beacon import source_words
from service.draws.plans import Plan, checked, usual
from service.draws.rules_words import Said, renderings, rules_text
from service.models import Campaign, Contest, Draw, Prize
from service.models.draws import Beacon, DrawKind, DrawStatus
from service.validation import N_, Check, paragraphs

MOST_PRIZES = 50
TAKEN = ("monthly", "new")
"""Names that are good by the protocol, but stand for other pages of the console below /console/draws/."""


def find(name: str) -> Draw | None:
    """Return the draw of this name, or None."""
    return db.session.scalar(sa.select(Draw).where(Draw.name == name))


def listed() -> list[Draw]:
    """Return all draws, the newest first."""
    return list(db.session.scalars(sa.select(Draw).order_by(Draw.created_at.desc(), Draw.id.desc())))


def create(
    name: str,
    title: str,
    prizes: Sequence[tuple[str, str]],
    *,
    month: str | None = None,
    source_text: str = "",
    alternates: int = 3,
    rules: str | None = None,
    sample: bool = False,
    beacon: str = Beacon.NUMBERS,
    kind: str = DrawKind.MONTH,
    campaign_id: int | None = None,
    contest_id: int | None = None,
    plan: Plan | None = None,
) -> Draw:
    """Open a draw and return it. Commits.

    `prizes` are (name, value) in their order; `month` like `2026-10` says whose tickets enter (None: the month in
    which it is frozen); `rules` None writes `rules_words.rules_text`. `beacon` says where the randomness comes from:
    public numbers, which `source_text` names, or drand. `kind`, `campaign_id`, `contest_id` and `plan` (None: the
    usual one) say what brings tickets, and who may enter. `sample` marks randomness that is made up for showing.
    Raises service.validation.Invalid with a refusal beside each field.
    """
    asked = Check()
    if not rules_of.is_name(name):
        asked.refuse("name", N_("Use 1 to 64 of a to z, 0 to 9 and hyphens."))
    elif name in TAKEN:
        asked.refuse("name", N_("The console has a page of this name; choose another."))
    elif find(name) is not None:
        asked.refuse("name", N_("There is or was a draw of this name; each name is used once."))
    draw = Draw(name=name, sample=sample)
    draw.kind, draw.campaign_id = kind, campaign_id if kind == DrawKind.CAMPAIGN else None
    draw.contest_id = contest_id if kind == DrawKind.CONTEST else None
    _fill(asked, draw, title, prizes, month, source_text, alternates, rules, beacon, plan or usual())
    db.session.add(draw)
    trail.note(draw, "opened", rules=rules_of.sha256(draw.rules), prizes=len(draw.prizes))
    db.session.commit()
    return draw


def edit(
    draw: Draw,
    title: str,
    prizes: Sequence[tuple[str, str]],
    *,
    month: str | None = None,
    source_text: str = "",
    alternates: int = 3,
    rules: str | None = None,
    beacon: str | None = None,
    kind: str | None = None,
    campaign_id: int | None = None,
    plan: Plan | None = None,
) -> None:
    """Change an open draw; fields as for `create`, those that are None stay. Commits.

    Raises Invalid, also for a draw that is frozen.
    """
    draw, asked = trail.locked(draw), Check()
    if draw.status != DrawStatus.OPEN:
        asked.refuse("name", N_("This draw is frozen; it never changes again."))
        asked.done()
    if kind is not None and draw.kind != DrawKind.CONTEST:
        draw.kind, draw.campaign_id = kind, campaign_id if kind == DrawKind.CAMPAIGN else None
    _fill(
        asked,
        draw,
        title,
        prizes,
        month,
        source_text,
        alternates,
        rules,
        beacon or draw.beacon,
        plan or Plan.of(draw),
    )
    trail.note(draw, "edited", rules=rules_of.sha256(draw.rules), prizes=len(draw.prizes))
    db.session.commit()


def _fill(
    asked: Check,
    draw: Draw,
    title: str,
    prizes: Sequence[tuple[str, str]],
    month: str | None,
    source_text: str,
    alternates: int,
    rules: str | None,
    beacon: str,
    plan: Plan,
) -> None:
    title = asked.text("title", title, 120, required=True)
    won = prizes_of(asked, prizes)
    if not 0 <= alternates <= 1000:
        asked.refuse("alternates", N_("Use a number from 0 to 1000."))
    if month is not None and not _is_month(month):
        asked.refuse("month", N_("Write the month like 2026-10."))
    if beacon not in tuple(Beacon):
        asked.refuse("beacon", N_("Choose public numbers or drand."))
    campaign = db.session.get(Campaign, draw.campaign_id) if draw.campaign_id else None
    contest = db.session.get(Contest, draw.contest_id) if draw.contest_id else None
    plan = checked(asked, plan, draw.kind, campaign, contest)
    asked.done()
    month = month if draw.kind == DrawKind.MONTH else None
    draw.beacon, draw.terms = beacon, plan.to_json()
    draw.title, draw.month, draw.alternates = title, month, alternates
    draw.source_text = paragraphs(source_text) if beacon == Beacon.NUMBERS else source_words()
    said = Said(title, won, alternates, plan, draw.kind, month, campaign, contest, beacon)
    draw.rules = paragraphs(rules) + "\n" if rules else rules_text(said)
    draw.rules_in = renderings(said) if draw.rules == rules_text(said) else {}
    for old in list(draw.prizes):
        db.session.delete(old)
    if draw.prizes:
        db.session.flush()  # before new prizes take the same positions
    draw.prizes = [Prize(position=n, name=p, value=v) for n, (p, v) in enumerate(won, 1)]


def own_rules(draw: Draw) -> str | None:
    """Return the rules that the liaison wrote, or None where they are made from the draw's settings."""
    said = Said(
        draw.title,
        [(prize.name, prize.value) for prize in draw.prizes],
        draw.alternates,
        Plan.of(draw),
        draw.kind,
        draw.month,
        db.session.get(Campaign, draw.campaign_id) if draw.campaign_id else None,
        db.session.get(Contest, draw.contest_id) if draw.contest_id else None,
        draw.beacon,
    )
    made = rules_text(said)
    return None if draw.rules == made else draw.rules


def prizes_of(asked: Check, prizes: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return clean prizes as (name, value); refusals go beside `prizes`."""
    won = [(asked.text("prizes", n, 120, required=True), asked.text("prizes", v, 60)) for n, v in prizes]
    for _, value in won:
        if value and money.worth(value) is None:
            asked.refuse(
                "prizes", N_("Write what a prize is worth as an amount and a currency, like 240 EUR or 240 €.")
            )
    if not 1 <= len(won) <= MOST_PRIZES:
        asked.refuse("prizes", N_("Name 1 to %(most)d prizes."), most=MOST_PRIZES)
    return won


def _is_month(text: str) -> bool:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}", text) is None:
        return False
    try:
        return bool(weeks.weeks_of_month(text))
    except ValueError:
        return False
