"""Share texts of a story. In: the editor's form. Out: its suggestions in order, with how each fits its networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from emails import posts
from emails.networks import NETWORKS, length, room_for_words
from service import words
from service.models import Story
from service.share_texts import Wanted
from service.validation import whole
from service.web.language import gettext as _
from service.web.reader import network_label

LINK = "https://good.example.com/r/" + "x" * 10
"""As long as a short link of an ordinary host; only its length counts here."""
ALL = "all"
"""How forms write the network ""."""


def typed(form: MultiDict[str, str]) -> list[Wanted]:
    """Return the suggestions of the form in its order, the newly added one last."""
    found = []
    for name in form:
        kind, _, key = name.partition("-")
        network, _, language = key.partition("-")
        if kind != "text" or not language or not (network == ALL or network in NETWORKS):
            continue
        ids = form.getlist(f"id-{key}")
        for place, text in enumerate(form.getlist(name)):
            id_ = ids[place] if place < len(ids) else ""
            found.append(Wanted(_slug(network), language, text, whole(id_)))
    if form.get("new_text", "").strip():
        found.append(Wanted(form.get("new_network", ""), form.get("new_language", "en"), form["new_text"]))
    return found


def rearranged(texts: Sequence[Wanted], act: str) -> list[Wanted]:
    """Return the suggestions after one press: "up:all-en:1", "down:…", "remove:…" or "add:all-en"."""
    verb, _, rest = act.partition(":")
    key, _, place = rest.partition(":")
    network, _, language = key.partition("-")
    kind = (_slug(network), language)
    rows = list(texts)
    if verb == "add":
        return [*rows, Wanted(*kind, "")]
    mine = [at for at, text in enumerate(rows) if (text.network, text.language) == kind]
    here = whole(place)
    if here is None or here >= len(mine):
        return rows
    if verb == "remove":
        del rows[mine[here]]
    elif verb in ("up", "down") and 0 <= (there := here + (1 if verb == "down" else -1)) < len(mine):
        rows[mine[here]], rows[mine[there]] = rows[mine[there]], rows[mine[here]]
    return rows


def groups(
    found: Story | None, texts: Sequence[Wanted], languages: Sequence[str], errors: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Return what the editor shows: a group for each network and language with its suggestions and how they fit.

    Every one of the programme's languages has a group for all networks; a group has at least one, empty, field.
    `errors` are by number in `texts`.
    """
    kinds = {("", language) for language in languages} | {(t.network, t.language) for t in texts}
    order = ["", *NETWORKS]
    with_it = words.ending(found, languages) if found else words.Ending((), "")
    made = []
    for network, language in sorted(
        kinds, key=lambda kind: (order.index(kind[0]) if kind[0] in order else 99, kind[1])
    ):
        rows = [
            {"id": t.id or "", "text": t.text, "error": errors.get(n) or blocked(t.text), "fits": fits(found, texts, t)}
            for n, t in enumerate(texts)
            if (t.network, t.language) == (network, language)
        ]
        made.append(
            {
                "network": network,
                "language": language,
                "key": f"{network or ALL}-{language}",
                "slugs": [
                    {"slug": s, "label": network_label(s), "room": room_for_words(s, LINK)}
                    for s in _reached(texts, network, language)
                ],
                "disclosure": words.ending(found, [language]).disclosure if found else with_it.disclosure,
                "rows": rows or [{"id": "", "text": "", "error": None, "fits": []}],
            }
        )
    return made


def blocked(text: str) -> str | None:
    """Return why this text is given to nobody: what it holds of the block list."""
    held = words.refused(text).items()
    said = [_("“%(phrase)s” is on the block list: %(reason)s", phrase=phrase, reason=why) for phrase, why in held]
    return " ".join(said) or None


def fits(found: Story | None, texts: Sequence[Wanted], text: Wanted) -> list[dict[str, Any]]:
    """Return network by network how long the post is, hashtags and disclosure in it, and how much room there is.

    For a text of all networks only those where it is too long; networks with words of their own are left out.
    """
    with_it = words.ending(found, [text.language]) if found else words.Ending((), "")
    rows = []
    for slug in _reached(texts, text.network, text.language):
        post = posts.post(text.text, slug, with_it.hashtags, with_it.disclosure, LINK)
        room, long = room_for_words(slug, LINK), length(post, slug)
        over = room is not None and long > room
        if text.text.strip() and (text.network or over):
            rows.append({"label": network_label(slug), "length": long, "room": room, "over": over})
    return rows


def _reached(texts: Sequence[Wanted], network: str, language: str) -> list[str]:
    if network:
        return [network] if network in NETWORKS else []
    own = {t.network for t in texts if t.language == language and t.text.strip()}
    return [slug for slug, row in NETWORKS.items() if row.limit is not None and slug not in own]


def _slug(name: str) -> str:
    return "" if name == ALL else name
