"""The beacon. In: a round of drand, and relays or what a person pasted. Out: its randomness, the signature checked."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from ipaddress import ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

from scoring import drand
from scoring import draws as rules_of
from service import settings
from service.fetch import PUBLIC, NotFetched, Policy, fetch
from service.journal import log
from service.models import Draw
from service.models.draws import Beacon
from service.validation import N_, Check

LARGEST = 64 * 1024
"""Bytes of a relay's answer; a round has some 300."""
SECONDS = 10
"""A relay's time for an answer; the next one is asked then."""

_SIGNATURE = re.compile(r"[0-9a-f]{96}", re.ASCII)


class Unknown(Exception):
    """No relay gave the round yet; its text names each relay and why, for the journal and the command line."""


class Randomness(NamedTuple):
    """What decides a draw, and for drand the signature that proves it."""

    value: str
    signature: str | None = None


def source_words(round_: int | None = None) -> str:
    """Return the text that says which randomness of drand decides; without a round, before it is fixed."""
    which = f"Round {round_}" if round_ else "The first round at the time named in the rules"
    return (
        f"{which} of drand's chain quicknet ({drand.CHAIN}), which the League of Entropy signs every three seconds. "
        "The randomness is the SHA-256 of the round's signature. A round that comes late is waited for; nothing else "
        "takes its place."
    )


def round_of(source: str | None) -> int | None:
    """Return the round that `drand-quicknet/<round>` names, or None for another source."""
    kind, _, number = (source or "").partition("/")
    return int(number) if kind == "drand-quicknet" and number.isdecimal() else None


def randomness_of(draw: Draw, given: str) -> Randomness:
    """Return the randomness of a frozen draw out of what was fetched or pasted, checked.

    For public numbers `given` is their one form; for drand it is the round as a relay gives it (JSON), or its signature
    alone, which must be the league's for this very round. Raises service.validation.Invalid.
    """
    asked = Check()
    round_ = round_of(draw.source)
    found = Randomness(given)
    if round_ is None:
        try:
            rules_of.check_randomness(draw.source or "", given)
        except rules_of.BadRandomness:
            asked.refuse(
                "randomness",
                N_("Write a full stop after each number and a slash after each group, like 7.12.19./5./"),
            )
    else:
        found = _signed(asked, round_, given.strip())
    asked.done()
    return found


def _signed(asked: Check, round_: int, given: str) -> Randomness:
    said, signature = _read(given)
    if signature is None:
        asked.refuse(
            "randomness",
            N_("Paste the round as a relay shows it, or its signature: 96 figures and letters from a to f."),
        )
    elif said not in (None, round_):
        asked.refuse(
            "randomness",
            N_("This is round %(said)s; the draw waits for round %(round)s."),
            said=str(said),
            round=str(round_),
        )
    else:
        try:
            return Randomness(drand.verify(round_, signature), signature)
        except drand.BadSignature:
            asked.refuse(
                "randomness", N_("The league of drand did not sign round %(round)s with this."), round=str(round_)
            )
    return Randomness("")


def _read(given: str) -> tuple[object, str | None]:
    """Return the round that was said (None: none was) and the signature (None: there is none)."""
    if _SIGNATURE.fullmatch(given.lower()):
        return None, given.lower()
    try:
        found = json.loads(given)
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(found, dict):
        return None, None
    signature = found.get("signature")
    fits = isinstance(signature, str) and _SIGNATURE.fullmatch(signature)
    return found.get("round"), signature if fits else None


def fetched(draw: Draw) -> str:
    """Return the round of a frozen draw as a relay gives it, checked; the relays are asked one after another.

    Raises Unknown where none of them gives a round that holds, or where no relay may be asked.
    """
    round_ = round_of(draw.source)
    if draw.beacon != Beacon.DRAND or round_ is None:
        raise Unknown("this draw waits for no round of drand")
    relays = settings().drand
    if not relays:
        raise Unknown("GOODWORD_DRAND is off: paste the round")
    why = []
    for relay in relays:
        try:
            body = fetch(address(relay, round_), LARGEST, SECONDS, "application/json", _policy(relay)).body
        except NotFetched as refusal:
            why.append(f"{relay}: {refusal}")
            continue
        text = body.decode("utf-8", "replace")
        asked = Check()
        _signed(asked, round_, text)
        if not asked.errors:
            return text
        why.append(f"{relay}: {asked.errors['randomness']}")
        log.warning("relay of drand gave a wrong round", relay=relay, draw=draw.name)
    raise Unknown("; ".join(why))


def address(relay: str, round_: int) -> str:
    """Return where a relay shows the round."""
    return f"{relay}/{drand.CHAIN}/public/{round_}"


def _policy(relay: str) -> Policy:
    """Public places only, at the port that the operator named; a relay of this very machine outside production."""
    port = urlsplit(relay).port
    ports = PUBLIC.allowed_ports | ({port} if port else set())
    if settings().production:
        return replace(PUBLIC, allowed_ports=frozenset(ports))
    return replace(PUBLIC, allowed_ports=frozenset(ports), allowed_networks=(ip_network("127.0.0.0/8"),))
