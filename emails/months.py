"""Months. In: the two sheets of one transport, then a person's month. Out: *You, this month* as chunks for both.

What a fact looks like (240 points, 12 of 20 on the way to a badge) is encoded once, for HTML and text together; a
neighbour's line is three such chunks. What is zero is not shown.
"""

from __future__ import annotations

from collections.abc import Callable

from emails import month, pieces, render
from emails.pieces import Slot
from emails.sheet import Kept, Sheet
from emails.values import Neighbour, News, Unsaid, You

Parts = tuple[bytes, ...]
Both = tuple[bytes, bytes]
"""What a fact looks like in HTML and in text."""
Chunks = tuple[list[bytes], list[bytes]]

_SECTIONS = ("begin", "figures", "badge", "near", "thanks", "unsaid")


class Months:
    """*You, this month* in one transport, for readers of one language."""

    def __init__(self, html: Sheet, text: Sheet) -> None:
        sides = self._sides = _Side(html), _Side(text)
        self._frames = sides[0].frame, sides[1].frame
        self._begin = self._block("begin", You())
        self._figures_open, self._figures_close = self._around("figures", "figure")
        self._points = self._kept(lambda side, n: side.figure(You(points=n)))
        self._weeks = self._kept(lambda side, n: side.figure(You(weeks=n)))
        self._tickets = self._kept(lambda side, n: side.figure(You(tickets=n)))
        self._badge: Kept[tuple[str | None, int, int], Both] = Kept(
            lambda fact: self._block("badge", You(badge=fact[0], have=fact[1], need=fact[2]))
        )
        self._thanks: Kept[tuple[int, int, tuple[News, ...]], Both] = Kept(
            lambda fact: self._block("thanks", You(shares=fact[0], visits=fact[1], news=fact[2]))
        )
        self._near_open, self._near_close = self._around("near", "neighbour")
        self._place = self._kept(lambda side, n: side.place(n, her=False))
        self._who: Kept[str, Both] = Kept(lambda name: (sides[0].who(name, her=False), sides[1].who(name, her=False)))
        self._unsaid_open, self._unsaid_close = self._around("unsaid", "asked")
        self._asked: Kept[Unsaid, tuple[Parts, Parts]] = Kept(
            lambda share: (sides[0].asked(share), sides[1].asked(share))
        )
        self._their_points = self._kept(lambda side, n: side.points(n, her=False))
        self._her_place = self._kept(lambda side, n: side.place(n, her=True))
        self._her_points = self._kept(lambda side, n: side.points(n, her=True))

    def _kept(self, make: Callable[[_Side, int], bytes]) -> Kept[int, Both]:
        html, text = self._sides
        return Kept(lambda n: (make(html, n), make(text, n)))

    def _block(self, name: str, you: You) -> Both:
        return self._sides[0].block(name, you), self._sides[1].block(name, you)

    def _around(self, name: str, row: str) -> tuple[Both, Both]:
        (before, after), (before_text, after_text) = (side.around(name, row) for side in self._sides)
        return (before, before_text), (after, after_text)

    def chunks(self, you: You, me: bytes, share: bytes) -> Chunks:
        """Return (HTML, text) of her section, not joined yet; its links go under the encoded passes `me`, `share`."""
        (a, b, c, d, e, p, f, g), (h, i, j, k, m, q, n, o) = self._frames
        begin, badge = self._begin, self._badge[you.badge, you.have, you.need]
        thanks = self._thanks[you.shares, you.visits, you.news]
        page, plain = [a], [h]
        points, weeks, tickets = you.points, you.weeks, you.tickets
        if points > 0 or weeks > 0 or tickets > 0:
            page += b, self._figures_open[0]
            plain += i, self._figures_open[1]
            if points > 0:
                said, said_text = self._points[points]
                page.append(said)
                plain.append(said_text)
            if weeks > 0:
                said, said_text = self._weeks[weeks]
                page.append(said)
                plain.append(said_text)
            if tickets > 0:
                said, said_text = self._tickets[tickets]
                page.append(said)
                plain.append(said_text)
            page += self._figures_close[0], c, badge[0], d
            plain += self._figures_close[1], j, badge[1], k
        elif thanks[0]:
            page += b, c, badge[0], d
            plain += i, j, badge[1], k
        else:
            page += begin[0], b, c, badge[0], d
            plain += begin[1], i, j, badge[1], k
        if you.near:
            self._neighbours(you.near, page, plain)
        page += e, thanks[0], p
        plain += m, thanks[1], q
        if you.unsaid:
            self._questions(you.unsaid, share, page, plain)
        page += f, me, g
        plain += n, me, o
        return page, plain

    def _questions(self, unsaid: tuple[Unsaid, ...], share: bytes, page: list[bytes], plain: list[bytes]) -> None:
        page.append(self._unsaid_open[0])
        plain.append(self._unsaid_open[1])
        for each in unsaid:
            asked, asked_text = self._asked[each]
            page.append(share.join(asked))
            plain.append(share.join(asked_text))
        page.append(self._unsaid_close[0])
        plain.append(self._unsaid_close[1])

    def _neighbours(self, near: tuple[Neighbour, ...], page: list[bytes], plain: list[bytes]) -> None:
        page.append(self._near_open[0])
        plain.append(self._near_open[1])
        places, names, theirs = self._place, self._who, self._their_points
        for each in near:
            if each.her:
                place, place_text = self._her_place[each.place]
                points, points_text = self._her_points[each.points]
                page += place, points
                plain += place_text, points_text
            else:
                place, place_text = places[each.place]
                name, name_text = names[each.name]
                points, points_text = theirs[each.points]
                page += place, name, points
                plain += place_text, name_text, points_text
        page.append(self._near_close[0])
        plain.append(self._near_close[1])


