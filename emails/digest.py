"""Digest. In: an edition and a language, then a person at a time. Out: her mail, assembled from ready encoded pieces.

The week's stories are compiled once per edition and language: the shell, a card per story and number of share buttons,
*you, this month* per shape. Each is encoded once per transport (browser, mail, JSON); a person's mail is one join.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from emails import message, month, pieces, render
from emails.card import BUTTONS, button, card
from emails.networks import NETWORKS
from emails.pieces import Encoded, Encoder, Piece, Slot
from emails.values import Edition, Message, Recipient, Story, You


def compile(edition: Edition, language: str) -> CompiledDigest:  # noqa: A001
    """Return the edition's digest in one language of readers; one that has no words reads English."""
    return CompiledDigest(edition, language)


class CompiledDigest:
    """One edition in one language; `message`, `html`, `text` and `json_body` differ in their encoder alone."""

    def __init__(self, edition: Edition, language: str) -> None:
        self.edition = edition
        self.language = render.known(language)
        self._by_id = {story.id: story for story in edition.stories}
        self._titles = {story.id: render.line(story.title) for story in edition.stories}
        self._networks: dict[str, dict[str, str]] = {}
        html, text = render.page("digest", self.language), render.text("digest", self.language)
        self._html = {e: self._sheet(html, e, render.escape) for e in _ENCODERS}
        self._text = {e: self._sheet(text, e, render.wrap) for e in _ENCODERS}

    def _sheet(self, tree: Piece, encoder: Encoder, escape: Callable[[str], str]) -> _Sheet:
        edition, programme = self.edition, self.edition.programme
        words = render.words(self.language)
        winners = [{"who": render.line(w.name), "prize": render.line(w.prize)} for w in edition.winners]
        known: dict[str, object] = {
            "base": programme.base_url,
            "programme": render.line(programme.name),
            "company": render.line(programme.company),
            "liaison": render.line(programme.liaison_name),
            # A liaison who ends her sentence with her name has signed it.
            "signed": not self._own().rstrip(" .!").endswith(render.called(programme.liaison_name)),
            "liaison_email": message.address(programme.liaison_email),
            "policy": bool(programme.policy_url),
            "policy_url": programme.policy_url or "",
            "issue": words.gettext("Week %(week)s") % {"week": int(edition.week.partition("-W")[2])},
            "winners": bool(winners),
            "winner": winners,
        }
        return _Sheet(tree, encoder, escape, known, self.language, self._by_id)

    def message(self, to: Recipient, you: You, stories: Sequence[int], message_id: str, date: datetime) -> Message:
        """Return her mail. Raises KeyError for a story that is not in the edition, else as `message.headers`."""
        programme = self.edition.programme
        person = self._person(to, you, stories)
        found = message.headers(
            programme,
            to,
            person["subject"],
            message_id,
            date,
            unsubscribe=f"{programme.base_url}/u/{to.passes.unsubscribe}",
        )
        return Message(
            message_id=message_id,
            sender=message.address(programme.sender),
            recipient=message.address(to.address),
            subject=person["subject"],
            html=self._html[pieces.raw].join(person, stories, you).decode(),
            text=self._text[pieces.raw].join(person, stories, you).decode(),
            raw=message.build(
                found,
                message_id,
                self._text[pieces.quoted_printable].join(person, stories, you),
                self._html[pieces.quoted_printable].join(person, stories, you),
            ),
        )

    def html(self, to: Recipient, you: You, stories: Sequence[int], message_id: str = "", date: object = None) -> str:
        """Return the page as a browser shows it; raises KeyError for a story that is not in the edition."""
        return self._html[pieces.raw].join(self._person(to, you, stories), stories, you).decode()

    def text(self, to: Recipient, you: You, stories: Sequence[int], message_id: str = "", date: object = None) -> str:
        """Return the text twin; raises KeyError for a story that is not in the edition."""
        return self._text[pieces.raw].join(self._person(to, you, stories), stories, you).decode()

    def json_parts(self, to: Recipient, you: You, stories: Sequence[int]) -> tuple[bytes, bytes]:
        """Return (text, HTML) as insides of JSON strings, for a provider's HTTP body."""
        person = self._person(to, you, stories)
        return (
            self._text[pieces.in_json].join(person, stories, you),
            self._html[pieces.in_json].join(person, stories, you),
        )

    def _person(self, to: Recipient, you: You, stories: Sequence[int]) -> dict[str, str]:
        """Return the text of every slot that is hers, neither escaped nor encoded."""
        name = render.called(to.name)
        # A network that left the table since she chose it is no reason to send her nothing.
        networks = [slug for slug in to.networks if slug in NETWORKS][:BUTTONS]
        found = {
            "share": to.passes.share,
            "me": to.passes.me,
            "unsubscribe": to.passes.unsubscribe,
            "subject": self._subject(name, len(stories)),
            "sentence": self._sentence(name, len(stories)),
            "preheader": " · ".join(self._titles[s] for s in stories),
            **month.values(you, self.language),
        }
        for n, slug in enumerate(networks):
            for key, value in self._network(slug).items():
                found[f"{key}_{n}"] = value
        return found

    def _network(self, slug: str) -> dict[str, str]:
        if slug not in self._networks:
            self._networks[slug] = button(slug, self.language)
        return self._networks[slug]

    def _subject(self, name: str, n: int) -> str:
        words = render.words(self.language)
        if name:
            form = words.ngettext(
                "%(name)s, %(count)s good read for you this week", "%(name)s, %(count)s good reads for you this week", n
            )
        else:
            form = words.ngettext(
                "For you this week: %(count)s good read", "For you this week: %(count)s good reads", n
            )
        return str(form % {"name": name, "count": self._count(n)})

    def _own(self) -> str:
        return render.line(self.edition.words.get(self.language, ""))

    def _sentence(self, name: str, n: int) -> str:
        """Return the liaison's own sentence, `{name}` filled in where she put it, else the usual one."""
        own = self._own()
        if not own:
            return f"{self._subject(name, n)}."
        if not name:
            own = own.replace("{name}, ", "").replace("{name}", "")
            return own[:1].upper() + own[1:]
        if "{name}" in own:
            return own.replace("{name}", name)
        hello = render.words(self.language).gettext("Hello %(name)s.") % {"name": name}
        return f"{hello} {own}"

    def _count(self, n: int) -> str:
        """Return a small number in words, as it stands before "good reads"."""
        words = render.words(self.language)
        spelled = {
            1: words.pgettext("good reads", "one"),
            2: words.pgettext("good reads", "two"),
            3: words.pgettext("good reads", "three"),
            4: words.pgettext("good reads", "four"),
            5: words.pgettext("good reads", "five"),
            6: words.pgettext("good reads", "six"),
            7: words.pgettext("good reads", "seven"),
            8: words.pgettext("good reads", "eight"),
            9: words.pgettext("good reads", "nine"),
        }
        return str(spelled.get(n, n))


