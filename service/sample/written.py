"""Written. In: nothing. Out: the shape of a story that somebody wrote for the sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Written:
    """One story of the sample; `topics` begins with the lead topic.

    `days` is its age when this week's digest leaves (below 0: it is for the next one).
    """

    key: str
    kind: str
    days: int
    topics: str
    title: str
    summary: str
    motif: str
    alt: str
    texts: Mapping[tuple[str, str], str | tuple[str, ...]]
    """(network, language) → share text or several; network "" serves all without words of their own."""
    language: str = "en"
    evergreen: bool = False
    campaign: str | None = None
    audience: tuple[str, ...] = field(default=())

    def suggestions(self) -> Iterator[tuple[str, str, str]]:
        """Yield (network, language, share text), each in its order."""
        for (network, language), texts in self.texts.items():
            for text in (texts,) if isinstance(texts, str) else texts:
                yield network, language, text

    @property
    def url(self) -> str:
        """Where it is published: our own house for owned and promotional stories, somebody else's for curated ones."""
        host = "journal.example.com" if self.kind == "curated" else "lunaria.example.com"
        return f"https://{host}/{self.key}"
