"""Two tellers. In: two workers that tell the same news, and more news between them. Out: one mail all the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from service import badge_mails, keys, share_mails
from service.database import db
from service.models import Award, Employee, Outbox, ShareNews
from tests.conftest import TUESDAY
from tests.test_news_mails import later, mails, read
from tests.test_settling import house as house
from tests.test_settling import noor

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite's writers queue up anyhow


@pytest.fixture
def her(house: Flask) -> Employee:
    keys.ensure()
    who = noor("Noor")
    read(who, 12)
    later(hours=1)
    return who


def together(app: Flask, monkeypatch: pytest.MonkeyPatch, tell: Callable[[], int], at: str, meanwhile: Any) -> None:
    """Run `tell` twice: the second begins, and `meanwhile` is added, before the first one's function `at` goes on."""
    module = share_mails if tell is share_mails.tell else badge_mails
    first: Callable[..., Any] = getattr(module, at)
    others: list[threading.Thread] = []

    def second() -> None:
        with app.app_context():
            db.session.add(meanwhile)
            db.session.commit()
            tell()
            db.session.remove()

    def stopped(*given: Any, **more: Any) -> Any:
        if not others:
            others.append(threading.Thread(target=second))
            others[0].start()
            others[0].join(1)
        return first(*given, **more)

    monkeypatch.setattr(module, at, stopped)
    tell()
    others[0].join(20)
    db.session.rollback()


def test_two_workers_mail_the_same_shares_once(house: Flask, her: Employee, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = sorted(db.session.scalars(sa.select(ShareNews.readers)))
    assert len(steps) > 1
    last = db.session.scalars(sa.delete(ShareNews).where(ShareNews.readers == steps[-1]).returning(ShareNews.share_id))
    more = ShareNews(share_id=last.one(), readers=steps[-1], subject=her.subject, at=TUESDAY)
    db.session.commit()
    together(house, monkeypatch, share_mails.tell, "_found", more)
    assert len(mails("did-well")) == 1


def test_two_workers_mail_the_same_badges_once(house: Flask, her: Employee, monkeypatch: pytest.MonkeyPatch) -> None:
    db.session.execute(sa.delete(Award))
    db.session.add(Award(subject=her.subject, badge="first-word", level=1, earned_at=TUESDAY, created_at=TUESDAY))
    db.session.commit()
    more = Award(subject=her.subject, badge="first-word", level=3, earned_at=TUESDAY, created_at=TUESDAY)
    together(house, monkeypatch, badge_mails.tell, "_earned", more)
    found = db.session.scalars(sa.select(Outbox).where(Outbox.kind == "badge")).all()
    assert len(found) == 1
