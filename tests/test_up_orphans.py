"""Up and processes that end badly. In: a web server's first process killed, or deaf. Out: nothing of it stays."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.test_up import Launched, healthy, launched, until

__all__ = ["launched"]
pytestmark = [pytest.mark.sockets, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]


def _web(up: Launched) -> set[int]:
    """Return the processes of the web server: the first one and those that answer, which are its children."""
    first = {up.child("granian")} - {0}
    return first | {pid for one in first for pid in _children(one)}


def _children(pid: int) -> set[int]:
    return {int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def test_a_web_server_that_fell_or_does_not_hear_leaves_no_process_that_answers(launched: Launched) -> None:
    before = _web(launched)
    assert len(before) >= 2
    os.kill(launched.child("granian"), signal.SIGKILL)
    until(lambda: not before & launched.family().keys())
    until(lambda: healthy(launched.settings) and len(_web(launched)) >= 2)
    os.kill(launched.child("granian"), signal.SIGSTOP)
    launched.process.send_signal(signal.SIGTERM)
    assert launched.process.wait(45) == 0
    assert launched.family() == {}
    assert not healthy(launched.settings)
