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
    asked = request.args.get("language") or request.accept_languages.best_match(
        [*found.policy, *found.style_guide] if found else []
    )
    said = wording.policy_in(found, asked or "") if found else None
    guide = wording.policy_in(found, said[0] if said else asked or "", "style_guide") if found else None
    if found is None or not (said or guide):
        abort(404)
    language, text = said or (guide[0] if guide else "", "")
    if language in pages.LANGUAGES:
        g.language = language
    return render_template(
        "policy.html",
        programme=found,
        programme_name=found.name,
        language=language,
        direction=direction(language),
        paragraphs=text.split("\n\n") if text else [],
        guide_language=guide[0] if guide else language,
        guide_direction=direction(guide[0]) if guide else "ltr",
        guide=guide[1].split("\n\n") if guide else [],
        others=[
            (code, own_name(code)) for code in dict.fromkeys([*found.policy, *found.style_guide]) if code != language
        ],
    )
