"""Settings in the console. In: forms. Out: the programme, the liaisons and one's own account as they say, or why."""

from __future__ import annotations

import re
from html import unescape as html_unescape

import pytest
from flask import Flask

from service import liaisons, policy_examples, programmes
from service.database import db
from tests import week47
from tests.liam import Liam, at_the_console


@pytest.fixture
def liam(app: Flask) -> Liam:
    week47.programme()
    return at_the_console(app)


def fields(html: str) -> dict[str, str]:
    """Return what the first long form of a page would send as it stands."""
    form = html[html.index("data-keep") : html.rindex("</form>")]
    sent = dict(re.findall(r'<input id="([\w-]+)"[^>]*? value="([^"]*)"', form))
    sent |= dict(re.findall(r'<textarea id="([\w-]+)"[^>]*>([^<]*)<', form))
    for name, options in re.findall(r'<select id="(\w+)".*?>(.*?)</select>', form, re.S):
        sent[name] = re.search(r'value="([^"]*)" selected', options)[1]  # type: ignore[index]
    return {name: html_unescape(value) for name, value in sent.items()}


def test_a_text_to_begin_with_is_taken_over_into_the_form_and_kept_only_when_saved(liam: Liam) -> None:
    programmes.change(languages="en,it,sl,de", policy={"en": "Ours."})
    page = liam.get("/console/settings").text
    offered = {"policy-it", "policy-sl", "style_guide-en", "style_guide-it", "style_guide-sl"}
    assert set(re.findall(r'name="take" value="([\w-]+)"', page)) == offered
    sent = {**fields(page), "name": "Beacon Aloud"}
    shown = liam.post("/console/settings", {**sent, "take": "policy-it"})
    now = fields(shown.text)
    assert "Liam" in now["policy-it"] and "parole tue" in now["policy-it"] and now["name"] == "Beacon Aloud"
    assert now["policy-en"] == "Ours." and 'value="policy-it"' not in shown.text
    db.session.expire_all()
    assert programmes.current().policy == {"en": "Ours."}
    assert "Changed." in liam.post("/console/settings", now).text
    db.session.expire_all()
    assert set(programmes.current().policy) == {"en", "it"} and programmes.current().name == "Beacon Aloud"


def test_every_text_to_begin_with_stands_in_three_languages_and_is_short(liam: Liam) -> None:
    for name in ("policy", "style_guide"):
        for language in ("en", "it", "sl"):
            text = policy_examples.example(programmes.current(), name, language)
            assert 200 < len(text) < 1000 and "%" not in text, (name, language)
    assert policy_examples.example(programmes.current(), "policy", "de") == ""


def test_settings_saved_as_shown_change_nothing(liam: Liam) -> None:
    before = {name: getattr(programmes.current(), name) for name in programmes.FIELDS}
    sent = fields(liam.get("/console/settings").text)
    assert "Changed." in liam.post("/console/settings", sent).text
    db.session.expire_all()
    assert {name: getattr(programmes.current(), name) for name in programmes.FIELDS} == before


def test_settings_are_changed_and_refusals_stand_beside_their_fields(liam: Liam) -> None:
    sent = fields(liam.get("/console/settings").text)
    wrong = liam.post("/console/settings", {**sent, "zone": "Nowhere", "digest_size": "99", "name": ""})
    assert wrong.status_code == 422 and "3 fields need another look" in wrong.text
    assert 'id="zone-wrong"' in wrong.text and 'value="Nowhere"' in wrong.text
    right = {
        "name": "Window seat",
        "digest_size": "4",
        "policy-it": "Con calma.",
        "disclosure-en": "#ad",
        "block_list": "guaranteed = We guarantee nothing.",
        "second_approval": "1",
        "works_council": "1",
    }
    liam.post("/console/settings", {**sent, **right})
    db.session.expire_all()
    found = programmes.current()
    assert (found.name, found.digest_size, found.policy, found.disclosure) == (
        "Window seat",
        4,
        {"it": "Con calma."},
        {"en": "#ad"},
    )
    assert found.block_list == {"guaranteed": "We guarantee nothing."}
    assert found.second_approval and found.works_council


def test_only_an_owner_switches_works_council_mode(liam: Liam) -> None:
    programmes.change(works_council=True)
    liaisons.add("lena@beacon.example", "Lena", "open house of ours", role="liaison")
    assert liam.sign_in(email="lena@beacon.example").status_code == 200
    page = liam.get("/console/settings").text
    assert "works_council" not in page
    liam.post("/console/settings", fields(page))
    db.session.expire_all()
    assert programmes.current().works_council


def test_a_new_liaison_chooses_her_password_by_a_link_that_works_once(liam: Liam, app: Flask) -> None:
    liam.get("/console/settings/liaisons")
    given = {"email": "vera@beacon.example", "name": "Vera", "role": "viewer"}
    page = liam.post("/console/settings/liaisons", given).text
    path = re.search(r"https://good\.example(/console/welcome/[\w-]+)", page)[1]  # type: ignore[index]
    assert path not in liam.get("/console/settings/liaisons").text
    vera = Liam(app)
    assert "Welcome, Vera" in vera.get(path).text
    assert vera.post(path, {"password": "short"}).status_code == 422
    vera.post(path, {"password": "a password of hers"})
    assert vera.get(path).status_code == 410
    assert vera.sign_in("a password of hers", email="vera@beacon.example").status_code == 200
    assert vera.get("/console/settings/liaisons").status_code == 403


def test_roles_are_changed_and_the_last_owner_is_not_demoted(liam: Liam) -> None:
    vera = liaisons.add("vera@beacon.example", "Vera", "open house of ours", role="viewer")
    liam.get("/console/settings/liaisons")
    assert "only owner" in liam.post("/console/settings/liaisons/1", {"act": "role", "role": "viewer"}).text
    liam.post(f"/console/settings/liaisons/{vera.id}", {"act": "role", "role": "editor"})
    db.session.expire_all()
    assert [(x.name, x.role) for x in liaisons.everybody()] == [("Liam Novak", "owner"), ("Vera", "editor")]
    liam.post(f"/console/settings/liaisons/{vera.id}", {"act": "remove"})
    assert [x.name for x in liaisons.everybody()] == ["Liam Novak"]


def test_a_liaison_changes_her_own_account_and_password(liam: Liam) -> None:
    liam.get("/console/account")
    page = liam.post("/console/account", {"name": "Liam N.", "language": "it", "zone": "Asia/Tokyo"}).text
    assert 'lang="it"' in page and "Liam N." in page
    words = {"act": "password", "old": "wrong one here", "password": "a new password"}
    assert liam.post("/console/account", words).status_code == 422
    liam.post("/console/account", {**words, "old": "open house of ours"})
    assert liam.open("/console/account").status_code == 200
    assert liaisons.check_password("liam@beacon.example", "a new password").zone == "Asia/Tokyo"
