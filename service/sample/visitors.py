"""Visitors. In: a number. Out: requests with the manners of crawlers, a scanner, people, and the sharer herself."""

from __future__ import annotations

from service.visiting import Asked

AGENTS = {
    "linkedin": "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "x": "Twitterbot/1.0",
    "facebook": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "threads": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "whatsapp": "WhatsApp/2.24.20.89 A",
    "telegram": "TelegramBot (like TwitterBot)",
    "bluesky": "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)",
    "mastodon": "Mastodon/4.3.1 (http.rb/5.2.0; +https://mastodon.example.com/) Bot",
    "reddit": "Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)",
}
ADDRESSES = {
    "linkedin": "108.174.5.113",
    "facebook": "31.13.24.10",
    "threads": "31.13.24.10",
    "telegram": "149.154.161.10",
}
"""Where these networks say that their crawlers come from; elsewhere they would be taken for spoofed ones."""
CRAWLERS = {
    network: Asked("GET", ADDRESSES.get(network, f"198.51.100.{n}"), agent)
    for n, (network, agent) in enumerate(AGENTS.items(), 1)
}
"""Network → the request of its crawler."""

SCANNER = Asked("GET", "198.51.100.200", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) BarracudaSentinel")

BROWSERS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.6 Safari/605.1.15",
)
SPOKEN = ("en-GB,en;q=0.9", "it-IT,it;q=0.9,en;q=0.6", "sl-SI,sl;q=0.9,en;q=0.7")


def visitor(share: int, number: int) -> Asked:
    """Return the request of a share's visitor: each number is another person, and each share has its own."""
    agent = BROWSERS[(share + number) % len(BROWSERS)]
    return Asked("GET", f"2001:db8:{share % 0xFFFF:x}:{number:x}::1", agent, "", SPOKEN[share % len(SPOKEN)])


def sharer(number: int) -> Asked:
    """Return the request of an employee opening her own link, from the office."""
    return Asked("GET", f"192.0.2.{number % 250 + 1}", BROWSERS[number % len(BROWSERS)], "", SPOKEN[0])
