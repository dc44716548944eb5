"""Rules in the console. In: numbers of a form. Out: what they would have changed, and then a version of the rules.

A change is always tried on what happened before it can be saved. In works-council mode nobody is named, and groups of
fewer than five are not counted.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from emails.networks import NETWORKS
from scoring import points
from scoring.rules import BY_NETWORK, MOST, Rules
from service import boards, clock, jobs, rule_sets, trials, words_of_rules
from service.books import terms
from service.database import db
from service.models import Employee, RuleTrial
from service.validation import N_, Invalid, Words, whole
from service.web.console.lists import paged
from service.web.console.room import done, refused, room
from service.web.console.words import network_name, said_all
from service.web.language import gettext as _

FEWEST = 5
"""A group of fewer people is not counted in works-council mode."""

REASONS = {
    points.DECLARED: "declared",
    points.SEEN: "seen",
    points.CONFIRMED: "confirmed",
    points.OWN_WORDS: "own_words",
    points.FIRST_SHARE: "first_share",
    points.ACTIVE_WEEK: "active_week",
    points.VISITOR: "visitor",
    points.SUGGESTION: "suggestion",
}
"""Reason of a line → the rule whose label says it."""

LABELS = {row.name: row.label for _slug, _title, rows in words_of_rules.GROUPS for row in rows}


@room.get("/rules", endpoint="rules")
def index() -> str:
    """Show the rules that hold, what is planned, and the form to change them."""
    return form(_begin(), {})


def _begin() -> dict[str, Any]:
    """Return what the form begins with: the newest rules, and the last thirty days to try others on."""
    begin, end = trials.default_period()
    last = (end - timedelta(microseconds=1)).astimezone(_zone()).date()
    period = {"since": begin.astimezone(_zone()).date().isoformat(), "until": last.isoformat()}
    return {**_flat(rule_sets.newest().rules), **period}


@room.get("/rules/file")
def rules_file() -> Response:
    """Give the newest rules as a file that says what each means, in the liaison's language."""
    told = {"Content-Disposition": 'attachment; filename="rules.toml"'}
    text = rule_sets.as_toml(rule_sets.newest().rules, _)
    return Response(text, mimetype="application/toml", headers=told)


@room.post("/rules/file")
def rules_read() -> str | tuple[str, int]:
    """Fill the form in from a file; nothing is saved by it."""
    file = request.files.get("file")
    data = file.read(rule_sets.LARGEST + 1) if file else b""
    try:
        if not data or len(data) > rule_sets.LARGEST:
            raise Invalid({"file": Words(N_("Choose a file of rules, at most 100 KB large."))})
        rules = rule_sets.from_file(data.decode(), (file.filename if file else "") or "")
    except UnicodeDecodeError:
        return form(_begin(), {"file": _("This file is not written in UTF-8.")}), 422
    except Invalid as refusal:
        db.session.rollback()
        return form(_begin(), said_all(refusal.errors)), 422
    return form({**_begin(), **_flat(rules)}, {}, read=True)


@room.post("/rules")
def rules_try() -> Response | tuple[str, int]:
    """Try what was typed on a period."""
    values: dict[str, Any] = {key: value.strip() for key, value in request.form.items() if key != "csrf_token"}
    errors: dict[str, str] = {}
    since, until = _day(values.get("since", "")), _day(values.get("until", ""))
    if since is None:
        errors["since"] = _("Write the first day of the period.")
    if until is None or (since and until < since) or until > clock.now() + timedelta(days=366):
        errors["until"] = _("Write the last day of the period, not before the first.")
    try:
        rules = rule_sets.checked(_typed(values))
    except Invalid as refusal:
        db.session.rollback()
        return form(values, {**said_all(refusal.errors), **errors}), 422
    if errors or since is None or until is None:
        return form(values, errors), 422
    row = trials.begin(rules, since, until + timedelta(days=1), g.liaison.id)
    if db.session.scalar(sa.select(RuleTrial.result.is_(None)).where(RuleTrial.id == row.id)):
        jobs.wake("rules")
    return redirect(url_for("console.rules_trial", number=row.id), 303)


@room.get("/rules/trials/<int:number>")
def rules_trial(number: int) -> str:
    """Show what a trial found, or how far it is."""
    return trial(_found(number), {})


@room.post("/rules/trials/<int:number>")
def rules_save(number: int) -> Response | tuple[str, int]:
    """Save the rules of a trial as a version."""
    row = _found(number)
    day = _day(request.form.get("valid_from", ""))
    if day is None:
        return trial(row, {"valid_from": _("Write the day from which the rules hold.")}), 422
    try:
        saved = rule_sets.save(Rules.of(row.values), day, request.form.get("note", ""), g.liaison.id)
    except Invalid as refusal:
        db.session.rollback()
        return trial(_found(number), said_all(refusal.errors)), 422
    done(_("Saved as version %(number)s.", number=saved.number))
    return redirect(url_for("console.rules"), 303)


@room.post("/rules/withdraw/<int:number>")
def rules_withdraw(number: int) -> Response:
    """Take back a version that has not begun."""
    if rule_sets.withdraw(number):
        done(_("Taken back. The rules stay as they are."))
    else:
        refused(_("This version holds already; change the rules instead."))
    return redirect(url_for("console.rules"), 303)


