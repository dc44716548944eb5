"""service.proxies. In: requests with forwarded headers, honest and forged. Out: the address that counts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st

from service import config, proxies

OURS = ("10.0.0.0/8", "2001:db8:1::/48", "192.0.2.7/32")


@pytest.fixture(autouse=True)
def _trusting() -> Iterator[None]:
    proxies.use(OURS)
    yield
    proxies.use(())


@pytest.mark.parametrize(
    ("peer", "chain", "found"),
    [
        ("10.0.0.2", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.2", "203.0.113.9, 10.0.0.3", "203.0.113.9"),
        ("10.0.0.2", "198.51.100.66, 203.0.113.9", "203.0.113.9"),  # the left one is the client's own invention
        ("10.0.0.2", "10.0.0.66, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.2", "198.51.100.66, 203.0.113.9, 192.0.2.7, 10.0.0.3", "203.0.113.9"),
        ("10.0.0.2", "10.0.0.9", "10.0.0.9"),  # somebody inside
        ("::ffff:10.0.0.2", "203.0.113.9", "203.0.113.9"),
        ("2001:db8:1::7", "[2001:db8:9::1]:4711", "2001:db8:9::1"),
        ("10.0.0.2", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.2", "198.51.100.66, unknown, 10.0.0.3", "10.0.0.3"),
        ("10.0.0.2", "", "10.0.0.2"),
        ("203.0.113.9", "198.51.100.66", "203.0.113.9"),  # forged: no proxy of ours stands between
        ("203.0.113.9", "10.0.0.3", "203.0.113.9"),
        ("", "198.51.100.66", ""),
    ],
)
def test_the_chain_is_read_from_the_right_and_only_behind_a_proxy_of_ours(peer: str, chain: str, found: str) -> None:
    assert proxies.client_address({"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": chain}) == found


@given(st.text(max_size=60))
def test_a_stranger_cannot_become_anybody_else(chain: str) -> None:
    assert proxies.client_address({"REMOTE_ADDR": "203.0.113.9", "HTTP_X_FORWARDED_FOR": chain}) == "203.0.113.9"


@given(st.text(alphabet="0123456789.,:[] af", max_size=80))
def test_whatever_a_client_writes_the_last_proxys_word_counts(written: str) -> None:
    chain = f"{written}, 203.0.113.9"
    assert proxies.client_address({"REMOTE_ADDR": "10.0.0.2", "HTTP_X_FORWARDED_FOR": chain}) == "203.0.113.9"


def test_the_application_sees_address_scheme_and_host_of_the_client(app: Flask) -> None:
    proxies.use(OURS)
    seen = []
    app.add_url_rule("/seen", "seen", lambda: seen.append((request.remote_addr, request.scheme, request.host)) or "")
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "good.example"}
    app.test_client().get("/seen", headers=headers, environ_base={"REMOTE_ADDR": "10.0.0.2"})
    app.test_client().get("/seen", headers=headers, environ_base={"REMOTE_ADDR": "198.51.100.1"})
    assert seen == [("203.0.113.9", "https", "good.example"), ("198.51.100.1", "http", "localhost")]


def test_an_address_that_was_found_is_not_looked_for_again() -> None:
    environ = {"REMOTE_ADDR": "10.0.0.9", "HTTP_X_FORWARDED_FOR": "198.51.100.66", proxies.PEER: "10.0.0.2"}
    assert proxies.client_address(environ) == "10.0.0.9"


def test_the_setting_takes_ranges_and_refuses_what_would_trust_everybody(tmp_path: str) -> None:
    base = {"GOODWORD_DATA": str(tmp_path)}
    found = config.read({**base, "GOODWORD_PROXIES": "10.0.0.0/8, 192.0.2.7 ,2001:db8:1::/48"})
    assert found.proxies == ("10.0.0.0/8", "192.0.2.7/32", "2001:db8:1::/48")
    assert config.read(base).proxies == ()
    for wrong in ("1", "proxy.example", "10.0.0.1/8", "0.0.0.0/0", "10.0.0.0/8,::/0"):
        with pytest.raises(config.Misconfigured, match="GOODWORD_PROXIES"):
            config.read({**base, "GOODWORD_PROXIES": wrong})
