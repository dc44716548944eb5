"""SMTP. In: finished digests and Debian's smtp-sink. Out: how fast they go over, beside smtp-source and smtplib.

What is sent are real digests with all the sender does for them: envelopes, doubled dots, `may` before each body, every
reply read and told. smtp-source sends the same number of mails of the same size over lines it keeps.
"""

from __future__ import annotations

import os
import shutil
import smtplib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench import messages
from bench.figures import Figure, Timing, at_least, interleaved, missing, quotient, told
from emails import digest, passes
from emails.values import Message, Recipient
from service.delivery.port import Parcel, Verdict
from service.delivery.smtp import SmtpMailer
from service.delivery.windows import WINDOW

CONNECTIONS = 4
"""What GOODWORD_SMTP_CONNECTIONS is unless somebody says otherwise."""

STORIES = 60
SESSIONS = (1, 4, 8, 16)
ROUND_TRIP = 10.0
INSTALL = "smtp-source and smtp-sink are not here; on Debian: apt-get install postfix"
NAMES = ("SMTP sender / smtp-source at its best", f"SMTP at {ROUND_TRIP:.0f} ms round trip / smtplib")


def found(name: str) -> str | None:
    """Return where the program is, also where only root's path leads."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


@contextmanager
def sink(program: str) -> Iterator[int]:
    """Run smtp-sink for the length of a with block; yields its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    # It refuses to stay root.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    child = subprocess.Popen([program, *user, f"127.0.0.1:{port}", "128"])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        child.terminate()
        child.wait()


@contextmanager
def slow_line(port: int) -> Iterator[int]:
    """Run the delaying proxy before `port` for the length of a with block; yields its port."""
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.slow_line", str(port), str(ROUND_TRIP)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None and child.stdout is not None
    try:
        yield int(child.stdout.readline())
    finally:
        child.stdin.close()
        child.terminate()
        child.wait()
        child.stdout.close()


def prebuilt(number: int = 200) -> list[Message]:
    """Return so many different finished digests."""
    compiled, key = digest.compile(messages.edition(STORIES), "en"), bytes(range(64))

    def one(person: messages.Person) -> Message:
        signed = passes.make(key, 1, person.number.to_bytes(8, "big"), 20774)
        to = Recipient(person.name, f"person.{person.number}@beacon.example", "en", signed, person.networks)
        return compiled.message(to, person.you, person.stories, f"<{person.number}@b.example>", messages.DATE)

    return [one(person) for person in messages.people(number)]


def hand_over(port: int, mails: list[Message], number: int, connections: int, pipelining: bool = True) -> None:
    """Send so many mails over so many connections, a thread and a mailer each, in windows; all must be accepted."""
    problems: list[BaseException] = []

    def one(count: int) -> None:
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}", pipelining=pipelining)
        try:
            for start in range(0, count, WINDOW):
                window = [Parcel(n, "digest", mails[n % len(mails)]) for n in range(start, min(start + WINDOW, count))]
                for _parcel, outcome in mailer.send(window, lambda _parcel: True):
                    if outcome.verdict is not Verdict.ACCEPTED:
                        raise RuntimeError(f"the sink did not take a mail: {outcome}")
        except BaseException as problem:  # noqa: BLE001 - a thread's failure is the measure's
            problems.append(problem)
        finally:
            mailer.close()

    threads = [threading.Thread(target=one, args=(number // connections,)) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def source(program: str, port: int, number: int, size: int, sessions: int) -> Callable[[], object]:
    """Return a call that has smtp-source send so many mails of that size over so many kept lines."""
    command = [program, "-d", "-s", str(sessions), "-m", str(number), "-l", str(size)]
    return lambda: subprocess.run(
        [*command, "-f", "g@beacon.example", "-t", "p@beacon.example", f"127.0.0.1:{port}"], check=True
    )


def library(port: int, mails: list[Message], number: int) -> None:
    """Send so many mails with smtplib over one kept connection."""
    with smtplib.SMTP("127.0.0.1", port) as session:
        for n in range(number):
            mail = mails[n % len(mails)]
            session.sendmail(mail.sender, [mail.recipient], mail.raw)


def run(full: bool) -> list[Figure]:
    """Return the figures of sending; `full` sends more and takes more rounds."""
    programs = found("smtp-source"), found("smtp-sink")
    if programs[0] is None or programs[1] is None:
        return [missing(NAMES[0], "times", "≥ 1", INSTALL), missing(NAMES[1], "times", "≥ 3", INSTALL)]
    mails = prebuilt()
    size = sum(len(mail.raw) for mail in mails) // len(mails)
    with sink(programs[1]) as port:
        # Short rounds and many: what else the machine does for a moment then hits one contestant of one round.
        near = _near(programs[0], port, mails, size, 1600 if full else 800, 31 if full else 11)
        with slow_line(port) as far:
            return near + _far(far, mails, 192 if full else 64, 5 if full else 3)


def _near(program: str, port: int, mails: list[Message], size: int, number: int, rounds: int) -> list[Figure]:
    contestants: dict[str, Callable[[], object]] = {
        f"smtp-source -s {n}": source(program, port, number, size, n) for n in SESSIONS
    }
    contestants["ours"] = lambda: hand_over(port, mails, number, CONNECTIONS)
    contestants["one connection"] = lambda: hand_over(port, mails, number, 1)
    contestants["one by one"] = lambda: hand_over(port, mails, number, CONNECTIONS, pipelining=False)
    contestants["smtplib"] = lambda: library(port, mails, number // 2)
    work = dict.fromkeys(contestants, number) | {"smtplib": number // 2}
    times = interleaved(contestants, work, rounds)
    best = min((name for name in times if name.startswith("smtp-source")), key=lambda name: times[name].median)
    said = f"{size / 1000:.0f} KB mails to smtp-sink, beside {best}, its best of {', '.join(map(str, SESSIONS))} lines"
    return [
        told("smtp-source at its best", 1 / times[best].median, "mails/s", f"{best} -d, mails of {size} bytes"),
        told("SMTP sender", 1 / times["ours"].median, "mails/s", f"{CONNECTIONS} connections of one process"),
        at_least(NAMES[0], quotient(times[best], times["ours"]), "times", 1, f"{CONNECTIONS} connections, {said}"),
        _beside(times, best, "one connection", said),
        _beside(times, best, "one by one", f"a server without PIPELINING, {CONNECTIONS} connections, {said}"),
        _beside(times, best, "smtplib", f"one kept connection, {said}"),
    ]


def _beside(times: dict[str, Timing], best: str, name: str, why: str) -> Figure:
    return told(f"  {name} / smtp-source", quotient(times[best], times[name]), "times", why)


def _far(port: int, mails: list[Message], number: int, rounds: int) -> list[Figure]:
    times = interleaved(
        {
            "ours": lambda: hand_over(port, mails, number * 3, 1),
            "smtplib": lambda: library(port, mails, number),
        },
        {"ours": number * 3, "smtplib": number},
        rounds,
    )
    return [
        told(
            "SMTP sender, one far connection",
            1 / times["ours"].median,
            "mails/s",
            f"the same mails, half of the {ROUND_TRIP:.0f} ms added each way by a proxy",
        ),
        at_least(
            NAMES[1], quotient(times["smtplib"], times["ours"]), "times", 3, "one kept connection each, to smtp-sink"
        ),
    ]
