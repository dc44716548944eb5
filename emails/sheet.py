"""Sheet. In: one template in one transport's bytes, then a person's encoded values. Out: her bytes, joined.

The shell is encoded at once, cards at their first use. What is kept is bounded: a cache that is full begins again,
which costs time and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from emails import pieces, render
from emails.card import BUTTONS, button, card
from emails.networks import NETWORKS
from emails.pieces import Encoded, Encoder, Piece, Slot
from emails.values import Story

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

    `value` encodes one person's text; `cards` and `chunks` take and give encoded bytes only.
    """

    def __init__(
        self,
        tree: Piece,
        encoder: Encoder,
        escape: Callable[[str], str],
        known: Mapping[str, object],
        language: str,
        stories: Mapping[int, Story],
        tokens: Mapping[str, str] = render.TOKENS,
    ) -> None:
        self.tree, self.encoder, self.escape = tree, encoder, escape
        self.known, self.language, self.stories, self.tokens = known, language, stories, tokens
        self.value: Kept[str, bytes] = Kept(lambda text: encoder(escape(text)))
        self.after = encoder("0")[1:]
        """What ends an encoded piece of plain signs."""
        self.shell = self.encode(tree, {"card": Slot("cards"), "you": Slot("you")})
        self._cards_at, self._you_at = (2 * self.shell.slots.index(name) + 1 for name in ("cards", "you"))
        self._slots = tuple("" if name in ("cards", "you") else name for name in self.shell.slots)
        self._forms: Kept[tuple[int, int], Encoded] = Kept(self._form, CARDS)
        self._cards: dict[tuple[str, ...], Kept[int, Parts]] = {}

    def encode(self, tree: Piece, values: Mapping[str, object]) -> Encoded:
        filled = pieces.fill(tree, {**self.known, **values}, self.escape)
        if self.escape is render.wrap:
            filled = tuple(render.wrap(node) if isinstance(node, str) else node for node in pieces.merged(filled))
        return pieces.encode(filled, self.encoder)

    def chunks(self, values: dict[str, bytes], cards: list[bytes], you: list[bytes]) -> list[bytes]:
        """Return one person's bytes, not joined yet, from encoded `values` by slot; raises KeyError."""
        values[""] = b""
        out = self.shell.filled(map(values.__getitem__, self._slots))
        # From behind, so that the first place stays where it is.
        out[self._you_at : self._you_at] = you
        out[self._cards_at : self._cards_at] = cards
        return out

    def cards(self, stories: Sequence[int], networks: tuple[str, ...], share: bytes) -> list[bytes]:
        """Return the cards of these stories with buttons of these networks; raises KeyError for a story not ours."""
        kept = self._cards.get(networks)
        if kept is None:
            kept = self._cards_of(networks)
        return [share.join(kept[story]) for story in stories]

    def open_cards(self, stories: Sequence[int], values: Sequence[Mapping[str, bytes]], share: bytes) -> list[bytes]:
        """Return the cards with one button per mapping of encoded `slug`, `sign`, `label`, `share_on`."""
        return [share.join(self._parts(self._forms[story, len(values)], values)) for story in stories]

    def _cards_of(self, networks: tuple[str, ...]) -> Kept[int, Parts]:
        values = [
            {key: self.value[text] for key, text in button(slug, self.language).items()} for slug in networks[:BUTTONS]
        ]
        # A list, because another thread may add to the dictionary meanwhile.
        if sum(map(len, list(self._cards.values()))) >= CARDS:
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
        return self.encode(pieces.section(self.tree, "card"), found)

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


def networks_shown(networks: Sequence[str], offered: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the networks that get a button: hers that are `offered` (empty: all), else the first that is.

    One that left the table since she chose it is no reason to stop.
    """
    hers = [slug for slug in networks if slug in NETWORKS and (not offered or slug in offered)]
    return tuple(hers or [slug for slug in offered if slug in NETWORKS][:1])[:BUTTONS]
