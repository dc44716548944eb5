"""Digest. In: an edition and a language, then a person at a time. Out: her mail, assembled from ready encoded pieces.

The week's stories are compiled once per edition and language: the shell, a card per story and set of share buttons,
the parts of *you, this month*. Each is encoded once per transport (browser, mail, JSON); a person's mail is one join.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from emails import colours, greeting, message, pieces, render
from emails.card import SUMMARY
from emails.greeting import Greeting, greet
from emails.months import Months
from emails.pieces import Encoder
from emails.sheet import Kept, Sheet, networks_shown
from emails.values import Edition, Message, Recipient, You
from emails.winners import nobody

PREHEADER = 100
"""Characters that an inbox shows after a subject, about."""


def compile(edition: Edition, language: str) -> CompiledDigest:  # noqa: A001
    """Return the edition's digest in one language of readers; one that has no words reads English."""
    return CompiledDigest(edition, language)


class CompiledDigest:
    """One edition in one language; `message`, `html`, `text` and `json_parts` differ in their encoder alone."""

    def __init__(self, edition: Edition, language: str) -> None:
        self.edition = edition
        self.language = render.known(language)
        self.stories = {story.id: story for story in edition.stories}
        self.letterhead = message.Letterhead(edition.programme)
        self._own = greeting.own(edition, self.language)
        self._greetings: Kept[tuple[str, int], Greeting] = Kept(lambda key: greet(self._own, self.language, *key))
        self._titles = {story.id: render.line(story.title) for story in edition.stories}
        self._networks: Kept[tuple[str, ...], tuple[str, ...]] = Kept(
            lambda slugs: networks_shown(slugs, edition.programme.networks)
        )
        self._preheaders = Kept(self._preheader)
        self._transports: Kept[Encoder, tuple[Sheet, Sheet, Months]] = Kept(self._transport)

    def transport(self, encoder: Encoder) -> tuple[Sheet, Sheet, Months]:
        """Return HTML, text and months in one transport; made at their first use."""
        return self._transports[encoder]

    def _transport(self, encoder: Encoder) -> tuple[Sheet, Sheet, Months]:
        known, hue = self._known(), self.edition.programme.colours
        page, plain = render.page("digest", self.language, hue), render.text("digest", self.language)
        html = Sheet(page, encoder, render.escape, known, self.language, self.stories, colours.light(hue))
        text = Sheet(plain, encoder, render.wrap, known, self.language, self.stories)
        return html, text, Months(html, text)

    def _known(self) -> dict[str, object]:
        edition, programme = self.edition, self.edition.programme
        words = render.words(self.language)
        winners = [
            {"who": render.line(w.name) or nobody(w.former, words), "prize": render.line(w.prize)}
            for w in edition.winners
        ]
        return {
            "base": programme.base_url,
            "programme": render.line(programme.name),
            "company": render.line(programme.company),
            "liaison": render.line(programme.liaison_name),
            # A liaison who ends her sentence with her name has signed it.
            "signed": not self._own.rstrip(" .!").endswith(render.called(programme.liaison_name)),
            "liaison_email": self.letterhead.liaison,
            "policy": bool(programme.policy_url),
            "policy_url": programme.policy_url or "",
            "issue": words.gettext("Week %(week)s") % {"week": int(edition.week.partition("-W")[2])},
            "answers": bool(programme.reply),
            "winners": bool(winners),
            "winner": winners,
        }

    def message(self, to: Recipient, you: You, stories: Sequence[int], message_id: str, date: datetime) -> Message:
        """Return her mail. Raises KeyError for a story not in the edition, UnusableAddress, ValueError for the id."""
        found = self.greeting(to, stories)
        recipient, head = message.address(to.address), self.letterhead
        html, text = self._chunks(pieces.quoted_printable, to, you, stories, found)
        raw = head.mail(
            message.named(to.name, recipient),
            found.header,
            to.language,
            message_id,
            date,
            text,
            html,
            f"{self.edition.programme.base_url}/u/{to.passes.unsubscribe}",
            to.reply,
        )
        return Message.unread(
            message_id, head.sender, recipient, found.subject, raw, partial(self._shown, to, you, stories)
        )

    def html(
        self, to: Recipient, you: You | None, stories: Sequence[int], message_id: str = "", date: object = None
    ) -> str:
        """Return the page as a browser shows it, without *you, this month* where `you` is None. Raises KeyError."""
        return self._shown(to, you, stories)[0]

    def text(
        self, to: Recipient, you: You | None, stories: Sequence[int], message_id: str = "", date: object = None
    ) -> str:
        """Return the text twin; likewise."""
        return self._shown(to, you, stories)[1]

    def json_parts(self, to: Recipient, you: You, stories: Sequence[int]) -> tuple[bytes, bytes]:
        """Return (text, HTML) as insides of JSON strings, for a provider's HTTP body."""
        html, text = self.bodies(pieces.in_json, to, you, stories)
        return text, html

    def bodies(self, encoder: Encoder, to: Recipient, you: You | None, stories: Sequence[int]) -> tuple[bytes, bytes]:
        """Return (HTML, text) in one transport; raises KeyError for a story that is not in the edition."""
        html, text = self.chunks(encoder, to, you, stories)
        return b"".join(html), b"".join(text)

    def chunks(
        self, encoder: Encoder, to: Recipient, you: You | None, stories: Sequence[int]
    ) -> tuple[list[bytes], list[bytes]]:
        """Return what `bodies` returns, not joined yet."""
        return self._chunks(encoder, to, you, stories, self.greeting(to, stories))

    def greeting(self, to: Recipient, stories: Sequence[int]) -> Greeting:
        """Return the words that greet her."""
        return self._greetings[render.called(to.name), len(stories)]

    def networks(self, to: Recipient) -> tuple[str, ...]:
        """Return the networks that have a button in her digest, three at most."""
        return self._networks[to.networks]

    def preheader(self, stories: Sequence[int]) -> str:
        """Return what an inbox shows after the subject; raises KeyError."""
        return self._preheaders[tuple(stories)]

    def _shown(self, to: Recipient, you: You | None, stories: Sequence[int]) -> tuple[str, str]:
        html, text = self.bodies(pieces.raw, to, you, stories)
        return html.decode(), text.decode()

    def _chunks(
        self, encoder: Encoder, to: Recipient, you: You | None, stories: Sequence[int], found: Greeting
    ) -> tuple[list[bytes], list[bytes]]:
        html, text, months = self._transports[encoder]
        networks, preheader = self._networks[to.networks], self._preheaders[tuple(stories)]
        # Every sign of a pass encodes to itself; only what ends an encoded piece follows.
        after, signed = html.after, to.passes
        share, me = signed.share.encode() + after, signed.me.encode() + after
        page, plain = months.chunks(you, me, share) if you is not None else ([], [])
        values = {
            "sentence": html.value[found.sentence],
            "preheader": html.value[preheader],
            "me": me,
            "unsubscribe": signed.unsubscribe.encode() + after,
        }
        page = html.chunks(values, html.cards(stories, networks, share), page)
        values["sentence"] = text.value[found.sentence]
        return page, text.chunks(values, text.cards(stories, networks, share), plain)

    def _preheader(self, stories: tuple[int, ...]) -> str:
        said = " · ".join(self._titles[story] for story in stories)
        if len(said) < PREHEADER and stories:
            # An inbox goes on with what comes next, which would be our own name and "Unsubscribe".
            summary = render.shortened(self.stories[stories[0]].summary, SUMMARY)
            said = f"{said} · {summary}" if summary else said
        return said
