"""Refusals. In: passes that are wrong in every way. Out: one and the same answer, for the same work, saying nothing."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from pytest import MonkeyPatch

from emails import passes as tokens
from service import clock, keys, passes
from service.database import db
from service.models import Employee, RetiredLink
from tests import noor as world

ENGLISH = {"User-Agent": world.CHROME, "Accept-Language": "en"}


def _with(text: str, at: int, change: Callable[[int], int]) -> str:
    """Return the pass with one byte changed: 0 is the key's id, 1 to 8 the link id, 9 and 10 the day, then the tag."""
    raw = bytearray(urlsafe_b64decode(text))
    raw[at] = change(raw[at]) % 256
    return urlsafe_b64encode(bytes(raw)).decode()


def _wrong(noor: Employee) -> dict[str, str]:
    """Return paths of every kind of wrong, by what is wrong with them."""
    made = world.passes_of(noor)
    story = world.story().id
    nobodys = passes.passes_for("ff" * 8, passes.today_number(clock.now()), passes.newest_key_id())
    return {
        "a wrong tag": f"/me/{_with(made.me, 20, lambda b: b + 1)}",
        "an unknown key": f"/me/{_with(made.me, 0, lambda b: b + 7)}",
        "another link id": f"/me/{_with(made.me, 4, lambda b: b ^ 1)}",
        "another day": f"/me/{_with(made.me, 10, lambda b: b + 1)}",
        "another purpose": f"/me/{made.share}",
        "nobody's, but genuine": f"/me/{nobodys.me}",
        "too short": f"/me/{made.me[:-1]}",
        "too long": f"/me/{made.me}A",
        "other signs": f"/me/{made.me[:-1]}=",
        "not ASCII": f"/me/{made.me[:-1]}é",
        "a zero byte": f"/me/{made.me[:-1]}%00",
        "no pass at all": "/me/hello",
        "no page at all": "/nothing/here",
        "share: wrong tag": f"/s/{_with(made.share, 20, lambda b: b + 1)}/{story}",
        "share: wrong tag, network": f"/s/{_with(made.share, 20, lambda b: b + 1)}/{story}/x",
        "share: unknown story": f"/s/{made.share}/424242",
        "share: a huge story": f"/s/{made.share}/{10**30}",
        "share: no story": f"/s/{made.share}/doors",
        "share: unknown network": f"/s/{made.share}/{story}/myspace",
        "share: another team's story": f"/s/{made.share}/{story + 1}",
        "claim: unknown draw": f"/claim/{made.claim}/2026-10",
        "claim: wrong tag": f"/claim/{_with(made.claim, 20, lambda b: b + 1)}/2026-10",
        "unsubscribe: wrong tag": f"/u/{_with(made.unsubscribe, 20, lambda b: b + 1)}",
        "a short link": "/r/1111111111",
        "a short link's form": "/r/hello",
        "a poster": "/p/1111111111",
    }


def test_all_that_is_wrong_is_answered_with_the_same_bytes(client: FlaskClient) -> None:
    wrong = _wrong(world.begin())
    for method in ("GET", "HEAD"):
        answers = {}
        for what, path in wrong.items():
            answer = client.open(path, method=method, headers=ENGLISH)
            answers[what] = (answer.status_code, answer.data, sorted(answer.headers.items()))
        first = answers["a wrong tag"]
        assert first[0] == 404
        assert {what: answer for what, answer in answers.items() if answer != first} == {}


def test_posts_with_wrong_passes_are_answered_with_the_same_bytes(client: FlaskClient) -> None:
    wrong = _wrong(world.begin())
    answers = {
        what: (answer.status_code, answer.data, sorted(answer.headers.items()))
        for what, path in wrong.items()
        if path.startswith(("/s/", "/claim/", "/u/")) and "network" not in what and path.count("/") <= 3
        for answer in [client.post(path, headers=ENGLISH)]
    }
    assert len(answers) >= 6
    assert {what: a for what, a in answers.items() if a != answers["share: wrong tag"]} == {}


