"""The mail folder in the browser: each mail as its receiver sees it, and never where real mail could be."""

from __future__ import annotations

import re
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask

from service import config, create_app
from service.database import db
from tests import week47


def written(app: Flask, number: int, kind: str = "digest", subject: str = "Six good reads", to: str = "Noor") -> str:
    """Write a mail into the folder as delivery does; return the file's name."""
    mail = EmailMessage()
    mail["Subject"], mail["To"] = subject, f"{to} <{to.lower()}@beacon.example>"
    mail["From"], mail["Date"] = "Liam <liam@beacon.example>", "Tue, 17 Nov 2026 08:00:00 +0000"
    mail.set_content(f"Read https://good.example/s/x as text, {to}")
    mail.add_alternative(f"<html><head></head><body><script>alert(1)</script><p>Ciao {to}</p></body></html>", "html")
    mail["Content-Language"] = "it"
    folder: Path = app.config["GOODWORD"].mail_folder
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{number:08d}-{kind}-abc123.eml"
    (folder / name).write_bytes(mail.as_bytes())
    return name


def test_an_empty_folder_says_what_to_do_first(app: Flask) -> None:
    assert "No mail yet" in app.test_client().get("/mails/").text


def test_mails_are_listed_newest_first_with_kind_subject_and_receiver(app: Flask) -> None:
    week47.programme()
    written(app, 1, "invitation", "Welcome", "Bea")
    written(app, 2)
    page = app.test_client().get("/mails/").text
    assert page.index("Six good reads") < page.index("Welcome")
    assert re.search(r">Noor</span><br><span[^>]*>noor@beacon.example</span>", page) and "Invitation" in page
    only = app.test_client().get("/mails/?kind=invitation").text
    assert "Welcome" in only and "Six good reads" not in only


def test_names_are_searched_for_without_standing_in_an_address(app: Flask) -> None:
    written(app, 1, to="Bea", subject="For Bea")
    written(app, 2)
    page = app.test_client().post("/mails/", data={"q": "for BEA"}).text
    assert "For Bea" in page and "Six good reads" not in page
    assert "Nothing fits" in app.test_client().post("/mails/", data={"q": "nobody"}).text


def test_fifty_mails_stand_on_a_page(app: Flask) -> None:
    for number in range(1, 53):
        written(app, number, subject=f"Mail {number:02}")
    first, second = (app.test_client().get(f"/mails/?page={n}").text for n in (1, 2))
    assert "Mail 52" in first and "Mail 03" in first and "Mail 02" not in first
    assert "Mail 02" in second and "Mail 03" not in second
    assert app.test_client().get("/mails/?page=99").status_code == 200


def test_a_mail_is_shown_as_html_text_and_headers(app: Flask) -> None:
    name = written(app, 7)
    client = app.test_client()
    page = client.get(f"/mails/{name}").text
    assert f'src="/mails/{name}/html"' in page
    assert 'sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"' in page
    text = client.get(f"/mails/{name}?view=text").text
    assert 'href="https://good.example/s/x"' in text
    assert "<dt>Content-Language</dt><dd>it</dd>" in client.get(f"/mails/{name}?view=headers").text
    assert client.get(f"/mails/{name}/raw").data.startswith(b"Subject: Six good reads")


def test_the_frame_runs_no_script_and_its_links_open_a_window_of_their_own(app: Flask) -> None:
    answer = app.test_client().get(f"/mails/{written(app, 7)}/html")
    assert '<base target="_blank">' in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ") and "allow-scripts" not in policy and "default-src 'none'" in policy


@pytest.mark.parametrize(
    "name", ["..%2Fsecret", "secret", "00000099-digest-abc.eml", "x-digest-abc.eml", "1-digest-a.eml%00"]
)
def test_only_mails_are_served(app: Flask, name: str) -> None:
    written(app, 1)
    for path in (f"/mails/{name}", f"/mails/{name}/html", f"/mails/{name}/raw"):
        assert app.test_client().get(path).status_code == 404


@pytest.mark.parametrize("change", [{"env": "production"}, {"mail": "smtp"}])
def test_there_is_no_folder_to_see_in_production_or_with_smtp(settings: config.Config, change: dict[str, str]) -> None:
    app = create_app(replace(settings, **change))  # type: ignore[arg-type]
    name = written(app, 1)
    for path in ("/mails/", f"/mails/{name}", f"/mails/{name}/html", f"/mails/{name}/raw"):
        assert app.test_client().get(path).status_code == 404
    with app.app_context():
        db.engine.dispose()
