"""Card. In: a story and the reader's language. Out: what its card in the digest says."""

from __future__ import annotations

import textwrap

from emails import render
from emails.values import Story

SUMMARY = 160
"""Characters of a summary: two lines of the mail."""


def card(story: Story, language: str) -> dict[str, object]:
    """Return what a story's card says to readers of `language`.

    Title and summary stay in the story's own language, the topic's name is in the reader's.
    """
    topic = story.topic.get(language) or story.topic.get("") or next(iter(story.topic.values()), "")
    direction = render.direction(story.language)
    title, summary = render.line(story.title), textwrap.shorten(render.line(story.summary), SUMMARY, placeholder=" …")
    return {
        "id": str(story.id),
        "lang": story.language,
        "dir": direction,
        "side": "right" if direction == "rtl" else "left",
        "title": title,
        "summarised": bool(summary),
        "summary": summary,
        "topic": bool(topic),
        "topic_name": render.line(topic),
        "picture": story.picture is not None,
        "src": story.picture or "",
        "alt": render.line(story.alt),
    }
