"""The inbox. In: share links of a mail. Out: the network's composer, or the page that prepares for it.

GET records that the composer was opened and changes no score; HEAD is answered and not counted.
"""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from emails.networks import NETWORKS, length, room_for_words
from emails.passes import WrongPass
from service import choices, links, shares
from service.models import Employee, Story
from service.passes import EndedPass, Purpose
from service.shares import Opened
from service.web import nonces, reader, records
from service.web.language import gettext as _
from service.web.security import csrf

room = Blueprint("inbox", __name__)
csrf.exempt(room)  # its POSTs carry a nonce of their GET instead: service.web.nonces
MOST_WORDS = 5000
"""Signs of her own words that the page takes; no network has room for more."""


def _open(text: str, story_id: int) -> tuple[Employee, Story]:
    employee = reader.open_pass(text, Purpose.SHARE)
    story = shares.story_for(employee, story_id)
    if story is None:
        abort(404)
    return employee, story


@room.get("/s/<text>/<int:story_id>")
def story_page(text: str, story_id: int) -> str:
    """Show the story with all networks and the words for it. Changes nothing."""
    employee, story = _open(text, story_id)
    return _story_page(text, employee, story)


def _story_page(text: str, employee: Employee, story: Story, words: str | None = None, error: str | None = None) -> str:
    mine = [slug for slug in employee.networks if slug in NETWORKS] or ["linkedin"]
    chosen = request.form.get("network", mine[0])
    return reader.show(
        "inbox/story.html",
        text,
        story=story,
        initials=reader.initials(employee.name),
        mine=mine,
        others=[slug for slug in NETWORKS if slug not in mine],
        chosen=chosen if chosen in NETWORKS else mine[0],
        ready=shares.ready_words(employee, story, mine[0], links.short_link("x" * links.CODE_LENGTH)),
        words=words,
        error=error,
    )


@room.post("/s/<text>/<int:story_id>")
def own_words(text: str, story_id: int) -> str | tuple[str, int]:
    """Take her own words for one network and hand them back, ready to post."""
    employee, story = _open(text, story_id)
    nonces.check(text, f"words:{story_id}")
    network = request.form.get("network", "")
    words = request.form.get("words", "").replace("\r\n", "\n").strip()
    if network not in NETWORKS:
        abort(400)
    error = _too_long(words, network)
    if error:
        return _story_page(text, employee, story, words[:MOST_WORDS], error), 422
    opened = shares.open_share(employee, story, network, words, reader.asked())
    if NETWORKS[network].needs_instance and not employee.mastodon:
        return _instance_page(text, employee, opened)
    return _ready_page(text, employee, opened)


def _too_long(words: str, network: str) -> str | None:
    room_left = room_for_words(network, links.short_link("x" * links.CODE_LENGTH))
    most = MOST_WORDS if room_left is None else min(room_left, MOST_WORDS)
    over = length(words, network) - most
    if over <= 0:
        return None
    return _(
        "%(network)s has room for %(most)s characters beside your link: %(over)s too many.",
        network=reader.network_label(network),
        most=most,
        over=over,
    )


@room.get("/s/<text>/<int:story_id>/<network>")
@records
def share(text: str, story_id: int, network: str) -> Response | str:
    """Open the network's composer with her words and her own link; record `opened`."""
    employee, story = _open(text, story_id)
    if network not in NETWORKS:
        abort(404)
    if request.method == "HEAD":
        return ""
    opened = shares.open_share(employee, story, network, asked=reader.asked())
    if NETWORKS[network].needs_instance and not employee.mastodon:
        return _instance_page(text, employee, opened)
    if not NETWORKS[network].prefills or network == "email":
        return _ready_page(text, employee, opened)
    return redirect(opened.composer(employee.mastodon))


@room.post("/s/<text>/<int:story_id>/mastodon")
def instance(text: str, story_id: int) -> str | tuple[str, int]:
    """Remember her Mastodon server, asked once, and hand her words to it."""
    employee, story = _open(text, story_id)
    nonces.check(text, f"instance:{story_id}")
    opened = shares.open_share(employee, story, "mastodon", request.form.get("words"), reader.asked())
    typed = request.form.get("instance", "")
    try:
        choices.set_mastodon(employee, typed)
    except choices.Refused as refusal:
        return _instance_page(text, employee, opened, typed[:253], str(refusal)), 422
    return _ready_page(text, employee, opened, remembered=True)


def _instance_page(text: str, employee: Employee, opened: Opened, typed: str = "", error: str | None = None) -> str:
    return reader.show(
        "inbox/instance.html",
        text,
        opened=opened,
        story=opened.share.story,
        initials=reader.initials(employee.name),
        typed=typed,
        error=_(error) if error else None,
    )


def _ready_page(text: str, employee: Employee, opened: Opened, remembered: bool = False) -> str:
    network = NETWORKS[opened.share.network]
    return reader.show(
        "inbox/ready.html",
        text,
        opened=opened,
        story=opened.share.story,
        network=network,
        label=reader.network_label(network.slug),
        composer=opened.composer(employee.mastodon),
        initials=reader.initials(employee.name),
        instance=employee.mastodon if remembered else None,
    )


room.app_errorhandler(WrongPass)(reader.answer_wrong)
room.app_errorhandler(EndedPass)(reader.answer_ended)
