"""Card. In: a story and the reader's language. Out: what its card in the digest says, and the card alone as a page."""

from __future__ import annotations

from collections.abc import Sequence

from emails import colours, pieces, render
from emails.colours import Colours
from emails.networks import NETWORKS
from emails.values import Story

BUTTONS = 3
"""Share buttons under a story; her other networks stand behind *More networks*."""

SUMMARY = 160
"""Characters of a summary: two lines of the mail."""


def card(story: Story, language: str) -> dict[str, object]:
    """Return what a story's card says to readers of `language`.

    Title and summary stay in the story's own language, the topic's name is in the reader's.
    """
    topic = story.topic.get(language) or story.topic.get("") or next(iter(story.topic.values()), "")
    direction = render.direction(story.language)
    title, summary = render.line(story.title), render.shortened(story.summary, SUMMARY)
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
        "sharable": not story.internal,
        "notice": story.internal,
    }


def button(slug: str, language: str) -> dict[str, str]:
    """Return what a share button says; raises KeyError for a network that is not in the table."""
    words, network = render.words(language), NETWORKS[slug]
    own = {"email": words.gettext("E-mail"), "copy": words.gettext("Copy link")}
    share_on = {"email": words.gettext("Send by e-mail"), "copy": words.gettext("Copy your link")}
    return {
        "slug": slug,
        "sign": network.sign,
        "label": own.get(slug, network.label),
        "share_on": share_on.get(slug, words.gettext("Share on %(network)s") % {"network": network.label}),
    }


def preview(
    story: Story, language: str, networks: Sequence[str], base_url: str = "", hue: Colours = colours.NONE
) -> str:
    """Return a page with this one card exactly as in the digest of a reader of `language`; its links hold no pass.

    `hue`: the programme's colours.
    """
    tree = render.page("digest", language, hue)
    buttons = [button(slug, language) for slug in networks if slug in NETWORKS][:BUTTONS]
    values = {**card(story, render.known(language)), "button": buttons, "base": base_url, "share": ""}
    rows = pieces.flat(pieces.fill(pieces.section(tree, "card"), values, render.escape))
    head = "".join(node for node in tree if isinstance(node, str)).partition("</head>")[0]
    paper = f'style="margin:0;background-color:{render.TOKENS["paper"]}"'
    table = '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">'
    return (
        f'{head}<base target="_blank"></head><body class="p" {paper}>'
        f'<div style="max-width:552px;margin:0 auto;padding:24px">{table}{rows}</table></div></body></html>'
    )
