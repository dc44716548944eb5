"""Cards. In: programs that make previews, and people, at one short link. Out: the story's card, or the way to it."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from scoring import visits
from service import links, shares, stories
from service.cards import locale_of
from service.database import db
from service.models import Evidence, Picture, Programme
from service.models.content import Afterwards
from tests import noor as world

PREVIEWERS = {
    "LinkedIn": world.LINKEDIN["User-Agent"],
    "Facebook": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "X": "Twitterbot/1.0",
    "Telegram": "TelegramBot (like TwitterBot)",
    "WhatsApp": "WhatsApp/2.23.20.0 A",
    "Bluesky": "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)",
    "Mastodon": "Mastodon/4.5.0 (http.rb/5.3.1; +https://mastodon.social/) Bot",
    "Slack": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Teams": "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    "iMessage": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 "
    "Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "Reddit": "Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)",
}
IN_APPS = {
    "Chrome": world.CHROME,
    "LinkedIn's app": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Mobile/15E148 [LinkedInApp]/9.30.1234",
    "Facebook's app": "Mozilla/5.0 (Linux; Android 15; Pixel 9 Build/AP4A; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/131.0.0.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/490.0.0.0;]",
    "X's app": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Mobile/15E148 Twitter for iPhone/10.70",
    "a tool": "curl/8.10.1",
    "a scanner": "Barracuda Sentinel (EE)",
    "nobody": "",
}


class Head(HTMLParser):
    """Collects the meta tags, links and elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.says: dict[str, str] = {}
        self.elements: list[str] = []
        self.leads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append(tag)
        name = found.get("property") or found.get("name") or found.get("http-equiv")
        if tag == "meta" and name:
            assert name not in self.says, name
            self.says[name] = found.get("content") or ""
        if tag == "a":
            self.leads.append(found.get("href") or "")


def _share() -> str:
    noor = world.begin()
    story = world.story()
    db.session.add(Picture(hash="ab" * 32, mime="image/jpeg", width=1200, height=675, body=b"jpeg"))
    db.session.flush()
    stories.edit(story, picture_hash="ab" * 32, picture_alt="An open door")
    return shares.open_share(noor, story, "linkedin").share.code


@pytest.mark.parametrize("who", PREVIEWERS)
def test_a_program_that_makes_previews_gets_the_storys_card_at_the_links_own_address(
    client: FlaskClient, who: str
) -> None:
    code = _share()
    page = client.get(f"/r/{code}", headers={"User-Agent": PREVIEWERS[who]})
    assert page.status_code == 200
    says = Head(page.text).says
    assert says["og:title"] == says["twitter:title"] == "Why we open our doors"
    assert says["og:description"].startswith("Two hundred people")
    assert says["og:url"] == f"https://good.example/r/{code}"
    assert says["og:image"] == says["twitter:image"] == f"https://good.example/pictures/{'ab' * 32}.jpg"
    assert (says["og:image:width"], says["og:image:height"]) == ("1200", "675")
    assert says["og:image:alt"] == says["twitter:image:alt"] == "An open door"
    assert (says["og:type"], says["og:site_name"], says["og:locale"]) == ("article", "Fjord & Sons", "en_US")
    assert says["twitter:card"] == "summary_large_image"
    assert db.session.query(Evidence).filter_by(kind="visit").one().verdict == visits.BOT


@pytest.mark.parametrize("who", IN_APPS)
def test_everybody_else_is_led_on_and_nothing_is_kept(client: FlaskClient, who: str) -> None:
    answer = client.get(f"/r/{_share()}", headers={"User-Agent": IN_APPS[who], "Accept-Language": "en"})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("https://fjord.example/doors")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "User-Agent" in answer.headers["Vary"]


def test_the_card_has_a_plain_link_and_neither_refresh_nor_script(client: FlaskClient) -> None:
    page = client.get(f"/r/{_share()}", headers=world.LINKEDIN)
    head = Head(page.text)
    assert "refresh" not in head.says and "script" not in head.elements
    assert head.leads == [
        "https://fjord.example/doors?ref=home&utm_source=linkedin&utm_medium=advocacy&utm_campaign=open-house#top"
    ]


