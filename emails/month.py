"""Month. In: You and a language. Out: *You, this month* and the thanks as a shape (compiled once) and its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from babel.support import NullTranslations

from emails import render
from emails.networks import NETWORKS
from emails.pieces import Slot
from emails.values import Neighbour, News, Unsaid, You

_ASKED = ("question", "asked_id", "asked_slug")


@dataclass(frozen=True, slots=True)
class Shape:
    """What parts a person's section has: few shapes exist, each is compiled and encoded once."""

    figures: tuple[str, ...]
    badge: bool
    left: bool
    near: tuple[bool, ...]
    """One line per neighbour; True marks the reader's own."""
    thanks: bool
    unsaid: int = 0
    """Shares that she is asked about."""

    def sections(self, tokens: Mapping[str, str] = render.TOKENS) -> dict[str, Any]:
        """Return the values that keep, drop and repeat the template's sections; persons' values remain slots.

        `tokens` are the programme's colours by role (emails.colours).
        """
        begin = not self.figures and not self.thanks
        return {
            "begin": begin,
            "figures": bool(self.figures),
            "figure": [_figure(name, tokens) for name in self.figures],
            "badge": self.badge,
            "done": self.badge,
            "left": self.left,
            "near": bool(self.near),
            "neighbour": [_neighbour(n, her, tokens) for n, her in enumerate(self.near)],
            "thanks": self.thanks,
            "unsaid": bool(self.unsaid),
            "asked": [{name: (Slot(f"{name}_{n}"),) for name in _ASKED} for n in range(self.unsaid)],
        }


def _figure(name: str, tokens: Mapping[str, str]) -> dict[str, Any]:
    warm = name == "weeks"
    return {
        "number": (Slot(f"{name}_number"),),
        "unit": (Slot(f"{name}_unit"),),
        "tone": "c" if warm else "k",
        "colour": tokens["celebrate" if warm else "ink"],
    }


def _neighbour(n: int, her: bool, tokens: Mapping[str, str]) -> dict[str, Any]:
    return {
        "place": (Slot(f"place_{n}"),),
        "who": (Slot(f"who_{n}"),),
        "their_points": (Slot(f"points_{n}"),),
        "row_tone": "g" if her else "k",
        "row_colour": tokens["act" if her else "ink"],
        "weight": "font-weight:700;" if her else "",
    }


def badge_name(slug: str, words: NullTranslations) -> str:
    """Return a badge's name by its slug; a badge that the programme made itself comes with its title instead."""
    names = {
        "first-word": words.gettext("First word"),
        "conversation-starter": words.gettext("Conversation starter"),
        "steady-voice": words.gettext("Steady voice"),
        "own-voice": words.gettext("Own voice"),
        "well-read": words.gettext("Well read"),
        "storyteller": words.gettext("Storyteller"),
        "all-around": words.gettext("All around"),
        "wide-interests": words.gettext("Wide interests"),
        "at-home": words.gettext("At home"),
        "regular": words.gettext("Regular"),
        "campaigner": words.gettext("Campaigner"),
        "early-bird": words.gettext("Early bird"),
        "together": words.gettext("Together"),
    }
    return names.get(slug) or render.line(slug)


def points(n: int, language: str) -> str:
    """Return `240 points` in the reader's language and separators."""
    return _counted(render.words(language).ngettext("%(num)s point", "%(num)s points", n), n, language)


def _counted(form: str, n: int, language: str) -> str:
    return form % {"num": render.counter(language)(n)}


def who(neighbour: Neighbour, language: str) -> str:
    """Return how somebody on the board is called."""
    return render.words(language).gettext("You") if neighbour.her else render.line(neighbour.name)


def shape(you: You) -> Shape:
    """Return the shape of her section. What is zero is not shown: nobody is told what she has not done."""
    badge = you.badge is not None and you.have > 0 and you.need > 0
    return Shape(
        figures=tuple(name for name in ("points", "weeks", "tickets") if getattr(you, name) > 0),
        badge=badge,
        left=badge and you.have < you.need,
        near=tuple(n.her for n in you.near),
        thanks=you.shares > 0 or you.visits > 0 or bool(you.news),
        unsaid=len(you.unsaid),
    )


def values(you: You, language: str) -> dict[str, str]:
    """Return the text of every slot in her shape, neither escaped nor encoded."""
    words, number = render.words(language), render.counter(language)
    found = {
        "points_number": number(you.points),
        "points_unit": words.ngettext("point", "points", you.points),
        "weeks_number": number(you.weeks),
        "weeks_unit": words.ngettext("week in a row", "weeks in a row", you.weeks),
        "tickets_number": number(you.tickets),
        "tickets_unit": words.ngettext("draw ticket", "draw tickets", you.tickets),
    }
    if you.badge is not None and you.need > 0:
        have = min(max(you.have, 0), you.need)
        done = min(max(round(100 * have / you.need), 1), 99)
        found["progress"] = words.gettext("%(have)s of %(need)s on the way to %(badge)s") % {
            "have": number(have),
            "need": number(you.need),
            "badge": badge_name(you.badge, words),
        }
        found["done_part"] = str(done if have < you.need else 100)
        found["left_part"] = str(100 - done if have else 100)
    for n, neighbour in enumerate(you.near):
        found[f"place_{n}"] = number(neighbour.place)
        found[f"who_{n}"] = who(neighbour, language)
        found[f"points_{n}"] = points(neighbour.points, language)
    if you.shares > 0 or you.visits > 0 or you.news:
        found["thanks_words"] = _thanks(you, language)
    for n, share in enumerate(you.unsaid):
        found[f"question_{n}"] = _question(share, words)
        found[f"asked_id_{n}"], found[f"asked_slug_{n}"] = str(share.story), share.network
    return found


def _question(share: Unsaid, words: NullTranslations) -> str:
    title = render.line(share.title)
    network = NETWORKS.get(share.network)
    if network is None or share.network in ("email", "copy"):
        return words.gettext("Did you pass “%(title)s” on?") % {"title": title}
    return words.gettext("Did you post “%(title)s” on %(network)s?") % {"title": title, "network": network.label}


def _thanks(you: You, language: str) -> str:
    words = render.words(language)
    said = []
    if you.shares > 0:
        form = words.ngettext(
            "%(num)s share of yours found readers last week.",
            "%(num)s shares of yours found readers last week.",
            you.shares,
        )
        said.append(_counted(form, you.shares, language))
    if you.visits > 0:
        form = words.ngettext(
            "%(num)s visit came through your links.", "%(num)s visits came through your links.", you.visits
        )
        said.append(_counted(form, you.visits, language))
    said += (_news(news, language) for news in you.news)
    return " ".join([*said, words.gettext("Thank you.")])


def _news(news: News, language: str) -> str:
    words, number = render.words(language), render.counter(language)(news.number)
    if news.kind == "share":
        form = words.ngettext(
            "“%(title)s” has found %(num)s reader by now.", "“%(title)s” has found %(num)s readers by now.", news.number
        )
        return form % {"title": render.line(news.title), "num": number}
    badge = badge_name(news.title, words)
    if not news.number:
        return words.gettext("You earned a badge: %(badge)s.") % {"badge": badge}
    return words.gettext("You earned a badge: %(badge)s, level %(level)s.") % {"badge": badge, "level": number}
