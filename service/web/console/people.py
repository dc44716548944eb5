"""People in the console. In: a search, filters, picked people. Out: who takes part, and acts on many with undo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service import programmes
from service.database import db
from service.models import Team
from service.people import acts, cohorts, finding, gate
from service.validation import Invalid, whole, wholes
from service.web.console.person import known
from service.web.console.room import done, refused, room
from service.web.console.session import safe_next
from service.web.console.words import language_name, people_states, said_all
from service.web.language import gettext as _
from service.web.language import ngettext


@dataclass(frozen=True)
class Asked:
    """What the address and the form ask for. Unknown values fall back quietly."""

    q: str
    chosen: dict[str, str]
    sort: str
    page: int

    def url(self, **changes: Any) -> str:
        """Return this list's address with changes; a search came by POST and stays out of every address."""
        now: dict[str, Any] = {**self.chosen, "sort": self.sort if self.sort != "name" else None, "page": self.page}
        if set(changes) - {"page"}:
            now["page"] = 1
        now |= changes
        if now.get("page") == 1:
            now.pop("page")
        endpoint = now.pop("endpoint", "console.people")
        return url_for(endpoint, **{name: value for name, value in now.items() if value not in (None, "")})

    def sort_url(self, key: str) -> str:
        return self.url(sort=f"-{key}" if self.sort == key else key)

    def aria_sort(self, key: str) -> str:
        return {key: "ascending", f"-{key}": "descending"}.get(self.sort, "none")


@room.get("/people", endpoint="people")
def index() -> str:
    """Show who takes part."""
    return page("")


@room.post("/people/search")
def people_search() -> str:
    """Show who fits a search. By POST: names and addresses never stand in an address."""
    return page(request.form.get("q", "")[:100].strip())


def choices() -> dict[str, tuple[str, dict[str, str]]]:
    """Return the filters beside status: name → (label, value → words)."""
    teams = {str(t.id): t.name for t in db.session.scalars(sa.select(Team).order_by(Team.name))}
    programme = programmes.current()
    yes = {"1": _("Yes")}
    found = {
        "team": (_("Team"), {**teams, "none": _("No team")} if teams else {}),
        "office": (_("Office"), {office: office for office in finding.offices()}),
        "language": (_("Language"), {code: language_name(code) for code in programme.languages}),
        "cohort": (_("Group"), {str(group.id): group.name for group in cohorts.everyone()}),
        "leader": (_("Advocacy leaders"), yes),
        "suppressed": (_("Some mail is stopped"), yes),
        "draws": (_("Left out of draws"), yes),
    }
    if gate.settings().limited:
        found["waits"] = (_("Waits until the programme is widened"), yes)
    return {name: each for name, each in found.items() if each[1]}


def page(q: str) -> str:
    """Return the list of people, narrowed by the words `q` and the address's filters."""
    filters = choices()
    values = {"status": people_states(), **{name: values for name, (_label, values) in filters.items()}}
    chosen = {name: request.args[name] for name in values if request.args.get(name) in values[name]}
    sort = request.args.get("sort", "")
    number = request.form.get("page", type=int) or request.args.get("page", 1, type=int)
    asked = Asked(q, chosen, sort if sort in finding.SORTS else "name", number)
    found = finding.find(q, chosen, asked.sort, asked.page)
    asked = Asked(asked.q, asked.chosen, asked.sort, found.page)
    lines = known(q) if q and not found.total and "@" in q else None
    return render_template(
        "console/people.html",
        noun="console.people",
        asked=asked,
        found=found,
        anybody=bool(found.total or q) or finding.anybody(),
        states=people_states(),
        filters=filters,
        lines=lines,
        per_page=finding.PER_PAGE,
        back=asked.url(),
    )


@room.post("/people/bulk")
def people_bulk() -> Response:
    """Move, suspend, leave out of draws or group the picked people; the next page offers to undo it."""
    back = redirect(safe_next(request.form.get("back") or url_for("console.people")))
    act, picked = request.form.get("act", ""), wholes(request.form.getlist("pick"))
    if act not in BULK:
        abort(400)
    if not picked:
        refused(_("Pick at least one person first."))
        return back
    try:
        words, before = BULK[act](picked)
    except Invalid as refusal:
        refused(" ".join(said_all(refusal.errors).values()))
        return back
    fields: list[tuple[str, Any]] = [("act", act), ("before", ",".join(before)), ("back", request.form.get("back", ""))]
    if act == "cohort":
        fields.append(("cohort", request.form.get("cohort", "")))
    done(words, undo={"action": url_for("console.people_undo"), "fields": fields} if before else None)
    return back


def _team(picked: list[int]) -> tuple[str, list[str]]:
    wanted = request.form.get("team", "")
    changed = acts.move(acts.find(picked), None if wanted == "none" else whole(wanted) or 0)
    words = ngettext("%(num)s person is in another team now.", "%(num)s people are in another team now.", len(changed))
    return words, [f"{number}:{before or 0}" for number, before in changed]


def _cohort(picked: list[int]) -> tuple[str, list[str]]:
    changed = cohorts.add(whole(request.form.get("cohort")) or 0, acts.find(picked))
    words = ngettext("%(num)s person is new in the group.", "%(num)s people are new in the group.", len(changed))
    return words, [str(number) for number in changed]


def _suspend(picked: list[int]) -> tuple[str, list[str]]:
    changed = acts.suspend(acts.find(picked))
    words = ngettext("%(num)s person is suspended.", "%(num)s people are suspended.", len(changed))
    return words, [str(number) for number in changed]


def _exclude(picked: list[int]) -> tuple[str, list[str]]:
    changed = acts.exclude(acts.find(picked))
    words = ngettext(
        "%(num)s person is left out of draws to come.", "%(num)s people are left out of draws to come.", len(changed)
    )
    return words, [str(number) for number in changed]


BULK = {"team": _team, "cohort": _cohort, "suspend": _suspend, "exclude": _exclude}
"""Act on many → what it says and whom it changed."""


@room.post("/people/undo")
def people_undo() -> Response:
    """Take the last act on many back, for those whom it changed."""
    act, before = request.form.get("act", ""), request.form.get("before", "").split(",")
    numbers = wholes([part.partition(":")[0] for part in before])
    if act == "team":
        teams: dict[int | None, list[int]] = {}
        for part in before:
            number, _colon, team = map(whole, part.partition(":"))
            if number is not None and team is not None:
                teams.setdefault(team or None, []).append(number)
        for team_id, ids in teams.items():
            acts.move(acts.find(ids), team_id)
    elif act == "cohort":
        cohorts.remove(whole(request.form.get("cohort")) or 0, numbers)
    elif act == "suspend":
        acts.reinstate(acts.find(numbers))
    elif act == "exclude":
        acts.exclude(acts.find(numbers), False)
    else:
        abort(400)
    done(_("Undone."))
    return redirect(safe_next(request.form.get("back") or url_for("console.people")))