def test_the_card_speaks_the_storys_language_and_escapes_its_words(client: FlaskClient) -> None:
    code = _share()
    hostile = '"><script>alert(1)</script> & <b>«Porte aperte»'
    stories.edit(world.story(), language="it", title=hostile, summary=hostile, picture_alt=hostile)
    page = client.get(f"/r/{code}", headers={**world.LINKEDIN, "Accept-Language": "sl"})
    head = Head(page.text)
    assert head.says["og:title"] == head.says["og:description"] == head.says["og:image:alt"] == hostile
    assert head.says["og:locale"] == "it_IT"
    assert '<html lang="it"' in page.text
    assert "script" not in head.elements and "b" not in head.elements


def test_a_story_without_a_picture_has_a_small_card_without_one(client: FlaskClient) -> None:
    code = _share()
    stories.edit(world.story(), picture_hash=None, picture_alt="", summary="")
    says = Head(client.get(f"/r/{code}", headers=world.LINKEDIN).text).says
    assert says["twitter:card"] == "summary"
    assert not {"og:image", "og:description", "description", "twitter:image"} & set(says)


def test_a_crawlers_head_is_answered_like_its_get_and_not_counted(client: FlaskClient) -> None:
    answer = client.head(f"/r/{_share()}", headers=world.LINKEDIN)
    assert (answer.status_code, answer.data) == (200, b"")
    assert db.session.query(Evidence).filter_by(kind="visit").count() == 0


@pytest.mark.parametrize(("language", "expected"), [("en", "en_US"), ("sl", "sl_SI"), ("pt-BR", "pt-BR"), ("zz", "zz")])
def test_a_language_is_written_with_its_likeliest_territory(language: str, expected: str) -> None:
    assert locale_of(language) == expected


def test_an_archived_storys_links_go_on_unless_the_liaison_says_otherwise(client: FlaskClient) -> None:
    code = _share()
    stories.archive(world.story())
    assert client.get(f"/r/{code}", headers=world.PERSON).status_code == 302
    assert client.get(f"/r/{code}", headers=world.LINKEDIN).status_code == 200


@pytest.mark.parametrize("agent", [world.PERSON, world.LINKEDIN])
def test_a_story_that_moved_on_is_explained_with_its_address(client: FlaskClient, agent: dict[str, str]) -> None:
    code = _share()
    stories.archive(world.story(), afterwards=Afterwards.EXPLAINS)
    page = client.get(f"/r/{code}", headers=agent)
    assert page.status_code == 200
    assert "This story has moved on" in page.text and "Good news" in page.text and "fjord.example" in page.text
    assert any(to.startswith("https://fjord.example/doors?ref=home&") for to in Head(page.text).leads)
    assert page.headers["Cache-Control"] == "no-store"


def test_a_withdrawn_story_is_named_nowhere(client: FlaskClient) -> None:
    code = _share()
    stories.archive(world.story(), afterwards=Afterwards.ENDS)
    page = client.get(f"/r/{code}", headers={**world.LINKEDIN, "Accept-Language": "it"})
    assert page.status_code == 410
    assert "no longer shared" in page.text
    assert "doors" not in page.text and "behind the curtain" not in page.text


def test_a_visit_to_a_story_that_moved_on_counts_for_whoever_shared_it(client: FlaskClient) -> None:
    code = _share()
    stories.archive(world.story(), afterwards=Afterwards.EXPLAINS)
    client.get(f"/r/{code}", headers=world.PERSON)
    assert db.session.query(Evidence).filter_by(kind="visit").one().verdict == visits.HUMAN


def test_a_story_approved_again_leads_on_again(client: FlaskClient) -> None:
    code = _share()
    stories.archive(world.story(), afterwards=Afterwards.ENDS)
    stories.approve(world.story())
    assert client.get(f"/r/{code}", headers=world.PERSON).status_code == 302


def test_the_card_keeps_its_code_where_visits_take_an_id_along(client: FlaskClient) -> None:
    code = _share()
    programme = db.session.get_one(Programme, 1)
    programme.click_parameter = "gw_click"
    db.session.commit()
    says = Head(client.get(f"/r/{code}", headers=world.LINKEDIN).text).says
    assert says["og:url"] == links.short_link(code)
