"""Badges in the console. In: what the liaison switches, declares and tries. Out: each badge with how many hold it.

Counts of five and more alone are figures of a group; smaller ones say "fewer than five", so that nobody is singled out.
"""

from __future__ import annotations

import json

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from scoring.badges import LEVELS, PROBLEMS, Wrong, write
from service import badge_fillings, badges, jobs, words_of_score
from service.validation import N_
from service.web.console.room import done, room
from service.web.language import current, ngettext
from service.web.language import gettext as _

FEW = 5
"""A smaller number of people is not told."""

EXAMPLE = """{
  "slug": "green-thumb",
  "title": {"en": "Green thumb"},
  "help": {"en": "Readers came for your stories about nature."},
  "levels": [3, 10],
  "criterion": {"kind": "shares", "topic": "nature"}
}"""
"""What the field begins with."""

REASONS = {
    "object": N_("write an object with slug, title, help, levels and criterion"),
    "unknown": N_("there is no such field; there are %(known)s"),
    "missing": N_("please fill this in"),
    "slug": N_("use small letters, digits and single hyphens, at most 40 characters"),
    "language": N_("name a language by its code, like en"),
    "words": N_("write words by language, at most %(most)d characters each"),
    "levels": N_("list one to %(most)d levels, each greater than the one before"),
    "level": N_("a level is a whole number from 1 to %(most)d, or one of %(rules)s"),
    "percent": N_("a team's level is per cent, from 1 to 100"),
    "kind": N_("choose one of %(known)s"),
    "narrowed": N_("a criterion of this kind is not narrowed by this"),
    "proof": N_("choose one of %(known)s"),
    "yes": N_("write true or false"),
    "word": N_("write one slug, like %(example)s"),
}
"""scoring.badges.PROBLEMS, for the catalogue."""

if REASONS != PROBLEMS:
    raise RuntimeError("REASONS must say what scoring.badges.PROBLEMS says")


@room.get("/badges")
def badge_list() -> str:
    """Show every badge."""
    trial = badge_fillings.trial()
    tried = trial.tried if trial else None
    text = json.dumps(tried[0] if len(tried) == 1 else tried, indent=2, ensure_ascii=False) if tried else EXAMPLE
    return _page(text)


def _page(text: str, error: str = "") -> str:
    rows = []
    for standing in badges.standings():
        name, help_ = words_of_score.of_badge(standing.badge, current())
        rows.append((standing, _(name), _(help_) if help_ else "", json.dumps(write(standing.badge))))
    return render_template(
        "console/badges.html",
        noun="console.badge_list",
        rows=rows,
        text=text,
        trial=badge_fillings.trial(),
        filling=badge_fillings.latest(),
        error=error,
        few=FEW,
        most=LEVELS,
    )


@room.post("/badges/<slug>")
def badge_switch(slug: str) -> Response:
    """Switch a badge on or off."""
    act = request.form.get("act")
    if act not in ("on", "off"):
        abort(400)
    try:
        badges.switch(slug, act == "on")
    except badges.Unknown:
        abort(404)
    undo = {"action": url_for("console.badge_switch", slug=slug), "fields": [("act", "off" if act == "on" else "on")]}
    if act == "on":
        done(_("This badge is given from now on."), undo=undo)
    else:
        done(_("This badge is given no more. Who has it keeps it."), undo=undo)
    return redirect(url_for("console.badge_list"))


@room.post("/badges")
def badge_declare() -> str | Response | tuple[str, int]:
    """Try a declaration, or keep it."""
    text = request.form.get("declaration", "")
    try:
        found = json.loads(text)
        if request.form.get("act") != "keep":
            if badge_fillings.try_out(found).finished_at is None:
                jobs.wake(badge_fillings.TASK)
            return redirect(url_for("console.badge_list", _anchor="own"), 303)
        badges.apply(found)
        badge_fillings.forget_trial()
    except ValueError as problem:
        if isinstance(problem, Wrong):
            words = f"{problem.field}: {_(REASONS[problem.problem], **problem.values)}"
        else:
            words = _("This is no JSON. Look at line %(line)s.", line=getattr(problem, "lineno", 1))
        return _page(text, error=words), 422
    done(_("Kept. Fill it in to give it to those who earned it already."))
    return redirect(url_for("console.badge_list"))


@room.post("/badges/fill")
def badge_fill() -> Response:
    """Let a worker give everybody what she earned already, without mails."""
    badge_fillings.begin()
    jobs.wake(badge_fillings.TASK)
    return redirect(url_for("console.badge_list", _anchor="fill"), 303)


def need() -> tuple[str, str, str] | None:
    """Return what *This week* says of rules that look broken: sentence, act, address; None where none does."""
    count = sum(1 for standing in badges.standings() if standing.warning)
    if not count:
        return None
    sentence = ngettext(
        "The rule of %(num)s badge wants a look: nobody earns it any more, or nearly everybody has it.",
        "The rules of %(num)s badges want a look: nobody earns them any more, or nearly everybody has them.",
        count,
    )
    return sentence, _("Look at it"), url_for("console.badge_list")
