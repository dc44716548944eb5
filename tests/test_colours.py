"""Colours. In: a programme's one or two colours. Out: mails and pages in them that all can read, in both themes."""

from __future__ import annotations

import re
from dataclasses import asdict, replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from emails import colours, digest, render
from emails.colours import contrast, dark, light, passing
from service import outbox, programmes
from service.database import db
from service.validation import Invalid
from tests import noor as world
from tests import week47
from tests.liam import at_the_console
from tests.sample_mails import EDITION, MONTH, PROGRAMME, reader
from tests.test_look import CONTROLS, CSS, TEXT, THEMES

PLUM, OCHRE = "#7a1f5c", "#8a4b08"

any_colour = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


def test_contrast_is_what_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_the_look_of_mails_is_the_look_of_pages() -> None:
    for theme, roles in (("light", colours.LIGHT), ("dark", colours.DARK)):
        for role, colour in roles.items():
            assert THEMES[theme][role.replace("_", "-")] == colour, (theme, role)
    assert light(colours.NONE) == colours.LIGHT and dark(colours.NONE) == colours.DARK
    assert CSS.count(colours.LIGHT["act"]) == 1


@given(any_colour, any_colour)
def test_whatever_two_colours_are_chosen_every_text_and_control_is_read(act: str, celebrate: str) -> None:
    for theme, roles in (("light", light((act, celebrate))), ("dark", dark((act, celebrate)))):
        tokens = {**THEMES[theme], **{role.replace("_", "-"): colour for role, colour in roles.items()}}
        for one, other in [*TEXT, ("muted", "quiet"), ("muted", "glow")]:
            if one in ("muted", "ink") and tokens[other] == THEMES[theme][other]:
                continue  # not ours to answer for
            assert contrast(tokens[one], tokens[other]) >= 4.5, (theme, one, other)
        for one, other in CONTROLS:
            assert contrast(tokens[one], tokens[other]) >= 3, (theme, one, other)


@given(any_colour)
def test_the_nearest_shade_passes_is_itself_where_it_passes_and_is_never_lighter(colour: str) -> None:
    found = passing(colour)
    assert passing(found) == found
    assert colours.least(found) >= 4.5
    assert colours.luminance(found) <= colours.luminance(colour)
    if colours.least(colour) >= 4.5:
        assert found == colour


@pytest.mark.parametrize(
    ("written", "colour"),
    [("#0A5", "#00aa55"), (" 7a1f5c ", PLUM), ("#7A1F5C", PLUM), ("red", None), ("#12345", None), ("url(x)", None)],
)
def test_a_colour_is_taken_however_it_is_written(written: str, colour: str | None) -> None:
    assert colours.normal(written) == colour


def _digest(hue: tuple[str, str]) -> str:
    edition = replace(EDITION, programme=replace(PROGRAMME, colours=hue))
    return digest.compile(edition, "en").html(reader("en"), MONTH, [11, 14, 12])


def test_a_digest_wears_the_colours_and_its_texts_are_read() -> None:
    plain, coloured = _digest(colours.NONE), _digest((PLUM, OCHRE))
    assert render.TOKENS["act"] in plain and PLUM not in plain
    for role in ("act", "quiet", "celebrate"):
        for theirs, own in ((colours.LIGHT, light((PLUM, OCHRE))), (colours.DARK, dark((PLUM, OCHRE)))):
            assert theirs[role] not in coloured, role
            assert own[role] in coloured and own[role] not in plain, role
    pairs = set(re.findall(r'style="[^"]*background:(#\w{6});color:(#\w{6})', coloured))
    assert {(PLUM, "#ffffff"), (light((PLUM, OCHRE))["quiet"], PLUM)} <= pairs
    assert all(contrast(*pair) >= 4.5 for pair in pairs)
    inks = set(re.findall(r"[\";]color:(#\w{6})", coloured)) - {"#ffffff"}
    assert {PLUM, OCHRE} <= inks
    assert all(contrast(ink, colours.LIGHT["paper"]) >= 4.5 for ink in inks)


def test_a_colour_that_is_too_light_is_refused_with_the_nearest_shade(app: Flask) -> None:
    world.begin()
    with pytest.raises(Invalid) as refusal:
        programmes.change(colour="#ffcc00", second_colour="warm")
    nearest = passing("#ffcc00")
    assert nearest in str(refusal.value.errors["colour"]) and "second_colour" in refusal.value.errors
    programmes.change(colour=nearest.upper(), second_colour="")
    assert outbox.programme_facts()["colours"] == (nearest, "")


def test_mails_frozen_before_there_were_colours_keep_the_looks_own() -> None:
    older = {name: value for name, value in asdict(PROGRAMME).items() if name != "colours"}
    assert type(PROGRAMME)(**older).colours == colours.NONE


def test_pages_wear_the_colours_and_those_without_stay_as_they_are(client: FlaskClient) -> None:
    world.begin()
    programmes.change(policy={"en": "Share what you would tell a friend."})
    assert "/colours/" not in client.get("/policy").text
    programmes.change(colour=PLUM)
    page = client.get("/policy").text
    sheet, mark = re.findall(r'href="(/static/\w+/colours/[^"]+)"', page)
    found = client.get(sheet)
    assert found.mimetype == "text/css" and "immutable" in found.headers["Cache-Control"]
    first, second = found.text.split("@media (prefers-color-scheme: dark)")
    assert f"--act: {PLUM};" in first and f"--act: {dark((PLUM, ''))['act']};" in second
    assert "celebrate" not in found.text
    assert f'fill="{PLUM}"' in client.get(mark).text


@pytest.mark.parametrize("name", ["ffcc00-own.css", "7a1f5-own.css", "red-own.css", "7A1F5C-own.css", "ffcc00.svg"])
def test_no_sheet_is_made_of_what_no_programme_can_have(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/0/colours/{name}").status_code == 404


def test_the_liaison_looks_at_colours_takes_the_nearest_and_sees_a_mail_in_both_themes(app: Flask) -> None:
    world.begin()
    liam = at_the_console(app)
    page = liam.get("/console/settings/colours").text
    assert page.count("<iframe") == 2
    looked = liam.post("/console/settings/colours", {"colour": "#FC0", "second_colour": "", "act": "look"})
    nearest = passing("#ffcc00")
    assert "csrf" not in looked.request.full_path and "colour=%23FC0" in looked.request.full_path
    assert nearest in looked.text and "not saved yet" not in looked.text
    assert programmes.current().colour == ""
    refused = liam.post("/console/settings/colours", {"colour": "#FC0", "second_colour": OCHRE})
    assert refused.status_code == 422 and f'value="{OCHRE}"' in refused.text
    for theme, roles in (("light", light((nearest, ""))), ("dark", dark((nearest, "")))):
        mail = liam.get(f"/console/settings/colours/mail?colour=%23FC0&second_colour=&theme={theme}").text
        assert roles["act"] in mail and f'content="{theme}"' in mail
    liam.get("/console/settings/colours")
    saved = liam.post("/console/settings/colours", {"colour": nearest, "second_colour": OCHRE})
    assert "Changed." in saved.text and "not saved yet" not in saved.text
    db.session.expire_all()
    assert (programmes.current().colour, programmes.current().second_colour) == (nearest, OCHRE)


def test_a_programme_without_stories_still_shows_what_colours_look_like(app: Flask) -> None:
    week47.programme()
    liam = at_the_console(app)
    assert "A story as your colleagues will see it" in liam.get("/console/settings/colours/mail").text
