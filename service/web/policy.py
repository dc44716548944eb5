"""The policy. In: a language, if one is chosen. Out: what to share and what not, in the programme's own words."""

from __future__ import annotations

from flask import Blueprint, abort, g, render_template, request

from emails.render import direction
from service import programmes, wording
from service.locales import own_name
from service.web import language as pages

room = Blueprint("policy", __name__)


@room.get("/policy")
def policy() -> str:
    """Show the policy in the language that was asked for, the browser's or the programme's first; else 404."""
    found = programmes.found()
    asked = request.args.get("language") or request.accept_languages.best_match(list(found.policy) if found else [])
    said = wording.policy_in(found, asked or "") if found else None
    if found is None or said is None:
        abort(404)
    language, text = said
    if language in pages.LANGUAGES:
        g.language = language
    return render_template(
        "policy.html",
        programme=found,
        programme_name=found.name,
        language=language,
        direction=direction(language),
        paragraphs=text.split("\n\n"),
        others=[(code, own_name(code)) for code in found.policy if code != language],
    )
