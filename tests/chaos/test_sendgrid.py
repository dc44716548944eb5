"""SendGrid's look-alike lies and workers are killed. In: signed events, silence. Out: one mail each, nobody helping."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization

from service import clock, digests, editions
from service.database import db
from service.models import Employee, MailEvent, Topic
from tests import week47
from tests.chaos.conftest import Form, draft_week
from tests.chaos.world import World, listens, settle_down, until
from tests.sendgrid_server import KEY, key_pair
from tests.servers import free_port

MANNERS = "ok=10,ok-500=1,ok-silence=1,silence=1,500=1,429=1,cut=1"
"""Of ten calls four go wrong; of these two were taken all the same."""

SILENCE = timedelta(hours=27)


class Provider:
    """The look-alike and the service's own web server, which takes its events."""

    def __init__(self, world: World, port: int) -> None:
        self.world, self.port = world, port
        self.journal = world.folder / "taken"
        self.web = world.goodword("web", name="web")
        world.others.append(self.web)
        until(lambda: listens(world.settings.listen[1]), what="the web server")
        self.process = self._start("")

    def _start(self, manners: str) -> subprocess.Popen[bytes]:
        host, port = self.world.settings.listen
        process = self.world.spawn(
            *(sys.executable, "-m", "tests.sendgrid_server", "--port", str(self.port), "--manners", manners),
            *("--journal", str(self.journal), "--key", str(self.world.folder / "key.pem")),
            *("--hook", f"http://{host}:{port}/hooks/sendgrid", "--clock", str(self.world.settings.clock)),
            *("--seed", str(self.world.seed)),
            name="provider",
        )
        self.world.others.append(process)
        until(lambda: listens(self.port), what="the look-alike")
        return process

    def taken(self) -> list[dict[str, str]]:
        if not self.journal.exists():
            return []
        return [json.loads(line) for line in self.journal.read_text(encoding="utf-8").splitlines()]

    def reported(self) -> bool:
        """True where every mail it took was heard of."""
        with self.world.app.app_context():
            asked = sa.select(sa.func.count(MailEvent.send_id.distinct())).where(MailEvent.event == "delivered")
            heard = db.session.scalar(asked)
            db.session.remove()
        return heard == len(self.taken())

    def change(self, manners: str) -> None:
        """Behave like this from here on ("": take everything); all that there was to report has been heard."""
        until(self.reported, 60, "the last report")
        self.process.terminate()
        self.process.wait(10)
        self.process = self._start(manners)


def many_choices(world: World, topics: int) -> None:
    """Give the readers so many topics in many combinations, and so their mails to many calls; the liaison is one."""
    with world.app.app_context():
        for n in range(3, topics + 1):
            db.session.add(Topic(slug=f"t{n}", name=f"T{n}"))
            db.session.flush()
            week47.story(f"Of topic {n}", topics=[n], lead_topic=n)
        for person in db.session.scalars(sa.select(Employee)):
            person.topics = sorted({1, *world.chance.sample(range(2, topics + 1), world.chance.randrange(topics))})
        db.session.commit()
        db.session.remove()


def knock(world: World, provider: Provider) -> None:
    """Send the liaison a test mail and wait until it was taken: a call of which every event comes."""
    before = len(provider.taken())

    def taken() -> bool:
        world.tend()
        world.wake("deliver")
        return len(provider.taken()) > before

    with world.app.app_context():
        edition = editions.edition(week47.WEEK)
        digests.send_test(edition, db.session.get_one(Employee, 1), "liam@beacon.example")
        db.session.remove()
    until(taken, 60, "the test mail")


def test_a_provider_that_lies_and_killed_workers_leave_one_mail_each_unattended(
    make_world: Callable[..., World], database_url: str, form: Form
) -> None:
    port, listen = free_port(), f"127.0.0.1:{free_port()}"
    private, public = key_pair()
    world = make_world(
        database_url,
        more={
            "GOODWORD_MAIL": "sendgrid",
            "GOODWORD_SENDGRID_KEY": KEY,
            "GOODWORD_SENDGRID_WEBHOOK_KEY": public,
            "GOODWORD_SENDGRID_HOST": f"http://127.0.0.1:{port}",
            "GOODWORD_SENDGRID_SILENCE": "on",
            "GOODWORD_LISTEN": listen,
        },
    )
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (world.folder / "key.pem").write_bytes(private.private_bytes(*pem))
    draft_week(world, form.people)
    many_choices(world, form.topics)
    with world.app.app_context():
        editions.release(editions.edition(week47.WEEK), "test")
        db.session.remove()
    world.pass_time(timedelta(minutes=12))
    provider = Provider(world, port)
    world.start_workers(3)
    knock(world, provider)
    provider.change(MANNERS)
    killed_before = world.killed
    until(lambda: world.wake("plan") or world.planned(), what="the planning")
    for _ in range(form.kills):
        until(lambda: world.tend() or world.wake("deliver") or world.horses() or not world.due(), 60, "a job")
        if not world.due():
            break
        time.sleep(world.chance.uniform(0.0, 1.0))
        world.strike()
    settle_down(world)
    doubtful = world.states().get("ambiguous", 0)
    provider.change("")
    knock(world, provider)
    print(f"killed {world.killed - killed_before}, in doubt before the reports {doubtful}, after {world.states()}")

    # Nobody helps: a day of silence shows which calls were never taken, and their mails go once more.
    for _ in range(3):
        until(provider.reported, 60, "the last report")
        if not world.states().get("ambiguous"):
            break
        world.pass_time(SILENCE)
        until(lambda: world.wake("silence") or world.due() or not world.states().get("ambiguous"), 60, "the silence")
        settle_down(world)
        knock(world, provider)
    until(provider.reported, 60, "the last report")
    until(lambda: set(world.states()) == {"delivered"}, 60, "the last state")
    receivers = Counter(line["to"] for line in provider.taken() if not line["to"].startswith("liam@"))
    print(f"{len(receivers)} receivers, states {world.states()}, now {clock.now():%Y-%m-%d %H:%M}")
    assert len(receivers) == form.people and set(receivers.values()) == {1}