class _Side:
    """One sheet's part in it: makes what the months keep."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.tree = pieces.section(sheet.tree, "you")
        # The sections become slots, so that what stands between them is encoded once.
        frame = sheet.encode(self.tree, {name: Slot(name) for name in _SECTIONS})
        assert frame.slots == (*_SECTIONS, "me"), "the template's order is part of `chunks`"
        self.frame = frame.parts
        self.rows = self._row(her=False), self._row(her=True)
        self._figures: dict[month.Shape, pieces.Encoded] = {}

    def block(self, name: str, you: You) -> bytes:
        """Return one whole section as it is for these facts; empty where they show nothing."""
        section = next(node for node in self.tree if isinstance(node, pieces.Section) and node.name == name)
        return self._closed(pieces.fill((section,), month.shape(you).sections(self.sheet.tokens)), you)

    def figure(self, you: You) -> bytes:
        """Return the one figure of these facts."""
        shape = month.shape(you)
        form = self._figures.get(shape)
        if form is None:
            section = pieces.section(self.tree, "figure")
            form = self._figures[shape] = self.sheet.encode(section, shape.sections(self.sheet.tokens)["figure"][0])
        said = month.values(you, self.sheet.language)
        return form.join({slot: self.sheet.value[said[slot]] for slot in form.slots})

    def _closed(self, tree: pieces.Piece, you: You) -> bytes:
        found = self.sheet.encode(tree, month.values(you, self.sheet.language))
        assert not found.slots
        return found.parts[0]

    def asked(self, share: Unsaid) -> Parts:
        """Return the line that asks about one share, cut where the share pass stands."""
        you = You(unsaid=(share,))
        row = pieces.fill(pieces.section(self.tree, "asked"), month.shape(you).sections(self.sheet.tokens)["asked"][0])
        found = self.sheet.encode(row, month.values(you, self.sheet.language))
        assert found.slots == ("share",)
        return found.parts

    def around(self, name: str, row: str) -> tuple[bytes, bytes]:
        """Return what stands before and after the rows of a section."""
        found = self.sheet.encode(pieces.section(self.tree, name), {row: Slot(row)})
        assert found.slots == (row,)
        return found.parts[0], found.parts[1]

    def _row(self, *, her: bool) -> Parts:
        """Return a neighbour's line, cut where place, name and points stand."""
        row = month.shape(You(near=(Neighbour("", 0, 0, her),))).sections(self.sheet.tokens)["neighbour"][0]
        found = self.sheet.encode(pieces.section(self.tree, "neighbour"), row)
        assert found.slots == ("place_0", "who_0", "points_0"), "the template's order is part of `chunks`"
        return found.parts

    def place(self, place: int, *, her: bool) -> bytes:
        """Return a line up to its name; with the name where it is the reader's own."""
        parts, said = self.rows[her], self.sheet.value[render.counter(self.sheet.language)(place)]
        found = parts[0] + said + parts[1]
        return found + self.who("", her=True) + parts[2] if her else found

    def who(self, name: str, *, her: bool) -> bytes:
        """Return the name of somebody near her, or how the reader herself is called there."""
        return self.sheet.value[month.who(Neighbour(name, 0, 0, her), self.sheet.language)]

    def points(self, points: int, *, her: bool) -> bytes:
        """Return a line from after its name (the reader's own: from after what follows her name) to its end."""
        parts, said = self.rows[her], self.sheet.value[month.points(points, self.sheet.language)]
        found = said + parts[3]
        return found if her else parts[2] + found
