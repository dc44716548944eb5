"""Results: report and calculator. In: a month, its readers; a programme that could be. Out: pages, one to print."""

from __future__ import annotations

import sqlalchemy as sa
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from scoring.reach import EXAMPLES, Possible
from service import boards, programmes, reports
from service.database import db
from service.models import Employee
from service.results import audiences, reckoning, scopes
from service.results.keeping import WITHIN
from service.results.periods import period
from service.results.scopes import Scope
from service.validation import Invalid
from service.web.console import results_people, results_reach, results_sharing, results_worth
from service.web.console.results import cell
from service.web.console.results_blocks import Block, bars, before_of, percent, period_name, withheld
from service.web.console.room import done, room
from service.web.console.words import language_name, said_all
from service.web.language import gettext as _
from service.web.language import show_number

PRINTED = {"weeks", "adoption", "teams", "proof", "networks", "stories", "reach", "visits", "conversions", "value"}
"""Blocks of the printed report: those that management asks for, and nothing of one person."""


@room.get("/results/report")
def results_report() -> str:
    """Show who gets the monthly report, and the months to print."""
    return _form({})


def _form(errors: dict[str, str]) -> str:
    row = reckoning.current()
    return render_template(
        "console/results_report.html",
        noun="console.results_report",
        row=row,
        readers=request.form.get("report_to", "\n".join(row.report_to)),
        errors=errors,
        languages=[(code, language_name(code)) for code in programmes.current().languages],
        months=[(m, period_name(Scope(period(m, scopes.today())))) for m in reports.months()[:24]],
        first_day=reports.FIRST_DAY,
    )


@room.post("/results/report")
def results_report_save() -> Response | tuple[str, int]:
    """Keep who gets the report."""
    try:
        reports.set_readers(request.form.get("report_to", ""), request.form.get("report_language", ""))
    except Invalid as refusal:
        db.session.rollback()
        return _form(said_all(refusal.errors)), 422
    done(_("Saved."))
    return redirect(url_for("console.results_report"))


@room.get("/results/report/print")
def results_report_print() -> str:
    """Show a month's report as a page to print."""
    today = scopes.today()
    try:
        found = period(request.args.get("period", ""), today)
    except ValueError:
        found = period(f"{today:%Y-%m}", today)
    scope, council = Scope(found), boards.only_groups()
    few = withheld(scopes.people(scope), council)
    return render_template(
        "console/results_print.html",
        noun="console.results_report",
        tab="console.results_report",
        period_name=period_name(scope),
        blocks=[] if few else _blocks(scope, council),
        few=few,
        cell=cell,
    )


def _blocks(scope: Scope, council: bool) -> list[Block]:
    now, before = scopes.of(scope), before_of(scope, council)
    found = [
        *results_people.blocks(scope, now, before, council, individuals=False),
        *results_sharing.blocks(scope, now, before, council),
        *results_reach.blocks(scope, now, before, council),
        *results_worth.blocks(scope, now, council),
    ]
    return [block for block in found if block.key in PRINTED and not block.empty]


@room.get("/results/calculator")
def results_calculator() -> str:
    """Reckon what a programme could reach."""
    people = db.session.scalar(sa.select(sa.func.count()).where(Employee.status.in_(WITHIN))) or EXAMPLES[0]
    given = Possible(
        employees=_whole("employees", people, 10_000_000),
        participation=_whole("participation", 53, 100) / 100,
        audience=_whole("audience", audiences.averages().get("linkedin", 459), audiences.LARGEST),
        shares=_whole("shares", 4, 1000),
        own=_whole("own", 2000, 1_000_000_000),
    )
    question = _("How many people could it reach?")
    rows = [(_("Colleagues' posts in a month"), given.monthly), (_("The brand by itself"), given.own)]
    return render_template(
        "console/results_calculator.html",
        noun="console.results_calculator",
        given=given,
        percent=percent,
        question=question,
        chart=bars("calculator", question, rows),
        rows=rows,
        averages=audiences.averages(),
        times=show_number(round(given.times, 1)) if given.times is not None else None,
        cell=cell,
    )


def _whole(name: str, default: int, most: int) -> int:
    found = request.args.get(name, default, type=int)
    return min(max(found, 0), most)
