"""scoring.visits. In: a table of hits as they come in the wild. Out: the verdict on each, with its reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import visits
from scoring.visits import BOT, HUMAN, REASONS, SUSPECTED, Hit, Verdict, judge

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148"
IN_APP = IPHONE + " [LinkedInApp]/9.30.1234"
CUBOT = "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36"

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
        Verdict(BOT, "crawler", "linkedin"),
    ),
    ("X", Hit(agent="Twitterbot/1.0"), Verdict(BOT, "crawler", "x")),
    (
        "Facebook",
        Hit(agent="facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"),
        Verdict(BOT, "crawler", "facebook"),
    ),
    ("Telegram", Hit(agent="TelegramBot (like TwitterBot)"), Verdict(BOT, "crawler", "telegram")),
    ("WhatsApp", Hit(agent="WhatsApp/2.24.20.89 A"), Verdict(BOT, "crawler", "whatsapp")),
    (
        "Bluesky",
        Hit(agent="Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)"),
        Verdict(BOT, "crawler", "bluesky"),
    ),
    (
        "Mastodon",
        Hit(agent="Mastodon/4.3.1 (http.rb/5.2.0; +https://mastodon.example/) Bot"),
        Verdict(BOT, "crawler", "mastodon"),
    ),
    (
        "Reddit",
        Hit(agent="Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)"),
        Verdict(BOT, "crawler", "reddit"),
    ),
    ("XING", Hit(agent="XING-contenttabreceiver/2.0"), Verdict(BOT, "crawler", "xing")),
    (
        "Apple's messages, which claim to be three crawlers",
        Hit(agent="Mozilla/5.0 (Macintosh) AppleWebKit/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0"),
        Verdict(BOT, "preview"),
    ),
    ("Slack", Hit(agent="Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"), Verdict(BOT, "preview")),
    ("Outlook", Hit(agent="Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0)"), Verdict(BOT, "preview")),
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


def test_every_reason_is_explained_and_has_a_case() -> None:
    assert {v.reason for _, _, v in CASES} == set(REASONS)


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
    flags=st.sampled_from([(), ("scanner",), ("hosting",)]),
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
