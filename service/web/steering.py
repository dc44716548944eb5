"""Steering. In: share links of a mail. Out: pages where she says *not for me*, *fewer like this* and *I shared it*.

GET shows and changes nothing; each act is a POST from a button with a nonce of that GET, and each can be taken back.
"""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from emails.networks import NETWORKS
from service import settling, shares, steering, unsaid
from service.models import Employee, Share, Story
from service.passes import Purpose
from service.web import nonces, reader, wishes
from service.web.security import csrf

room = Blueprint("steering", __name__)
csrf.exempt(room)  # its POSTs carry a nonce of their GET instead: service.web.nonces


def _open(text: str, story_id: int) -> tuple[Employee, Story]:
    employee = reader.open_pass(text, Purpose.SHARE)
    story = shares.story_for(employee, story_id)
    if story is None:
        abort(404)
    return employee, story


@room.get("/s/<text>/<story:story_id>/not-for-me")
def not_for_me(text: str, story_id: int) -> str:
    """Show what she can say of this story, and what she has said. Changes nothing."""
    employee, story = _open(text, story_id)
    return reader.show(
        "inbox/not_for_me.html",
        text,
        story=story,
        initials=reader.initials(employee.name),
        declined=steering.has_declined(employee, story),
        offers=[(wish, wish in employee.fewer, wishes.less(wish)) for wish in steering.wishes_for(story)],
    )


@room.post("/s/<text>/<story:story_id>/not-for-me")
def say_not_for_me(text: str, story_id: int) -> Response:
    """Do what the pressed button says: decline the story or want less of its like, or take that back."""
    employee, story = _open(text, story_id)
    nonces.check(text, f"not-for-me:{story_id}")
    act, wish = request.form.get("act", ""), request.form.get("wish", "")
    if act in ("fewer", "undo-fewer") and wish not in steering.wishes_for(story):
        abort(400)
    if act == "decline":
        steering.decline(employee, story)
    elif act == "undo-decline":
        steering.undo_decline(employee, story.id)
    elif act == "fewer":
        steering.wish(employee, wish)
    elif act == "undo-fewer":
        steering.undo_wish(employee, wish)
    else:
        abort(400)
    return redirect(url_for("steering.not_for_me", text=text, story_id=story_id, _anchor="done"), 303)


def _opened(text: str, story_id: int, network: str) -> tuple[Employee, Share]:
    employee, story = _open(text, story_id)
    share = unsaid.share_on(employee, story, network) if network in NETWORKS else None
    if share is None:
        abort(404)
    return employee, share


@room.get("/s/<text>/<story:story_id>/<network>/posted")
def posted(text: str, story_id: int, network: str) -> str:
    """Ask whether she posted it. Changes nothing."""
    employee, share = _opened(text, story_id, network)
    return reader.show(
        "inbox/posted.html",
        text,
        story=share.story,
        share=share,
        label=reader.network_label(network),
        initials=reader.initials(employee.name),
        worth=unsaid.worth(share),
        rules=settling.terms().rules,
    )


@room.post("/s/<text>/<story:story_id>/<network>/posted")
def say_posted(text: str, story_id: int, network: str) -> Response:
    """Take her word that she shared it."""
    employee, share = _opened(text, story_id, network)
    nonces.check(text, f"posted:{story_id}:{network}")
    shares.declare(employee, share)
    return redirect(url_for("steering.posted", text=text, story_id=story_id, network=network), 303)
