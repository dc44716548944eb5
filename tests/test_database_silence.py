"""A silent database. In: a PostgreSQL that says nothing any more. Out: an error soon, as the configuration says."""

from __future__ import annotations

import os
import socket
import sys
import time

import pytest
import sqlalchemy as sa

from service import database
from service.database import PROMPT, engine_options


@pytest.mark.sockets
@pytest.mark.parametrize(("said", "usual"), [("?connect_timeout=2", 60), ("", 2)], ids=["its address", "as usual"])
def test_a_database_that_takes_a_connection_and_says_nothing_is_away_after_a_time(
    monkeypatch: pytest.MonkeyPatch, said: str, usual: int
) -> None:
    monkeypatch.setattr(database, "PROMPT", {**PROMPT, "connect_timeout": usual})
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://noor@127.0.0.1:{silent.getsockname()[1]}/x{said}"
        engine = sa.create_engine(url, **engine_options(url))
        began = time.monotonic()
        with pytest.raises(sa.exc.OperationalError):
            engine.connect()
        assert 1 < time.monotonic() - began < 8
        engine.dispose()


@pytest.mark.sockets
@pytest.mark.skipif(sys.platform != "linux", reason="TCP_USER_TIMEOUT is Linux's")
@pytest.mark.parametrize(("said", "seconds"), [("", 15), ("?keepalives_idle=77", 77)])
def test_connections_give_up_a_peer_that_vanished_unless_their_address_says_otherwise(
    postgres_url: str, said: str, seconds: int
) -> None:
    url = postgres_url + said
    engine = sa.create_engine(url, **engine_options(url))
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        with socket.socket(fileno=os.dup(driver.fileno())) as line:
            assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == seconds
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == PROMPT["tcp_user_timeout"]
    engine.dispose()