@pytest.mark.parametrize("language", ["en", "it", "sl"])
def test_the_answer_follows_the_browsers_language_alone(client: FlaskClient, language: str) -> None:
    noor = world.begin()
    noor.language = language
    db.session.commit()
    headers = {**ENGLISH, "Accept-Language": language}
    pages = {client.get(path, headers=headers).data for path in _wrong(noor).values()}
    assert len(pages) == 1


def test_all_that_has_ended_is_answered_with_the_same_bytes(client: FlaskClient) -> None:
    noor = world.begin()
    noor.links_from = clock.now().date() - timedelta(days=200)
    old, made = world.passes_of(noor, 100), world.passes_of(noor)
    before = world.passes_of(noor, 201)
    db.session.commit()
    story = world.story().id
    # Her own page's pass past its days is another matter: that page offers to mail her a fresh one.
    ended = [f"/s/{old.share}/{story}", f"/s/{old.share}/{story}/x", f"/s/{before.share}/{story}", f"/me/{before.me}"]
    answers = [client.get(path, headers=ENGLISH) for path in ended]
    noor.status = "left"
    db.session.commit()
    answers += [client.get(path, headers=ENGLISH) for path in (f"/me/{made.me}", f"/s/{made.share}/{story}")]
    noor.status = "active"
    db.session.add(RetiredLink(link_id=noor.link_id, employee_id=noor.id))
    noor.link_id = "00" * 8
    db.session.commit()
    answers += [client.get(path, headers=ENGLISH) for path in (f"/me/{made.me}", f"/claim/{made.claim}/2026-10")]
    told = [(a.status_code, a.data, sorted(a.headers.items())) for a in answers]
    assert [a.request.path for a, said in zip(answers, told, strict=True) if said != told[0]] == []
    assert answers[0].status_code == 410
    assert client.get(f"/u/{made.unsubscribe}").status_code == 200


@contextmanager
def _work(monkeypatch: MonkeyPatch) -> Iterator[dict[str, int]]:
    """Count HMACs, constant-time comparisons and statements while this lasts."""
    done = {"hmac": 0, "compare": 0, "statements": 0}

    def digest(*args: object) -> bytes:
        done["hmac"] += 1
        return real_digest(*args)  # type: ignore[arg-type]

    def compare(*args: object) -> bool:
        done["compare"] += 1
        return bool(real_compare(*args))  # type: ignore[arg-type]

    def statement(*_args: object) -> None:
        done["statements"] += 1

    real_digest, real_compare = hmac.digest, hmac.compare_digest
    with monkeypatch.context() as patch:
        patch.setattr(hmac, "digest", digest)
        patch.setattr(hmac, "compare_digest", compare)
        sa.event.listen(db.engine, "before_cursor_execute", statement)
        try:
            yield done
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", statement)


def test_every_wrong_pass_costs_the_same_work(app: Flask, monkeypatch: MonkeyPatch) -> None:
    noor = world.begin()
    for _ in range(3):
        keys.rotate()
    keys.retire(2, force=True)
    made = world.passes_of(noor)
    retired = passes.passes_for(noor.link_id, passes.today_number(clock.now()), 2)
    wrong = {
        "the tag's first byte": _with(made.me, 11, lambda b: b + 1),
        "the tag's last byte": _with(made.me, 26, lambda b: b + 1),
        "an unknown key": _with(made.me, 0, lambda b: b + 100),
        "a retired key": retired.me,
        "another link id": _with(made.me, 4, lambda b: b + 1),
        "another day": _with(made.me, 9, lambda b: b + 1),
        "another purpose": made.share,
    }
    cost = {}
    for what, text in wrong.items():
        db.session.expire_all()
        with _work(monkeypatch) as done, pytest.raises(tokens.WrongPass):
            passes.open_pass(text, "me")
        cost[what] = done
    first = cost["the tag's first byte"]
    assert first["compare"] == 1 and first["statements"] == 1
    assert {what: done for what, done in cost.items() if done != first} == {}
