"""Mails of campaigns in the console. In: a campaign and one of its mails. Out: how it looks; sent when pressed for."""

from __future__ import annotations

from flask import Response as FlaskResponse
from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service import campaign_mails, jobs
from service.campaign_mails import Which
from service.database import db
from service.models import Campaign
from service.validation import Invalid
from service.web.console.cards import framed
from service.web.console.room import done, programme, refused, room
from service.web.console.words import said_all
from service.web.language import gettext as _


@room.get("/campaigns/<int:campaign_id>/mails/<which>")
def campaign_mail(campaign_id: int, which: str) -> str:
    """Show one of a campaign's mails as it would be now."""
    found, language = _asked(campaign_id, which)
    return render_template(
        "console/campaign_mail.html",
        noun="console.campaigns",
        campaign=found,
        which=which,
        look=campaign_mails.preview(found, which, language),
        language=language,
        languages=(mine.languages if (mine := programme()) else []),
        recipients=campaign_mails.recipients(found),
        done=getattr(found, f"{which}_done_at"),
        asked=getattr(found, f"{which}_asked_at"),
        view="text" if request.args.get("view") == "text" else "html",
        phone=request.args.get("size") == "phone",
    )


@room.get("/campaigns/<int:campaign_id>/mails/<which>/body")
def campaign_mail_body(campaign_id: int, which: str) -> FlaskResponse:
    """Answer the mail's HTML alone, for the frame; its links open nothing."""
    found, language = _asked(campaign_id, which)
    html = campaign_mails.preview(found, which, language).html
    return framed(html.replace("<head>", '<head><base target="_blank">', 1))


@room.post("/campaigns/<int:campaign_id>/mails/<which>")
def campaign_mail_send(campaign_id: int, which: str) -> Response:
    """Let the mail go to the whole audience now."""
    found, _language = _asked(campaign_id, which)
    try:
        campaign_mails.ask(found, which)
    except Invalid as refusal:
        db.session.rollback()
        refused(" ".join(said_all(refusal.errors).values()))
    else:
        jobs.wake("campaign-mails")
        done(_("It is on its way, to each of the audience once."))
    return redirect(url_for("console.campaign", campaign_id=campaign_id))


def _asked(campaign_id: int, which: str) -> tuple[Campaign, str]:
    found, mine = db.get_or_404(Campaign, campaign_id), programme()
    if which not in tuple(Which) or mine is None:
        abort(404)
    wanted = request.args.get("language", "")
    offered = found.languages or mine.languages
    return found, wanted if wanted in mine.languages else offered[0]
