"""SendGrid calls. In: the synthetic company of `people`. Out: how many calls its edition takes, beside one a mail.

A call holds at most 1,000 people of one language, one selection and one number of share buttons, whose mails are due
at one moment: networks, greeting and *you, this month* are substitutions (emails.grouped). Nothing is sent here: the
choice is the real one (emails.picks), the people and what they have seen are drawn as for the bench of planning.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

from bench import people
from bench.figures import Figure, at_least, told
from emails.card import BUTTONS
from emails.picks import TOPIC, Shelf

TOGETHER = 1000
"""Personalizations that a call may have (SendGrid, v3 mail send)."""

AT_MOST = {"without seen sets": 50, "with seen sets": 20, "with seen sets and wishes": 20}

WISHING = 0.1
"""How many have one wish: half of them declined a story that would have come, half want less of a topic they follow."""


def run(full: bool) -> list[Figure]:
    """Return the figures for 100,000 people, to read by; `full` adds a million, for whom the targets stand."""
    found = []
    for number, whom in ((100_000, "100,000"), (1_000_000, "1 M")) if full else ((100_000, "100,000"),):
        for name, (mails, calls, groups) in simulated(number).items():
            title, value = f"SendGrid, fewer calls for {whom}, {name}", mails / calls
            why = f"{mails:,} mails in {calls:,} calls of {groups:,} groups"
            if number == 1_000_000:
                found.append(at_least(title, value, "times", AT_MOST[name], why))
            else:
                found.append(told(title, value, "times", f"{why}; groups fill as a company grows"))
    return found


def simulated(number: int) -> dict[str, tuple[int, int, int]]:
    """Return, without and with seen sets, then with wishes too, (mails, calls, groups) for so many people."""
    stories = people.candidates()
    shelves = [Shelf(stories, _monday(week) + timedelta(hours=32)) for week in (*people.EARLIER, people.WEEK)]
    now = shelves[-1]
    chance = random.Random(48)
    plain: Counter[tuple[object, ...]] = Counter()
    seen: Counter[tuple[object, ...]] = Counter()
    steered: Counter[tuple[object, ...]] = Counter()
    wishing = random.Random(49)
    for row in people.employees(random.Random(47), number):
        who = dict(zip(people.EMPLOYEE, row, strict=True))
        if who["status"] != "active" or not who["topics"]:
            continue
        group = (who["language"], who["zone"], min(BUTTONS, len(who["networks"]) or 1))
        fits = [s.on(who["topics"]) & s.read_in(who["reads"]) & s.meant_for((who["team_id"],)) for s in shelves]
        shown: set[int] = set()
        for shelf, fitting in zip(shelves[:-1], fits, strict=False):
            chosen = shelf.pick(fitting & ~shelf.these(shown), people.SIZE)
            if chance.random() > people.MISSED:
                shown.update(chosen)
        for counted, before in ((plain, ()), (seen, shown)):
            if chosen := now.pick(fits[-1] & ~now.these(before), people.SIZE):
                counted[*group, chosen] += 1
        left, enough = fits[-1] & ~now.these(shown), now.less(())[1]
        if wishing.random() < WISHING:
            if wishing.random() < 0.5:
                left &= ~now.these(now.pick(left, people.SIZE)[:1])
            else:
                enough = now.less([f"{TOPIC}{wishing.choice(who['topics'])}"])[1]
        if chosen := now.pick(left, people.SIZE, enough):
            steered[*group, chosen] += 1
    return {
        name: (groups.total(), sum(-(-n // TOGETHER) for n in groups.values()), len(groups))
        for name, groups in zip(AT_MOST, (plain, seen, steered), strict=True)
    }


def _monday(week: str) -> datetime:
    return datetime.fromisocalendar(int(week[:4]), int(week[6:]), 1).replace(tzinfo=UTC)
