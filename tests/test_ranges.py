"""Ranges of addresses. In: lists as publishers write them. Out: flags of an address, and ranges loaded and dropped."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from service import network_ranges, ranges_loading, visiting_facts
from service.cli import cli
from service.network_ranges import Ranges, Table
from service.ranges_loading import NotRanges, parse
from tests.conftest import environment

WHOIS = b"route:      203.0.113.0/25\nroute:      203.0.113.128/25 # the other half\nroute6:     2001:db8:1::/48\n\n"
GOOGLE = {"creationTime": "x", "prefixes": [{"ipv4Prefix": "192.0.2.0/27"}, {"ipv6Prefix": "2001:db8:2::/64"}]}
AWS = {
    "syncToken": "1",
    "prefixes": [{"ip_prefix": "198.51.100.0/24", "region": "eu-south-1", "service": "EC2"}],
    "ipv6_prefixes": [{"ipv6_prefix": "2001:db8:3::/48", "region": "eu-south-1"}],
}
AZURE = {"values": [{"name": "AzureCloud", "properties": {"region": "x", "addressPrefixes": ["192.0.2.64/26"]}}]}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (WHOIS, ("203.0.113.0/24", "2001:db8:1::/48")),
        (json.dumps(GOOGLE).encode(), ("192.0.2.0/27", "2001:db8:2::/64")),
        (json.dumps(AWS).encode(), ("198.51.100.0/24", "2001:db8:3::/48")),
        (json.dumps(AZURE).encode(), ("192.0.2.64/26",)),
        (b'["192.0.2.7", "192.0.2.6/32"]', ("192.0.2.6/31",)),
        (b'{"name": "x", "kind": "hosting", "ranges": ["192.0.2.0/24"]}', ("192.0.2.0/24",)),
        (b"\xef\xbb\xbf192.0.2.0/24\r\n", ("192.0.2.0/24",)),
    ],
)
def test_lists_are_taken_as_their_publishers_write_them(body: bytes, found: tuple[str, ...]) -> None:
    assert parse(body) == found


@pytest.mark.parametrize(
    "body", [b"", b"\n#\n", b"<html></html>", b"{", b'{"a": 1}', b"0.0.0.0/0", b"10.0.0.0/7", b"::/0", b"\xff\xfe"]
)
def test_what_is_no_list_of_ranges_is_refused(body: bytes) -> None:
    with pytest.raises(NotRanges):
        parse(body)


NETS = st.builds(
    lambda base, bits: str(ip_network((base, bits), strict=False)), st.integers(0, 2**32 - 1), st.integers(20, 32)
) | st.builds(
    lambda base, bits: str(ip_network((base, bits), strict=False)), st.integers(2**120, 2**128 - 1), st.integers(40, 64)
)


@given(st.dictionaries(st.sampled_from(["one", "two", "three"]), st.lists(NETS, max_size=6)), st.data())
def test_flags_are_those_of_the_ranges_that_hold_the_address(files: dict[str, list[str]], data: st.DataObject) -> None:
    table = Table(Ranges(name, "network", tuple(nets)) for name, nets in files.items())
    edges = [edge for nets in files.values() for net in nets for edge in _edges(net)]
    address = ip_address(data.draw(st.sampled_from(edges))) if edges else ip_address("192.0.2.1")
    expected = {f"net:{name}" for name, nets in files.items() for net in nets if _holds(net, str(address))}
    assert table.flags(str(address)) == tuple(sorted(expected))


def _edges(net: str) -> list[str]:
    found = ip_network(net)
    numbers = [int(found.network_address) + n for n in (-1, 0)] + [int(found.broadcast_address) + n for n in (0, 1)]
    kind = type(found.network_address)
    return [str(kind(n)) for n in numbers if 0 <= n < 2**found.max_prefixlen]


def _holds(net: str, address: str) -> bool:
    found = ip_address(address)
    return found.version == ip_network(net).version and found in ip_network(net)


def test_shipped_ranges_say_where_they_come_from_and_hold_what_they_should(app: Flask) -> None:
    found = {file.name: file for file in visiting_facts.ranges().files}
    assert set(found) == {"facebook", "telegram", "x", "linkedin"}
    assert all(file.source and file.date and file.note and file.kind == "network" for file in found.values())
    assert {name for name, file in found.items() if file.complete} == {"facebook", "telegram"}
    assert visiting_facts.flags("157.240.1.35") == ("net:facebook",)
    assert visiting_facts.flags("2a03:2880:f003::1") == ("net:facebook",)
    assert visiting_facts.flags("::ffff:149.154.161.5") == ("net:telegram",)
    assert visiting_facts.flags("108.174.5.113") == ("net:linkedin",)
    assert visiting_facts.flags("192.0.2.1") == visiting_facts.flags("not an address") == ()


def test_loaded_ranges_replace_shipped_ones_until_they_are_dropped(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_bytes(WHOIS)
    ranges_loading.load(str(file), "facebook", "network", True)
    assert visiting_facts.flags("203.0.113.9") == ("net:facebook",)
    assert visiting_facts.flags("157.240.1.35") == ()
    assert ranges_loading.drop("facebook") and not ranges_loading.drop("facebook")
    assert visiting_facts.flags("157.240.1.35") == ("net:facebook",)


def test_a_file_that_cannot_be_read_takes_nothing_else_with_it(app: Flask) -> None:
    folder = app.config["GOODWORD"].data / "ranges"
    folder.mkdir()
    (folder / "broken.json").write_text('{"name": "broken"')
    network_ranges.forget()
    assert visiting_facts.flags("157.240.1.35") == ("net:facebook",)


def test_the_companys_own_ranges_are_flagged_beside_what_is_published(app: Flask) -> None:
    assert visiting_facts.flags("157.240.1.35", ("157.240.0.0/16",)) == ("company", "net:facebook")
    assert visiting_facts.flags("192.0.2.1", ("157.240.0.0/16",)) == ()


def test_the_command_loads_lists_explains_verdicts_and_refuses(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    def run(*args: str) -> tuple[int, str]:
        env = environment(database_url, redis_url, tmp_path)
        done = CliRunner().invoke(cli, ["visits", *args], env=env)
        network_ranges.forget()
        return done.exit_code, done.output

    clouds = tmp_path / "clouds.json"
    clouds.write_text(json.dumps(AWS))
    code, out = run("ranges", "--update", str(clouds), "--name", "clouds", "--kind", "hosting")
    assert code == 0 and "clouds" in out and "facebook" in out
    chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
    code, out = run("judge", "--agent", chrome, "--address", "198.51.100.7")
    assert (code, out.splitlines()[0]) == (0, "suspected: It came from a data centre (hosting)")
    code, out = run("judge", "--agent", "facebookexternalhit/1.1", "--address", "192.0.2.1", "--json")
    assert (code, json.loads(out)["reason"]) == (0, "spoofed")
    code, out = run("judge", "--agent", "facebookexternalhit/1.1", "--address", "157.240.1.35")
    assert "reached facebook" in out
    assert run("ranges", "--drop", "clouds")[0] == 0
    assert run("ranges", "--drop", "clouds")[0] == 1
    assert run("ranges", "--update", str(tmp_path / "missing"), "--name", "x")[0] == 1
    assert run("ranges", "--update", str(clouds))[0] == 2
    assert run("ranges", "--update", "http://127.0.0.1/list", "--name", "x")[0] == 1
