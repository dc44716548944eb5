"""Accepting. In: a policy, a style guide and who reads them. Out: one page, one button, and only how many to others."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from service import accepting, programmes
from service.database import db
from service.models import AuditLine, PolicyAcceptance
from tests import noor as world
from tests.liam import at_the_console
from tests.test_inbox import nonce_of


def test_she_says_that_she_read_the_policy_and_a_new_one_asks_again(app: Flask, client: FlaskClient) -> None:
    noor = world.begin()
    me = f"/me/{world.passes_of(noor).me}"
    assert "I have read it" not in client.get(me).text
    programmes.change(policy={"en": "Share gladly."})
    page = client.get(me).text
    form = {"nonce": nonce_of(page, f"{me}/policy"), "version": accepting.version(programmes.current())}
    assert client.post(f"{me}/policy", data={**form, "nonce": "x"}).status_code == 400
    for _again in range(2):
        said = client.post(f"{me}/policy", data=form, follow_redirects=True).text
        assert "Thank you for reading it." in said and "I have read it" not in said
    assert accepting.accepted() == (1, 1) and db.session.query(PolicyAcceptance).count() == 1
    programmes.change(policy={"en": "Share gladly, and ask."})
    assert client.post(f"{me}/policy", data=form).status_code == 422
    assert accepting.accepted() == (0, 1) and "I have read it" in client.get(me).text


def test_the_style_guide_stands_below_the_policy_and_settings_tell_only_how_many(
    app: Flask, client: FlaskClient
) -> None:
    noor = world.begin()
    programmes.change(style_guide={"en": "Write as you speak.\n\nBriefly."})
    assert "<p>Briefly.</p>" in client.get("/policy").text
    programmes.change(policy={"it": "Con calma."})
    both = client.get("/policy?language=it").text
    assert both.index("Con calma.") < both.index('lang="en" dir="ltr"') < both.index("Write as you speak.")
    accepting.accept(noor, accepting.version(programmes.current()) or "")
    liam = at_the_console(app)
    page = liam.get("/console/settings").text
    assert "1 person has read the present policy, of 1 who take part." in page and "Noor" not in page


def test_an_export_and_an_erasure_leave_lines_without_a_name(app: Flask) -> None:
    from service import audit
    from service.people import erasing, exporting

    noor = world.begin()
    subject = noor.subject
    with audit.by(None):
        exporting.hand_over(noor)
        erasing.erase(noor, "Noor Benali")
    lines = db.session.query(AuditLine).filter(AuditLine.act.in_(("exported", "erased"))).order_by(AuditLine.id)
    assert [(line.act, line.which, line.title, line.after) for line in lines] == [
        ("exported", subject, "", {}),
        ("erased", subject, "", {}),
    ]
