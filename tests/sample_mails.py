"""The cast of the mail tests. In: nothing. Out: one programme, its edition and its people as values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from emails.values import Edition, FrozenTickets, Neighbour, Passes, Programme, Recipient, Story, Winner, WonPrize, You

PROGRAMME = Programme(
    name="Lipa Aloud",
    company="Lipa & Sons",
    base_url="https://good.example",
    liaison_name="Liam Novak",
    liaison_email="liam@lipa.example",
    sender="digest@good.example",
    zone="Europe/Ljubljana",
    policy_url="https://lipa.example/policy?v=2&lang=en",
)
TOPICS = {"": "Engineering", "it": "Ingegneria", "sl": "Inženirstvo"}
STORIES = (
    Story(
        id=11,
        title="Why our trams now brake before you would",
        summary="Four engineers rebuilt the controller of a forty-year-old tram, and measured a quarter of a second.",
        language="en",
        topic=TOPICS,
        picture="https://good.example/pictures/aa.jpg",
        alt='A red tram, called "Ana", in the rain',
    ),
    Story(id=12, title="L’acqua & la fabbrica = <2 litri>", summary="Un anno.\nI numeri.", language="it", topic=TOPICS),
    Story(id=13, title="Zakaj merimo", summary="", language="sl", topic={}),
    Story(id=14, title="למה אנחנו מודדים", summary="סיפור קצר על מדידה.", language="he", topic=TOPICS),
    Story(id=15, title="Ten small things", summary="word " * 80, language="en", topic=TOPICS, evergreen=True),
    Story(id=16, title="Open data for 4,000 stops", summary="A map. " * 9, language="en", topic=TOPICS),
)
EDITION = Edition("2026-W47", PROGRAMME, STORIES, {}, (Winner("Ana K.", "Weekend for two in Piran", "2026-10"),))
PASSES = Passes(share="s" * 36, me="m" * 36, unsubscribe="u" * 36, claim="c" * 36)
NOOR = Recipient("Noor Haddad", "noor@lipa.example", "en", PASSES, ("linkedin", "facebook", "whatsapp", "x"))
MONTH = You(
    points=1128,
    weeks=3,
    tickets=2,
    badge="conversation-starter",
    have=12,
    need=20,
    near=(Neighbour("Mateja", 1164, 4), Neighbour("Ben <O.>", 1141, 5), Neighbour("Noor", 1128, 6, her=True)),
    shares=2,
    visits=14,
)
TUESDAY = datetime(2026, 11, 17, 8, 0, tzinfo=UTC)
ID = "<digest.2026-w47.1f00@good.example>"
TICKETS = FrozenTickets(
    draw="2026-11",
    title="November draw",
    tickets=3,
    entrant="ab" * 32,
    salt="cd" * 16,
    pool="ef" * 32,
    source="numbers/" + "01" * 32,
    source_text="The numbers of Friday, 4 December 2026, in ascending order.",
    due=TUESDAY,
    page="https://good.example/draws/2026-11",
    entrants=41,
    total=97,
)
PRIZE = WonPrize("2026-11", "November draw", "Weekend for two in Piran", 1, TUESDAY, False, TICKETS.page)


def reader(language: str) -> Recipient:
    """Noor, reading another language."""
    return replace(NOOR, language=language)
