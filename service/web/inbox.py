"""The inbox. In: share links of a mail. Out: the network's composer, or the page that prepares for it.

GET records that the composer was opened and changes no score; HEAD is answered and not counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from emails.networks import NETWORKS
from emails.passes import WrongPass
from service import choices, opened_links, programmes, shares, words
from service.models import Employee, Story
from service.passes import EndedPass, Purpose
from service.shares import Opened
from service.web import editor, nonces, reader, records
from service.web.editor import Draft
from service.web.language import gettext as _
from service.web.security import csrf

room = Blueprint("inbox", __name__)
csrf.exempt(room)  # its POSTs carry a nonce of their GET instead: service.web.nonces


def _open(text: str, story_id: int, only_read: bool = False) -> tuple[Employee, Story]:
    employee = reader.open_pass(text, Purpose.SHARE)
    story = shares.story_for(employee, story_id)
    if story is None or (story.internal and not only_read):
        abort(404)
    return employee, story


@room.get("/s/<text>/<story:story_id>")
@records
def story_page(text: str, story_id: int) -> str:
    """Show the story with all networks, the suggestions and the editor. Changes nothing of hers."""
    employee, story = _open(text, story_id, only_read=True)
    if request.method == "GET":
        opened_links.at_her_page(employee, reader.asked())
    if story.internal:
        return reader.show("inbox/notice.html", text, story=story, initials=reader.initials(employee.name))
    asked = request.args.get("network", "")
    known = asked in programmes.networks()
    draft = editor.begun(employee, story, asked if known else editor.own_networks(employee)[0])
    return _story_page(text, employee, story, draft)


def _story_page(
    text: str, employee: Employee, story: Story, draft: Draft, errors: Sequence[str] = (), gone: str = ""
) -> str:
    return reader.show(
        "inbox/story.html",
        text,
        gone=gone,
        story=story,
        initials=reader.initials(employee.name),
        **editor.values(employee, story, draft, errors),
    )


@room.post("/s/<text>/<story:story_id>")
def own_words(text: str, story_id: int) -> str | tuple[str, int]:
    """Take her words for one network and hand them back, ready to post; or show the editor again as she asks."""
    employee, story = _open(text, story_id)
    nonces.check(text, f"words:{story_id}")
    network = request.form.get("network", "")
    if network not in NETWORKS:
        abort(400)
    if network not in programmes.networks():
        return _not_offered(text, employee, story, network)
    draft = editor.typed(employee, story, network)
    if request.form.get("then") in ("network", "fill"):
        return _story_page(text, employee, story, draft)
    errors = editor.refusals(employee, story, draft)
    if errors:
        return _story_page(text, employee, story, draft, errors), 422
    return _opened_page(text, employee, story, draft)


def _not_offered(text: str, employee: Employee, story: Story, network: str) -> str:
    """Show the story with the networks there are: an older mail may have a button of one that is no more offered."""
    draft = editor.begun(employee, story, editor.own_networks(employee)[0])
    return _story_page(text, employee, story, draft, gone=network)


def _opened_page(text: str, employee: Employee, story: Story, draft: Draft, remembered: bool = False) -> str:
    opened = shares.open_share(employee, story, draft.network, draft.words, reader.asked(), draft.language)
    if NETWORKS[draft.network].needs_instance and not employee.mastodon:
        return _instance_page(text, employee, opened, language=draft.language)
    added = words.additions(story, draft.network, draft.words, editor.wanted(draft, employee), opened.link)
    return _ready_page(text, employee, opened, remembered, added)


@room.get("/s/<text>/<story:story_id>/<network>")
@records
def share(text: str, story_id: int, network: str) -> Response | str:
    """Open the network's composer with her words and her own link; record `opened`."""
    employee, story = _open(text, story_id)
    if network not in NETWORKS:
        abort(404)
    if request.method == "HEAD":
        return ""
    if network not in programmes.networks():
        return _not_offered(text, employee, story, network)
    opened = shares.open_share(employee, story, network, asked=reader.asked())
    if NETWORKS[network].needs_instance and not employee.mastodon:
        return _instance_page(text, employee, opened)
    if not NETWORKS[network].prefills or network == "email":
        return _ready_page(text, employee, opened)
    return redirect(opened.composer(employee.mastodon))


@room.post("/s/<text>/<story:story_id>/mastodon")
def instance(text: str, story_id: int) -> str | tuple[str, int]:
    """Remember her Mastodon server, asked once, and hand her words to it."""
    employee, story = _open(text, story_id)
    nonces.check(text, f"instance:{story_id}")
    if "mastodon" not in programmes.networks():
        return _not_offered(text, employee, story, "mastodon")
    said, language = request.form.get("words", "").strip(), request.form.get("language", "")
    draft = Draft("mastodon", said, None, language)
    errors = editor.refusals(employee, story, draft) if said else []
    if errors:
        return _story_page(text, employee, story, draft, errors), 422
    typed = request.form.get("instance", "")
    try:
        choices.set_mastodon(employee, typed)
    except choices.Refused as refusal:
        opened = shares.open_share(employee, story, "mastodon", said, reader.asked(), language)
        return _instance_page(text, employee, opened, typed[:253], str(refusal), language), 422
    if said:
        return _opened_page(text, employee, story, draft, remembered=True)
    return _ready_page(text, employee, shares.open_share(employee, story, "mastodon", asked=reader.asked()), True)


def _instance_page(
    text: str, employee: Employee, opened: Opened, typed: str = "", error: str | None = None, language: str = ""
) -> str:
    return reader.show(
        "inbox/instance.html",
        text,
        opened=opened,
        story=opened.share.story,
        initials=reader.initials(employee.name),
        typed=typed,
        language=language,
        error=_(error) if error else None,
    )


def _ready_page(
    text: str, employee: Employee, opened: Opened, remembered: bool = False, added: Sequence[str] = ()
) -> str:
    network, share = NETWORKS[opened.share.network], opened.share
    return reader.show(
        "inbox/ready.html",
        text,
        opened=opened,
        story=share.story,
        network=network,
        label=reader.network_label(network.slug),
        composer=opened.composer(employee.mastodon),
        initials=reader.initials(employee.name),
        instance=employee.mastodon if remembered else None,
        added=added,
        nearly=bool(opened.typed) and not share.own_words and share.text_id is None and not share.visited_at,
        policy=editor.policy_link(),
    )


room.app_errorhandler(WrongPass)(reader.answer_wrong)
room.app_errorhandler(EndedPass)(reader.answer_ended)
