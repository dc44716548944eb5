"""Results: reach, mails, time. In: a scope. Out: who saw it, who came, whether mails arrive, and when, as blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from babel import dates
from flask import g
from markupsafe import Markup

from scoring.visits import BOT, HUMAN, SUSPECTED
from service.results import groups, mails, reading, svg
from service.results.reading import Line
from service.results.scopes import Figures, Scope
from service.web.console.results_blocks import (
    Block,
    bars,
    change,
    columns,
    compared,
    defined,
    network_name,
    percent,
    said,
    stacked,
    week_name,
)
from service.web.language import current, ngettext, show_number
from service.web.language import gettext as _
from service.words_of_visits import KINDS, REASONS, aside


def networks(scope: Scope, council: bool) -> list[Line]:
    """Return the lines by network under their names; in works-council mode those of few people together.

    Several blocks of a page ask for them: they are looked for once in a request.
    """
    held: dict[tuple[Scope, bool], list[Line]] = g.setdefault("lines_by_network", {})
    if (scope, council) not in held:
        held[scope, council] = _networks(scope, council)
    return held[scope, council]


def _networks(scope: Scope, council: bool) -> list[Line]:
    found = [replace(x, name=network_name(x.key)) for x in reading.by_network(scope)]
    if not council:
        return found
    others = _("Others, of fewer than five people each")
    return groups.joined(found, groups.of_networks(scope, found), others)


def blocks(scope: Scope, now: Figures, before: Figures | None, council: bool) -> list[Block]:
    """Return the blocks of reach and visits."""
    lines = networks(scope, council)
    return [_reach(lines, now, before), _visits(lines, now, before), _reasons(scope, before)]


def _reach(lines: list[Line], now: Figures, before: Figures | None) -> Block:
    question = _("How many people may have seen it?")
    reached = [x for x in lines if x.reach]
    answer = ngettext(
        "The shares of this period may have reached %(reach)s person.",
        "The shares of this period may have reached %(reach)s people.",
        now.reach,
        reach=show_number(now.reach),
    )
    rows: list[list[Any]] = [[x.name, x.seen + x.confirmed + x.engaged, x.reach, x.readers] for x in lines]
    return Block(
        "reach",
        question,
        said(answer, change(now, before, "reach")),
        [_("Network"), _("Seen or confirmed shares"), _("Reach"), _("Readers")],
        rows,
        bars("reach", question, sorted(((x.name, x.reach) for x in reached), key=lambda r: -r[1])),
        defined("reach", "average", "readers"),
        empty=not now.reach,
    )


def _visits(lines: list[Line], now: Figures, before: Figures | None) -> Block:
    question = _("How many people came?")
    every = now.human + now.suspected + now.bot
    answer = ngettext("%(num)s visit by people.", "%(num)s visits by people.", now.human, num=show_number(now.human))
    part = (
        _(
            "Of all visits of this period %(part)s are people’s; the others earn nothing.",
            part=percent(now.human / every),
        )
        if every
        else ""
    )
    came = sorted((x for x in lines if x.human + x.suspected + x.bot), key=lambda x: -(x.human + x.suspected + x.bot))
    kinds = [_(KINDS[HUMAN]), _(KINDS[SUSPECTED]), _(KINDS[BOT])]
    return Block(
        "visits",
        question,
        said(answer, change(now, before, "human"), part),
        [_("Network"), *kinds, _("Readers"), _("Visits by people per share")],
        [
            [x.name, x.human, x.suspected, x.bot, x.readers, round(x.human / x.shares, 2) if x.shares else None]
            for x in came
        ],
        stacked("visits", question, kinds, [(x.name, (x.human, x.suspected, x.bot)) for x in came]),
        defined("human", "suspected", "bot", "readers"),
        empty=not every,
    )


def _reasons(scope: Scope, before: Figures | None) -> Block:
    question = _("Why do some visits not count?")
    found = [(reason.partition(":")[0], reason.partition(":")[2], n) for reason, n in reading.reasons(scope).items()]
    out = [(verdict, code, n) for verdict, code, n in found if verdict != HUMAN]
    total = sum(n for *_v, n in out)
    answer = (
        ngettext("%(num)s visit was left out.", "%(num)s visits were left out.", total, num=show_number(total))
        if total
        else _("Every visit of this period counts.")
    )
    answer = said(answer, compared(total, before.suspected + before.bot) if before else "")
    worded = [(_(KINDS[verdict]), _(REASONS.get(code, aside(code))), n) for verdict, code, n in out]
    return Block(
        "reasons",
        question,
        answer,
        [_("Verdict"), _("Reason"), _("Visits")],
        [list(row) for row in worded],
        bars("reasons", question, [(words, n) for _kind, words, n in worded]),
        defined("suspected", "bot"),
        empty=not out,
    )


def mail_blocks(scope: Scope) -> list[Block]:
    """Return the blocks on mails: they go by edition, so that team and campaign do not matter."""
    found = mails.editions(scope.period)
    sent, arrived = sum(e.sent for e in found), sum(e.arrived for e in found)
    bounced, buttons = sum(e.bounced for e in found), sum(e.buttons for e in found)
    question = _("Do the digests arrive?")
    answer = ngettext(
        "%(num)s digest left in this period, %(part)s arrived.",
        "%(num)s digests left in this period, %(part)s arrived.",
        sent,
        num=show_number(sent),
        part=percent(arrived / sent if sent else None),
    )
    earlier = scope.before()
    ago = mails.editions(earlier.period) if earlier else None
    then = sum(e.sent for e in ago) if ago is not None else None
    rows: list[list[Any]] = [[e.week, e.sent, e.arrived, e.bounced, e.failed, e.suppressed] for e in found]
    head = [_("Week"), _("Mails sent"), _("Delivered"), _("Bounced"), _("Refused"), _("Stopped before")]
    series = [_("Delivered"), _("Bounced"), _("Refused")]
    parts = [(week_name(e.week), (e.arrived, e.bounced, e.failed)) for e in found[-12:]]
    first = Block(
        "mails",
        question,
        said(answer, ngettext("%(num)s bounced.", "%(num)s bounced.", bounced) if bounced else "", _sent(then, ago)),
        head,
        rows,
        stacked("mails", question, series, parts),
        defined("mails"),
        empty=not sent,
    )
    return [first, _buttons(found, sent, buttons, ago), _goodbyes(scope)]


def _sent(then: int | None, ago: list[mails.EditionLine] | None) -> str:
    """Return the sentence of the digests in the period before; empty where there were none."""
    if not then or not ago:
        return ""
    return _(
        "In the period before %(num)s left, %(part)s arrived.",
        num=show_number(then),
        part=percent(sum(e.arrived for e in ago) / then),
    )


def _buttons(found: list[mails.EditionLine], sent: int, buttons: int, ago: list[mails.EditionLine] | None) -> Block:
    question = _("Do people share from their mail?")
    answer = _(
        "%(per)s share buttons were followed for a hundred digests.",
        per=show_number(round(100 * buttons / sent, 1)) if sent else "–",
    )
    then = sum(e.sent for e in ago or ())
    if then:
        before = show_number(round(100 * sum(e.buttons for e in ago or ()) / then, 1))
        answer = said(answer, _("In the period before it was %(per)s.", per=before))
    return Block(
        "buttons",
        question,
        answer,
        [_("Week"), _("Mails sent"), _("Share buttons followed"), _("For a hundred mails")],
        [[e.week, e.sent, e.buttons, round(100 * e.buttons / e.sent, 1) if e.sent else None] for e in found],
        columns("buttons", question, [(week_name(e.week), show_number(e.buttons), e.buttons) for e in found[-13:]]),
        defined("per-mail"),
        empty=not sent,
    )


def _goodbyes(scope: Scope) -> Block:
    question = _("Who does not want mails any more?")
    now = mails.goodbyes(scope.period)
    earlier = scope.before()
    total = sum(now.values())
    before = sum(mails.goodbyes(earlier.period).values()) if earlier else None
    answer = ngettext(
        "%(num)s address was closed to mails in this period.",
        "%(num)s addresses were closed to mails in this period.",
        total,
    )
    names = {
        "unsubscribed": _("Unsubscribed"),
        "bounced": _("Does not exist or is full"),
        "complained": _("Reported as unwanted"),
        "left": _("Left the programme"),
        "erased": _("Erased"),
    }
    rows = [(names.get(why, why), n) for why, n in now.items()]
    return Block(
        "goodbyes",
        question,
        said(answer, compared(total, before)),
        [_("Reason"), _("Addresses")],
        rows,
        bars("goodbyes", question, rows),
        empty=not total,
    )


def time_blocks(scope: Scope) -> list[Block]:
    """Return when people share and when readers come."""
    shares, visits = reading.hours(scope)
    return [
        _when("when-shares", _("When do people share?"), shares, _("Nothing was shared in this period.")),
        _when("when-visits", _("When do readers come?"), visits, _("Nobody came in this period.")),
    ]


def _when(key: str, question: str, values: list[list[int]], nothing: str) -> Block:
    days = [str(dates.get_day_names("abbreviated", "stand-alone", current())[n]) for n in range(7)]
    full = [str(dates.get_day_names("wide", "stand-alone", current())[n]) for n in range(7)]
    most, day, hour = max((values[d][h], d, h) for d in range(7) for h in range(24))
    total = sum(map(sum, values))
    answer = (
        _(
            "Most often on %(day)s between %(from)s:00 and %(to)s:00: %(part)s of all.",
            day=full[day],
            to=hour + 1,
            part=percent(most / total),
            **{"from": hour},
        )
        if total
        else nothing
    )
    told = _("Circles by weekday and hour, the larger the more. The table below has the same figures.")
    heads = [str(h) if h % 6 == 0 else "" for h in range(24)]
    chart = Markup(svg.grid(key, question, told, days, heads, values))  # noqa: S704  (svg escapes all words)
    rows = [[full[d], *values[d]] for d in range(7)]
    return Block(key, question, answer, [_("Day"), *map(str, range(24))], rows, chart, defined("hour"), empty=not total)
