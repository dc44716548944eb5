"""Malformed pages. In: mark-up that never ends, in great quantity. Out: what was said before it, in no time."""

from __future__ import annotations

import time

import pytest

from emails import quotes
from service import webpages

OPEN = ('<a a="', "<!--", "<a", "</a", "<?", "<![", "<script", "<![CDATA[", "<p></")
SECONDS = 2
"""Of the processor: it took a minute and more where each sign was begun from again, and two megabytes took hours."""


@pytest.mark.parametrize("piece", OPEN)
def test_a_page_that_leaves_everything_open_is_read_once(piece: str) -> None:
    body = "<title>Boats</title>" + piece * (200_000 // len(piece))
    begun = time.process_time()
    page = webpages.parse(body.encode(), "https://news.example/")
    assert time.process_time() - begun < SECONDS
    assert page.title == "Boats"


@pytest.mark.parametrize("piece", OPEN)
def test_a_mail_that_leaves_everything_open_is_read_once(piece: str) -> None:
    begun = time.process_time()
    text = quotes.text_of("<p>Read this &amp; that</p>" + piece * (400_000 // len(piece)))
    assert time.process_time() - begun < SECONDS
    assert text.startswith("Read this & that")
    assert quotes.text_of("<p>A word &co") == "A word &co"