def form(values: dict[str, Any], errors: dict[str, str], read: bool = False) -> str:
    """Return the page of rules with these values in its form, `read` from a file or not, and refusals beside them."""
    versions = rule_sets.versions()
    listing = paged(versions, endpoint="console.rules")
    return render_template(
        "console/rules.html",
        noun="console.rules",
        v=values,
        read=read,
        errors=errors,
        usual=_flat(Rules()),
        groups=words_of_rules.GROUPS,
        labels={**{name: _(label) for name, label in LABELS.items()}, **_network_labels(), **_period_labels()},
        networks=NETWORKS.values(),
        by_network=words_of_rules.BY_NETWORK,
        own=[slug for slug in NETWORKS if any(values.get(f"networks.{slug}.{rule}") for rule in BY_NETWORK)],
        valid=rule_sets.valid(),
        planned=rule_sets.planned(),
        listing=listing,
        changes=[(version, _changes(version, versions)) for version in listing.rows],
        most=MOST,
    )


def trial(row: RuleTrial, errors: dict[str, str]) -> str:
    """Return a trial's page with refusals beside the fields of saving."""
    outcome = row.result
    hidden = boards.only_groups()
    largest = outcome["largest"] if outcome and not hidden else []
    names = sa.select(Employee.subject, Employee.alias, Employee.name)
    found = {
        line.subject: line.alias or line.name
        for line in db.session.execute(names.where(Employee.subject.in_([subject for subject, *_r in largest])))
    }
    order = {reason: n for n, reason in enumerate(points.REASONS)}
    return render_template(
        "console/rules_trial.html",
        noun="console.rules",
        trial=row,
        last=row.until - timedelta(microseconds=1),
        outcome=outcome,
        hidden=hidden,
        few=bool(hidden and outcome and 0 < outcome["up"] + outcome["down"] < FEWEST),
        fewest=FEWEST,
        reasons=[
            (_reason(reason), before, after)
            for reason, (before, after) in sorted(
                (outcome or {"reasons": {}})["reasons"].items(), key=lambda item: order.get(item[0], 99)
            )
        ],
        largest=[(found.get(subject), before, after) for subject, before, after in largest],
        changes=_between(rule_sets.newest().rules, Rules.of(row.values)),
        valid_from=request.form.get("valid_from") or rule_sets.next_monday().astimezone(_zone()).date().isoformat(),
        note=request.form.get("note", ""),
        errors=errors,
    )


def _found(number: int) -> RuleTrial:
    row = trials.find(number)
    if row is None:
        abort(404)
    return row


def _zone() -> ZoneInfo:
    return ZoneInfo(terms().zone)


def _day(text: str) -> datetime | None:
    """Return when a day that was typed begins in the programme's zone; None for what is no day of these times."""
    try:
        return datetime.combine(date.fromisoformat(text.strip()), time(), _zone()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _flat(rules: Rules) -> dict[str, Any]:
    """Return the rules by field of the form: a network's own are `networks.<network>.<rule>`."""
    values = rules.to_json()
    own = values.pop("networks")
    return {**values, **{f"networks.{n}.{rule}": worth for n, rows in own.items() for rule, worth in rows.items()}}


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    """Return the rules that were typed; what is no number stays text and is refused. Empty is the default."""
    found: dict[str, Any] = {}
    for name in LABELS:
        if text := values.get(name, ""):
            found[name] = _number(text)
    networks: dict[str, dict[str, Any]] = {}
    for slug in NETWORKS:
        for rule in BY_NETWORK:
            if text := values.get(f"networks.{slug}.{rule}", ""):
                networks.setdefault(slug, {})[rule] = _number(text)
    return {**found, "networks": networks}


def _number(text: str) -> int | str:
    found = whole(text)
    return text if found is None else found


def _network_labels() -> dict[str, str]:
    return {
        f"networks.{network.slug}.{rule}": f"{network_name(network.slug)}, {_(label)}"
        for network in NETWORKS.values()
        for rule, label in words_of_rules.BY_NETWORK.items()
    }


def _period_labels() -> dict[str, str]:
    return {"since": _("From"), "until": _("To"), "file": _("File")}


def _reason(reason: str) -> str:
    if reason == points.ENGAGED:
        return _("The first readers of a conversation")
    return _(LABELS[REASONS[reason]]) if reason in REASONS else reason


def _changes(version: rule_sets.Version, versions: list[rule_sets.Version]) -> list[tuple[str, Any, Any]]:
    """Return (label, before, after) of what a version changed in the one before it."""
    older = [v for v in versions if v.number < version.number and v.withdrawn_at is None]
    return _between(older[0].rules if older else Rules(), version.rules)


def _between(one: Rules, other: Rules) -> list[tuple[str, Any, Any]]:
    before, after = _flat(one), _flat(other)
    labels = {**{name: _(label) for name, label in LABELS.items()}, **_network_labels()}
    return [
        (label, before.get(name, "–"), after.get(name, "–"))
        for name, label in labels.items()
        if before.get(name) != after.get(name)
    ]
