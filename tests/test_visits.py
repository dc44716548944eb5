"""scoring.visits. In: a table of hits as they come in the wild. Out: the verdict on each, with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given
from hypothesis import strategies as st

from scoring import visits
from scoring.visits import BOT, FOREIGN, HUMAN, PUBLISHED, REASONS, SUSPECTED, Hit, Verdict, judge
from scoring.visits_agents import claim
from scoring.visits_mail import Around, judge_opened

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148"
IN_APP = IPHONE + " [LinkedInApp]/9.30.1234"
CUBOT = "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36"

AT_ONCE = Verdict(SUSPECTED, "at-once")
PERSON = Verdict(HUMAN, "browser")
SEEN = Verdict(BOT, "crawler", "linkedin")
OLD = (SUSPECTED, "old-browser")

CASES: list[tuple[str, Hit, Verdict]] = [
    ("a person", Hit(agent=CHROME, language="it"), Verdict(HUMAN, "browser")),
    ("a person on a telephone", Hit(agent=IPHONE), Verdict(HUMAN, "browser")),
    ("a person inside a network's app", Hit(agent=IN_APP), Verdict(HUMAN, "browser")),
    ("a telephone with an unlucky name", Hit(agent=CUBOT), Verdict(HUMAN, "browser")),
    ("HEAD", Hit("HEAD", CHROME), Verdict(BOT, "not-a-get")),
    ("HEAD of a crawler", Hit("HEAD", "LinkedInBot/1.0"), Verdict(BOT, "not-a-get")),
    ("no agent", Hit(agent=" "), Verdict(BOT, "no-agent")),
    (
        "LinkedIn",
        Hit(agent="LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)"),
        Verdict(BOT, "unverified", "linkedin"),
    ),
    ("X", Hit(agent="Twitterbot/1.0"), Verdict(BOT, "unverified", "x")),
    (
        "Facebook",
        Hit(agent="facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"),
        Verdict(BOT, "unverified", "facebook"),
    ),
    ("Telegram", Hit(agent="TelegramBot (like TwitterBot)"), Verdict(BOT, "unverified", "telegram")),
    ("WhatsApp", Hit(agent="WhatsApp/2.24.20.89 A"), Verdict(BOT, "unverified", "whatsapp")),
    (
        "Bluesky",
        Hit(agent="Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)"),
        Verdict(BOT, "unverified", "bluesky"),
    ),
    (
        "Mastodon",
        Hit(agent="Mastodon/4.3.1 (http.rb/5.2.0; +https://mastodon.example/) Bot"),
        Verdict(BOT, "unverified", "mastodon"),
    ),
    (
        "Reddit",
        Hit(agent="Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)"),
        Verdict(BOT, "unverified", "reddit"),
    ),
    ("XING", Hit(agent="XING-contenttabreceiver/2.0"), Verdict(BOT, "unverified", "xing")),
    (
        "Apple's messages, which claim to be three crawlers",
        Hit(agent="Mozilla/5.0 (Macintosh) AppleWebKit/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0"),
        Verdict(BOT, "chat"),
    ),
    ("Slack", Hit(agent="Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"), Verdict(BOT, "chat")),
    ("Discord", Hit(agent="Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"), Verdict(BOT, "chat")),
    ("Skype and Teams", Hit(agent="Mozilla/5.0 SkypeUriPreview Preview/0.5"), Verdict(BOT, "chat")),
    ("Outlook", Hit(agent="Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0)"), Verdict(BOT, "chat")),
    ("LinkedIn, from where it is seen", Hit(agent="LinkedInBot/1.0", origin=PUBLISHED, flags=("net:linkedin",)), SEEN),
    ("Facebook from elsewhere", Hit(agent="facebookexternalhit/1.1", origin=FOREIGN), Verdict(BOT, "spoofed")),
    ("a network's machine as Chrome", Hit(agent=CHROME, flags=("net:facebook",)), Verdict(BOT, "preview")),
    ("a crawler that a maker of lists knows", Hit(agent="Mozilla/5.0 Barkrowler/0.9"), Verdict(BOT, "preview")),
    ("a picture on a page", Hit(agent=CHROME, dest="image"), Verdict(BOT, "embedded")),
    ("a frame on a page", Hit(agent=CHROME, dest="iframe"), Verdict(BOT, "embedded")),
    ("somebody who follows a link", Hit(agent=CHROME, language="it", dest="document"), Verdict(HUMAN, "browser")),
    ("the same person once more", Hit(agent=CHROME, again=True), Verdict(HUMAN, "again")),
    ("from her desk, with her telephone", Hit(agent=IPHONE, same_network=True), Verdict(SUSPECTED, "same-network")),
    ("a colleague in the office", Hit(agent=CHROME, flags=("company",)), Verdict(SUSPECTED, "company")),
    ("Chrome of 2015", Hit(agent=CHROME.replace("131", "41")), Verdict(SUSPECTED, "old-browser")),
    ("Internet Explorer", Hit(agent="Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0)"), Verdict(*OLD)),
    ("Chrome of the next century", Hit(agent=CHROME.replace("131", "9999")), Verdict(BOT, "absurd")),
    ("an agent that attacks", Hit(agent="Mozilla/5.0 ${jndi:ldap://x}"), Verdict(BOT, "absurd")),
    ("a telephone that runs Windows", Hit(agent=IPHONE + " (Windows NT 10.0)"), Verdict(BOT, "absurd")),
    ("Mozilla and nothing else", Hit(agent="Mozilla/5.0"), Verdict(BOT, "absurd")),
    ("Google", Hit(agent="Mozilla/5.0 (compatible; Googlebot/2.1)"), Verdict(BOT, "preview")),
    (
        "an assistant reading for somebody",
        Hit(agent="Mozilla/5.0 (compatible; Claude-User/1.0)"),
        Verdict(BOT, "preview"),
    ),
    ("Meta's training crawler", Hit(agent="meta-externalagent/1.1"), Verdict(BOT, "preview")),
    ("headless Chrome", Hit(agent=CHROME.replace("Chrome/", "HeadlessChrome/")), Verdict(BOT, "preview")),
    ("curl", Hit(agent="curl/8.9.1"), Verdict(BOT, "tool")),
    ("a script", Hit(agent="python-requests/2.32.3"), Verdict(BOT, "tool")),
    ("a mail scanner by its name", Hit(agent="BarracudaCentral/1.0"), Verdict(BOT, "scanner")),
    ("a mail scanner by its range", Hit(agent=CHROME, flags=("scanner",)), Verdict(BOT, "scanner")),
    ("a browser looking ahead", Hit(agent=CHROME, purpose="prefetch;prerender"), Verdict(BOT, "prefetch")),
    ("Firefox looking ahead", Hit(agent=CHROME, purpose="prefetch"), Verdict(BOT, "prefetch")),
    ("Safari's top hit", Hit(agent=IPHONE, purpose="preview"), Verdict(BOT, "prefetch")),
    ("three visits in two seconds", Hit(agent=CHROME, burst=3), Verdict(BOT, "burst")),
    ("a double click", Hit(agent=CHROME, burst=2), Verdict(HUMAN, "browser")),
    ("the sharer", Hit(agent=CHROME, herself=True), Verdict(SUSPECTED, "herself")),
    ("a data centre", Hit(agent=CHROME, flags=("hosting",)), Verdict(SUSPECTED, "hosting")),
    ("no language", Hit(agent=CHROME, language=""), Verdict(SUSPECTED, "no-language")),
    ("something unheard of", Hit(agent="Thunderclap 3"), Verdict(SUSPECTED, "not-a-browser")),
]


@pytest.mark.parametrize(("hit", "verdict"), [(h, v) for _, h, v in CASES], ids=[name for name, _, _ in CASES])
def test_each_visitor_of_the_table_gets_its_verdict(hit: Hit, verdict: Verdict) -> None:
    assert judge(hit) == verdict


OPENED: list[tuple[str, Hit, Around, Verdict]] = [
    ("a person", Hit(agent=CHROME), Around(1, 6, False, timedelta(hours=2)), Verdict(HUMAN, "browser")),
    ("a double click on two networks", Hit(agent=CHROME), Around(2, 6), Verdict(HUMAN, "browser")),
    ("three links together", Hit(agent=CHROME), Around(3, 6), Verdict(BOT, "many-links")),
    ("both links of a short mail", Hit(agent=CHROME), Around(2, 2), Verdict(BOT, "many-links")),
    ("the only link of a mail", Hit(agent=CHROME), Around(1, 1), Verdict(HUMAN, "browser")),
    ("around the decoy", Hit(agent=CHROME), Around(1, 6, True), Verdict(BOT, "decoy")),
    ("three seconds after arrival", Hit(agent=CHROME), Around(1, 6, False, timedelta(seconds=3)), AT_ONCE),
    ("before it was settled as sent", Hit(agent=CHROME), Around(since_delivery=timedelta(seconds=-1)), PERSON),
    ("a crawler in the inbox", Hit(agent="LinkedInBot/1.0"), Around(), Verdict(BOT, "unverified")),
    ("a probe without a language", Hit(agent=CHROME, language=""), Around(), Verdict(SUSPECTED, "no-language")),
]


@pytest.mark.parametrize(("hit", "around", "verdict"), [c[1:] for c in OPENED], ids=[c[0] for c in OPENED])
def test_each_opening_of_a_mails_link_gets_its_verdict(hit: Hit, around: Around, verdict: Verdict) -> None:
    assert judge_opened(hit, around) == verdict


def test_every_reason_is_explained_and_has_a_case() -> None:
    assert {v.reason for *_, v in CASES} | {v.reason for *_, v in OPENED} == set(REASONS)


PEOPLE = [
    IPHONE,
    IN_APP,
    CUBOT,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
    "[FBAN/FBIOS;FBAV/470.0.0.41.101;FBBV/609;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/17.5;FBSS/3;FBLC/it_IT]",
    "Mozilla/5.0 (Linux; Android 14; SM-S911B Build/UP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/126.0.0.0 Mobile Safari/537.36 Instagram 334.0.0.42.95 Android (34/14; 480dpi; samsung; it_IT)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1 Twitter for iPhone/10.47",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Teams/1.6.00.4472 Chrome/102.0 "
    "Electron/19.1.8 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Slack/4.36.140 Chrome/120 "
    "Electron/28.2.2 Safari/537.36 Slack_SSB/4.36.140",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/321.0 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 12; wv) AppleWebKit/537.36 Version/4.0 Chrome/116.0 Mobile Safari/537.36 "
    "MicroMessenger/8.0.42",
    "Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-A536B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 "
    "Chrome/121.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 YaBrowser/24.7 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 [Pinterest/iOS]",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Barcelona 334.0",
    "Opera/9.80 (Android; Opera Mini/62.0/191.0; U; en) Presto/2.12.423 Version/12.16",
]


@pytest.mark.parametrize("agent", PEOPLE)
def test_no_list_of_crawlers_takes_a_persons_browser_for_one(agent: str) -> None:
    assert claim(agent).kind == "browser"


def test_every_agent_that_the_list_of_crawlers_knows_is_no_browser() -> None:
    known = [(entry["pattern"], agent) for entry in CRAWLER_USER_AGENTS_DATA for agent in entry["instances"]]
    assert len(known) > 2000
    assert [each for each in known if judge(Hit(agent=each[1], language="en")).kind == HUMAN] == []


def test_a_crawler_proves_its_own_network_only() -> None:
    assert visits.proves("linkedin", "linkedin")
    assert not visits.proves("linkedin", "x")
    assert visits.proves("facebook", "threads")
    assert not visits.proves("facebook", "whatsapp")


HITS = st.builds(
    Hit,
    method=st.sampled_from(["GET", "HEAD", "POST"]),
    agent=st.one_of(st.text(max_size=40), st.sampled_from([h.agent for _, h, _ in CASES])),
    purpose=st.sampled_from(["", "prefetch", "x"]),
    language=st.one_of(st.none(), st.sampled_from(["", "it"])),
    herself=st.booleans(),
    burst=st.integers(0, 9),
    flags=st.sampled_from([(), ("scanner",), ("hosting",), ("company", "net:facebook")]),
    origin=st.sampled_from(["", PUBLISHED, FOREIGN]),
    dest=st.sampled_from(["", "document", "image"]),
    same_network=st.booleans(),
    again=st.booleans(),
)


@given(HITS)
def test_every_hit_gets_one_known_verdict_and_survives_json(hit: Hit) -> None:
    verdict = judge(hit)
    assert verdict.kind in (HUMAN, SUSPECTED, BOT) and verdict.reason in REASONS
    assert Hit.from_json(hit.to_json()) == hit
    assert Hit.from_json({**hit.to_json(), "crawler": "x"}) == hit


@given(HITS)
def test_the_sharer_never_counts_as_a_visitor(hit: Hit) -> None:
    assert judge(replace(hit, herself=True)).kind != HUMAN


@given(HITS)
def test_a_spoofed_crawler_proves_nothing_and_none_is_ever_human(hit: Hit) -> None:
    verdict = judge(replace(hit, origin=FOREIGN))
    assert verdict.crawler is None
    assert judge(replace(hit, agent="LinkedInBot/1.0")).kind == BOT


@given(HITS, st.sampled_from(["herself", "same_network"]))
def test_what_is_known_against_a_visit_never_helps_it(hit: Hit, doubt: str) -> None:
    order = [HUMAN, SUSPECTED, BOT]
    worse = judge(replace(hit, **{doubt: True}))
    assert order.index(worse.kind) >= order.index(judge(replace(hit, **{doubt: False})).kind)
    assert worse.kind != HUMAN
