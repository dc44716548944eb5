"""Settings. In: what the liaison says of the programme. Out: it changed, or each refusal beside its field."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from emails.networks import NETWORKS
from service import accepting, policy_examples, programmes
from service.locales import own_name
from service.roles import Role
from service.validation import Invalid
from service.web.console.room import done, room
from service.web.console.words import said_all
from service.web.language import gettext as _
from service.web.reader import network_label

PLAIN = (
    "name", "company", "liaison_name", "liaison_email", "sender", "zone", "languages", "digest_size", "slot_weekday",
    "slot_hour", "policy_url", "fallback_network", "link_parameters", "click_parameter", "company_networks",
)  # fmt: skip
SWITCHES = ("opt_in", "automatic_release")
OWNERS = ("works_council", "second_approval")
"""Switches that change what may be seen and decided: for owners alone."""
BY_LANGUAGE = ("policy", "style_guide", "disclosure")


@room.get("/settings")
def settings() -> str:
    """Show the programme as it is set."""
    found = programmes.current()
    values = {name: getattr(found, name) for name in (*PLAIN, *SWITCHES, *OWNERS, *BY_LANGUAGE)}
    values["networks_offered"] = programmes.networks()
    values["languages"] = ", ".join(found.languages)
    values["company_networks"] = ", ".join(found.company_networks)
    values["block_list"] = "\n".join(f"{phrase} = {why}" for phrase, why in found.block_list.items())
    return _page(values, {})


@room.post("/settings")
def settings_save() -> Response | tuple[str, int]:
    """Change the settings; nothing changes where one of them cannot stand."""
    given = _given(request.form)
    if take := request.form.get("take"):
        return _page(_taken_over(given, take), {}), 200
    try:
        programmes.change(**{**given, "block_list": _phrases(given["block_list"])})
    except Invalid as refusal:
        shown = {name: getattr(programmes.current(), name) for name in OWNERS}
        return _page({**shown, **given}, said_all(refusal.errors)), 422
    done(_("Changed."))
    return redirect(url_for("console.settings"))


def _taken_over(given: dict[str, Any], take: str) -> dict[str, Any]:
    """Return what was typed with a text to begin with in one field, `policy-it`; nothing is saved."""
    found, (name, _sign, language) = programmes.current(), take.partition("-")
    shown = {each: getattr(found, each) for each in OWNERS} | given
    if text := policy_examples.example(found, name, language):
        shown[name] = {**shown[name], language: text}
    return shown


def _given(form: MultiDict[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = {name: form.get(name, "") for name in PLAIN}
    given |= {name: name in form for name in SWITCHES}
    given["networks_offered"] = form.getlist("networks_offered")
    if g.liaison.role == Role.OWNER:
        given |= {name: name in form for name in OWNERS}
    for name in BY_LANGUAGE:
        kept = getattr(programmes.current(), name)
        said = {key.split("-", 1)[1]: form[key] for key in form if key.startswith(f"{name}-")}
        given[name] = {**kept, **said}
    return {**given, "block_list": form.get("block_list", "")}


def _phrases(text: str) -> dict[str, str]:
    rows = [line.partition("=") for line in text.splitlines() if line.strip()]
    return {phrase.strip(): why.strip() for phrase, _sign, why in rows}


def _page(values: dict[str, Any], errors: dict[str, str]) -> str:
    found = programmes.current()
    days = [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")]
    return render_template(
        "console/settings.html",
        noun="console.settings",
        v=values,
        errors=errors,
        days=list(enumerate(days, 1)),
        networks=[(slug, network_label(slug)) for slug in NETWORKS],
        tongues=[(code, own_name(code)) for code in found.languages],
        examples={
            f"{name}-{code}": text
            for name in ("policy", "style_guide")
            for code in found.languages
            if (text := policy_examples.example(found, name, code)) and not values[name].get(code, "").strip()
        },
        taken=request.form.get("take", ""),
        read=accepting.accepted() if found.policy else None,
        owner=g.liaison.role == Role.OWNER,
    )