_ENCODERS: tuple[Encoder, ...] = (pieces.raw, pieces.quoted_printable, pieces.in_json)


@dataclass
class _Sheet:
    """One template in one transport's bytes: its shell now; cards and shapes at their first use."""

    tree: Piece
    encoder: Encoder
    escape: Callable[[str], str]
    known: Mapping[str, object]
    language: str
    stories: Mapping[int, Story]
    _shell: Encoded = field(init=False)
    _cards: dict[tuple[int, int], Encoded] = field(default_factory=dict)
    _shapes: dict[month.Shape, Encoded] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._shell = self._encode(self.tree, {"card": Slot("cards"), "you": Slot("you")})

    def _encode(self, tree: Piece, values: Mapping[str, object]) -> Encoded:
        filled = pieces.fill(tree, {**self.known, **values}, self.escape)
        if self.escape is render.wrap:
            filled = tuple(render.wrap(node) if isinstance(node, str) else node for node in pieces.merged(filled))
        return pieces.encode(filled, self.encoder)

    def join(self, person: Mapping[str, str], stories: Sequence[int], you: You) -> bytes:
        """Return one person's bytes."""
        values = {slot: self.encoder(self.escape(text)) for slot, text in person.items()}
        buttons = sum(f"slug_{n}" in person for n in range(BUTTONS))
        values["cards"] = b"".join(self._card(story, buttons).join(values) for story in stories)
        values["you"] = self._shape(month.shape(you)).join(values)
        return self._shell.join(values)

    def _card(self, story: int, buttons: int) -> Encoded:
        if (story, buttons) not in self._cards:
            found = card(self.stories[story], self.language)
            found["button"] = [
                {key: (Slot(f"{key}_{n}"),) for key in ("slug", "sign", "label", "share_on")} for n in range(buttons)
            ]
            self._cards[story, buttons] = self._encode(pieces.section(self.tree, "card"), found)
        return self._cards[story, buttons]

    def _shape(self, shape: month.Shape) -> Encoded:
        if shape not in self._shapes:
            self._shapes[shape] = self._encode(pieces.section(self.tree, "you"), shape.sections())
        return self._shapes[shape]
