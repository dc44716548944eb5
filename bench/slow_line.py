"""A long line. In: a local port and a round trip in milliseconds. Out: a proxy in front of it that delays every byte.

`python -m bench.slow_line PORT MILLISECONDS` prints its own port and runs until its input ends. Half of the time is
added each way; bytes wait side by side, so that only latency is added and nothing of the bandwidth is taken.
"""

from __future__ import annotations

import asyncio
import sys
import time

CHUNK = 262_144


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Pass everything on, `delay` seconds after it came, and the end too."""
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def pass_on() -> None:
        while True:
            due, chunk = await waiting.get()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if not chunk:
                writer.close()
                return
            writer.write(chunk)

    late = asyncio.create_task(pass_on())
    try:
        while chunk := await reader.read(CHUNK):
            waiting.put_nowait((time.monotonic() + delay, chunk))
    except ConnectionError:
        pass
    waiting.put_nowait((time.monotonic() + delay, b""))
    await late


async def serve(port: int, delay: float) -> None:
    """Listen, tell where, and run until the input ends."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port, limit=CHUNK)
        await asyncio.gather(carry(reader, back, delay), carry(there, writer, delay))

    server = await asyncio.start_server(meet, "127.0.0.1", 0, limit=CHUNK)
    async with server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 2000))
