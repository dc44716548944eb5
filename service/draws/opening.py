"""Opening. In: a draw's name, prizes, rules and the source of its randomness. Out: an open draw or refusals."""

from __future__ import annotations

import re
from collections.abc import Sequence

import sqlalchemy as sa

from scoring import draws as rules_of
from scoring import weeks
from service.books import terms
from service.database import db
from service.draws.beacon import source_words
from service.models import Draw, Prize, Programme
from service.models.draws import Beacon, DrawStatus
from service.validation import N_, Check, paragraphs

MOST_PRIZES = 50
CLAIM_DAYS = 14


def find(name: str) -> Draw | None:
    """Return the draw of this name, or None."""
    return db.session.scalar(sa.select(Draw).where(Draw.name == name))


def listed() -> list[Draw]:
    """Return all draws, the newest first."""
    return list(db.session.scalars(sa.select(Draw).order_by(Draw.created_at.desc(), Draw.id.desc())))


def default_rules(title: str, month: str | None, prizes: Sequence[tuple[str, str]], alternates: int) -> str:
    """Return the rules file that a draw has unless the liaison writes another one."""
    programme = db.session.get(Programme, 1)
    company = programme.company if programme else ""
    lines = [
        f"{title}",
        "",
        f"Run by: {company}, {programme.name if programme else ''}".rstrip(", "),
        f"Who takes part: every employee who holds tickets of {month or 'the month'} when the pool is frozen.",
        "Liaisons of the programme, excluded people and people who left do not enter.",
        "Tickets: one for each week in which a share of yours was first visited by a reader, "
        f"at most {terms().rules.tickets_a_month} a month.",
        "A week belongs to the month of its Thursday. What becomes known after the freeze counts in the next draw.",
        "Prizes:",
        *(f"  {n}. {name}{f' ({value})' if value else ''}" for n, (name, value) in enumerate(prizes, 1)),
        f"Alternates: {alternates}.",
        f"Claim: within {CLAIM_DAYS} days of the winner's mail. What is declined or not claimed goes to the next rank.",
        "Nobody has to buy, pay or post anything in particular. Taking part and leaving are free at any time.",
        "The draw follows goodword-draw-v1; its pool, source and ranks are published and anyone can check them.",
    ]
    return "\n".join(lines) + "\n"


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
) -> Draw:
    """Open a draw and return it. Commits.

    `prizes` are (name, value) in their order; `month` like `2026-10` says whose tickets enter (None: the month in
    which it is frozen); `rules` None writes `default_rules`. `beacon` says where the randomness comes from: public
    numbers, which `source_text` names, or drand. `sample` marks randomness that is made up for showing.
    Raises service.validation.Invalid with a refusal beside each field.
    """
    asked = Check()
    if not rules_of.is_name(name):
        asked.refuse("name", N_("Use 1 to 64 of a to z, 0 to 9 and hyphens."))
    elif find(name) is not None:
        asked.refuse("name", N_("There is or was a draw of this name; each name is used once."))
    draw = Draw(name=name, sample=sample)
    _fill(asked, draw, title, prizes, month, source_text, alternates, rules, beacon)
    db.session.add(draw)
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
) -> None:
    """Change an open draw; fields as for `create`. Commits. Raises Invalid, also for a draw that is frozen."""
    asked = Check()
    if draw.status != DrawStatus.OPEN:
        asked.refuse("name", N_("This draw is frozen; it never changes again."))
        asked.done()
    _fill(asked, draw, title, prizes, month, source_text, alternates, rules, beacon or draw.beacon)
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
) -> None:
    title = asked.text("title", title, 120, required=True)
    won = [(asked.text("prizes", n, 120, required=True), asked.text("prizes", v, 60)) for n, v in prizes]
    if not 1 <= len(won) <= MOST_PRIZES:
        asked.refuse("prizes", N_("Name 1 to %(most)d prizes."), most=MOST_PRIZES)
    if not 0 <= alternates <= 1000:
        asked.refuse("alternates", N_("Use a number from 0 to 1000."))
    if month is not None and not _is_month(month):
        asked.refuse("month", N_("Write the month like 2026-10."))
    if beacon not in tuple(Beacon):
        asked.refuse("beacon", N_("Choose public numbers or drand."))
    asked.done()
    draw.beacon = beacon
    draw.title, draw.month, draw.alternates = title, month, alternates
    draw.source_text = paragraphs(source_text) if beacon == Beacon.NUMBERS else source_words()
    draw.rules = paragraphs(rules) + "\n" if rules else default_rules(title, month, won, alternates)
    for old in list(draw.prizes):
        db.session.delete(old)
    if draw.prizes:
        db.session.flush()  # before new prizes take the same positions
    draw.prizes = [Prize(position=n, name=p, value=v) for n, (p, v) in enumerate(won, 1)]


def _is_month(text: str) -> bool:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}", text) is None:
        return False
    try:
        return bool(weeks.weeks_of_month(text))
    except ValueError:
        return False
