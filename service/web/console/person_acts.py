"""Acts on one person. In: the buttons of her page. Out: suspended, reinstated, exported, erased, and so on."""

from __future__ import annotations

import io

from flask import Response, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from service import jobs, programmes
from service.database import db
from service.models import Employee, Share
from service.people import acts, erasing, exporting
from service.validation import Invalid
from service.web.console.person import at_hand
from service.web.console.room import done, refused, room
from service.web.console.words import said_all
from service.web.language import current
from service.web.language import gettext as _


def back(number: int) -> AnyResponse:
    """Return to her page."""
    return redirect(url_for("console.person", number=number))


def name_of(employee: Employee) -> str:
    return employee.name or employee.email or ""


@room.post("/people/<int:number>/suspend")
def person_suspend(number: int) -> AnyResponse:
    """Suspend her part in the programme; the next page offers to take it back."""
    employee = at_hand(number)
    if acts.suspend([employee], request.form.get("why", "")):
        undo = {"action": url_for("console.person_reinstate", number=number), "fields": []}
        done(_("%(name)s is suspended: no mail, no points, no board, no draw.", name=name_of(employee)), undo=undo)
    else:
        refused(_("Who is suspended, has left or is gone stays so."))
    return back(number)


@room.post("/people/<int:number>/reinstate")
def person_reinstate(number: int) -> AnyResponse:
    """Take her suspension back."""
    employee = at_hand(number)
    if acts.reinstate([employee]):
        done(_("%(name)s takes part again, as before.", name=name_of(employee)))
    return back(number)


@room.post("/people/<int:number>/draws")
def person_draws(number: int) -> AnyResponse:
    """Leave her out of draws to come, or let her in again."""
    employee, out = at_hand(number), request.form.get("out") == "1"
    if acts.exclude([employee], out):
        undo = {"action": url_for("console.person_draws", number=number), "fields": [("out", "0" if out else "1")]}
        if out:
            done(_("%(name)s is left out of draws to come.", name=name_of(employee)), undo=undo)
        else:
            done(_("%(name)s enters draws to come again.", name=name_of(employee)), undo=undo)
    return back(number)


@room.post("/people/<int:number>/leads")
def person_leads(number: int) -> AnyResponse:
    """Call her an advocacy leader, or no longer."""
    employee, leads = at_hand(number), request.form.get("leads") == "1"
    acts.lead(employee, leads)
    if leads:
        done(_("%(name)s is an advocacy leader now.", name=name_of(employee)))
    else:
        done(_("%(name)s is no advocacy leader any more.", name=name_of(employee)))
    return back(number)


@room.post("/people/<int:number>/links")
def person_links(number: int) -> AnyResponse:
    """End all her links and mail her a fresh one."""
    employee = at_hand(number)
    try:
        sent = acts.reset_links(employee)
    except Invalid as refusal:
        refused(" ".join(said_all(refusal.errors).values()))
        return back(number)
    if sent:
        jobs.wake("deliver")
        done(_("All earlier links of %(name)s have ended. A fresh one is on its way by mail.", name=name_of(employee)))
    else:
        done(
            _(
                "All earlier links of %(name)s have ended. No mail may go to this address, so no fresh one was sent.",
                name=name_of(employee),
            )
        )
    return back(number)


@room.post("/people/<int:number>/data")
def person_data(number: int) -> Response | AnyResponse:
    """Give everything that is kept about her as a ZIP. By POST: no machine that follows links takes it along."""
    employee = at_hand(number)
    if programmes.current().works_council:
        refused(_("In works-council mode only she may see this. The page says how she gets it."))
        return back(number)
    packed = exporting.hand_over(employee, _, current())
    return send_file(io.BytesIO(packed), "application/zip", as_attachment=True, download_name="personal-data.zip")


@room.get("/people/<int:number>/erase")
def person_erase(number: int) -> str:
    """Ask once more before she is erased, and say what that means."""
    return asking(at_hand(number), {})


@room.post("/people/<int:number>/erase")
def person_erased(number: int) -> AnyResponse | tuple[str, int]:
    """Erase her, if the name was typed."""
    employee = at_hand(number)
    try:
        erasing.erase(employee, request.form.get("typed", ""))
    except Invalid as refusal:
        return asking(employee, said_all(refusal.errors)), 422
    done(_("Erased. Totals, past draws and the ledger still hold; nobody's name stands behind them any more."))
    return redirect(url_for("console.people"))


def asking(employee: Employee, errors: dict[str, str]) -> str:
    """Return the page that asks for the name."""
    shares = db.session.query(Share.id).filter_by(subject=employee.subject).count()
    council = programmes.current().works_council
    return render_template(
        "console/person_erase.html",
        noun="console.people",
        e=employee,
        called=erasing.called(employee),
        shares=None if council else shares,
        errors=errors,
    )
