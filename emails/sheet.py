"""Sheet. In: one template in one transport's bytes, then a person's encoded values. Out: her bytes, joined.

The shell is encoded at once; cards, and the parts of *you, this month*, at their first use. What is kept is bounded:
a cache that is full begins again, which costs time and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from emails import month, pieces, render
from emails.card import BUTTONS, button, card
from emails.networks import NETWORKS
from emails.pieces import Encoded, Encoder, Piece, Section, Slot
from emails.values import Neighbour, Story, You

K = TypeVar("K")
V = TypeVar("V")

VALUES = 8192
"""Values, figures and sentences kept per sheet: a few hundred bytes each."""
CARDS = 2048
"""Cards kept per sheet, one per story and set of share buttons: about five kilobytes each as mail."""


class Kept(dict[K, V], Generic[K, V]):
    """A dictionary that makes what it misses and begins again when it is full."""

    __slots__ = ("limit", "make")

    def __init__(self, make: Callable[[K], V], limit: int = VALUES) -> None:
        super().__init__()
        self.make = make
        self.limit = limit

    def __missing__(self, key: K) -> V:
        value = self.make(key)
        if len(self) >= self.limit:
            self.clear()
        self[key] = value
        return value


Parts = tuple[bytes, ...]
"""A card's bytes, cut wherever the share pass stands."""


class Sheet:
    """One template (`tree`) in the bytes of one transport; `known` is what all its readers see alike.

    `value` encodes one person's text; `cards`, `month` and `join` take and give encoded bytes only.
    """

    def __init__(
        self,
        tree: Piece,
        encoder: Encoder,
        escape: Callable[[str], str],
        known: Mapping[str, object],
        language: str,
        stories: Mapping[int, Story],
    ) -> None:
        self.tree, self.encoder, self.escape = tree, encoder, escape
        self.known, self.language, self.stories = known, language, stories
        self.value: Kept[str, bytes] = Kept(lambda text: encoder(escape(text)))
        # Every sign of a pass encodes to itself; only what ends an encoded piece follows.
        self.after_pass = encoder("0")[1:]
        self._shell = self._encode(tree, {"card": Slot("cards"), "you": Slot("you")})
        self._months = _Months(self._encode, pieces.section(tree, "you"), language, self.value)
        self._forms: Kept[tuple[int, int], Encoded] = Kept(self._form, CARDS)
        self._cards: dict[tuple[str, ...], Kept[int, Parts]] = {}

    def _encode(self, tree: Piece, values: Mapping[str, object]) -> Encoded:
        filled = pieces.fill(tree, {**self.known, **values}, self.escape)
        if self.escape is render.wrap:
            filled = tuple(render.wrap(node) if isinstance(node, str) else node for node in pieces.merged(filled))
        return pieces.encode(filled, self.encoder)

    def signed(self, found: str) -> bytes:
        """Return a pass encoded."""
        return found.encode("ascii") + self.after_pass

    def join(self, values: Mapping[str, bytes]) -> bytes:
        """Return one person's bytes from encoded values; raises KeyError."""
        return self._shell.join(values)

    def cards(self, stories: Sequence[int], networks: tuple[str, ...], share: bytes) -> bytes:
        """Return the cards of these stories with buttons of these networks; raises KeyError for a story not ours."""
        kept = self._cards.get(networks)
        if kept is None:
            kept = self._cards_of(networks)
        return b"".join([share.join(kept[story]) for story in stories])

    def month(self, you: You, me: bytes) -> bytes:
        """Return *You, this month*, its link under the encoded pass `me`."""
        return self._months.join(you, me)

    def open_cards(self, stories: Sequence[int], values: Sequence[Mapping[str, bytes]], share: bytes) -> bytes:
        """Return the cards with one button per mapping of encoded `slug`, `sign`, `label`, `share_on`."""
        return b"".join(share.join(self._parts(self._forms[story, len(values)], values)) for story in stories)

    def _cards_of(self, networks: tuple[str, ...]) -> Kept[int, Parts]:
        values = [
            {key: self.value[text] for key, text in button(slug, self.language).items()} for slug in networks[:BUTTONS]
        ]
        if sum(map(len, self._cards.values())) >= CARDS:
            self._cards.clear()
        kept: Kept[int, Parts] = Kept(lambda story: self._parts(self._forms[story, len(values)], values), CARDS)
        self._cards[networks] = kept
        return kept

    def _form(self, wanted: tuple[int, int]) -> Encoded:
        story, buttons = wanted
        found = card(self.stories[story], self.language)
        found["button"] = [
            {key: (Slot(f"{key}_{n}"),) for key in ("slug", "sign", "label", "share_on")} for n in range(buttons)
        ]
        return self._encode(pieces.section(self.tree, "card"), found)

    @staticmethod
    def _parts(form: Encoded, values: Sequence[Mapping[str, bytes]]) -> Parts:
        """Return the card's parts with all filled but the share pass."""
        known = {f"{key}_{n}": text for n, each in enumerate(values) for key, text in each.items()}
        parts = [[form.parts[0]]]
        for slot, part in zip(form.slots, form.parts[1:], strict=True):
            if slot == "share":
                parts.append([part])
            else:
                parts[-1] += known[slot], part
        return tuple(map(b"".join, parts))


def networks_shown(networks: Sequence[str]) -> tuple[str, ...]:
    """Return the networks that get a button. One that left the table since she chose it is no reason to stop."""
    return tuple(slug for slug in networks if slug in NETWORKS)[:BUTTONS]


_FIGURES: dict[str, Callable[[int], You]] = {
    "points": lambda n: You(points=n),
    "weeks": lambda n: You(weeks=n),
    "tickets": lambda n: You(tickets=n),
}


class _Months:
    """*You, this month* in one transport: literals, the reader's pass, and blocks kept by the facts they show."""

    def __init__(
        self,
        encode: Callable[[Piece, Mapping[str, object]], Encoded],
        tree: Piece,
        language: str,
        value: Kept[str, bytes],
    ) -> None:
        self._encode, self._language = encode, language
        # The sections become slots, so that what stands between them is encoded once.
        names = ("begin", "figures", "badge", "near", "thanks")
        self._frame = encode(tree, {name: Slot(name) for name in names})
        self._sections = {name: Section(name, pieces.section(tree, name)) for name in names}
        self._begin = self._block("begin", You())
        self._figures_open, self._figures_close = self._around("figures", "figure")
        self._figure: Kept[tuple[str, int], bytes] = Kept(lambda fact: self._row(_FIGURES[fact[0]](fact[1])))
        self._badge: Kept[tuple[str | None, int, int], bytes] = Kept(
            lambda f: self._block("badge", You(badge=f[0], have=f[1], need=f[2]))
        )
        self._thanks: Kept[tuple[int, int], bytes] = Kept(
            lambda f: self._block("thanks", You(shares=f[0], visits=f[1]))
        )
        self._near_open, self._near_close = self._around("near", "neighbour")
        inside = pieces.section(tree, "neighbour")
        self._rows = tuple(
            encode(inside, month.shape(You(near=(Neighbour("", 0, 0, her),))).sections()["neighbour"][0])
            for her in (False, True)
        )
        place, who, points = "place_0", "who_0", "points_0"
        assert all(row.slots == (place, who, points) for row in self._rows)
        self._place: Kept[int, bytes] = Kept(lambda n: value[self._said(Neighbour("", 0, n), place)])
        self._points: Kept[int, bytes] = Kept(lambda n: value[self._said(Neighbour("", n, 0), points)])
        self._who: Kept[str, bytes] = Kept(lambda name: value[self._said(Neighbour(name, 0, 0), who)])
        self._her = value[self._said(Neighbour("", 0, 0, her=True), who)]

    def _said(self, neighbour: Neighbour, slot: str) -> str:
        return month.values(You(near=(neighbour,)), self._language)[slot]

    def _block(self, name: str, you: You) -> bytes:
        """Return one whole section as it is for these facts; empty where they show nothing."""
        tree = pieces.fill((self._sections[name],), month.shape(you).sections())
        return self._closed(tree, you)

    def _row(self, you: You) -> bytes:
        """Return the one figure of these facts."""
        row = month.shape(you).sections()["figure"][0]
        return self._closed(pieces.fill(pieces.section(self._sections["figures"].inside, "figure"), row), you)

    def _closed(self, tree: Piece, you: You) -> bytes:
        found = self._encode(tree, month.values(you, self._language))
        assert not found.slots
        return found.parts[0]

    def _around(self, name: str, row: str) -> tuple[bytes, bytes]:
        """Return what stands before and after the rows of a section."""
        found = self._encode(self._sections[name].inside, {row: Slot(row)})
        assert found.slots == (row,)
        return found.parts[0], found.parts[1]

    def join(self, you: You, me: bytes) -> bytes:
        """Return her section; what is zero is not shown."""
        points, weeks, tickets = you.points, you.weeks, you.tickets
        figures = b""
        if points > 0 or weeks > 0 or tickets > 0:
            figure = self._figure
            figures = b"".join(
                (
                    self._figures_open,
                    figure["points", points] if points > 0 else b"",
                    figure["weeks", weeks] if weeks > 0 else b"",
                    figure["tickets", tickets] if tickets > 0 else b"",
                    self._figures_close,
                )
            )
        thanks = self._thanks[you.shares, you.visits]
        return self._frame.join(
            {
                "begin": b"" if figures or thanks else self._begin,
                "figures": figures,
                "badge": self._badge[you.badge, you.have, you.need],
                "near": self._neighbours(you.near) if you.near else b"",
                "thanks": thanks,
                "me": me,
            }
        )

    def _neighbours(self, near: Sequence[Neighbour]) -> bytes:
        (a, b, c, d), (e, f, g, h) = self._rows[0].parts, self._rows[1].parts
        place, who, points = self._place, self._who, self._points
        out = [self._near_open]
        for each in near:
            if each.her:
                out += (e, place[each.place], f, self._her, g, points[each.points], h)
            else:
                out += (a, place[each.place], b, who[each.name], c, points[each.points], d)
        out.append(self._near_close)
        return b"".join(out)
