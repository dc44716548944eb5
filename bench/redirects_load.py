"""Load. In: an address and visitors. Out: how many redirects came, how fast, and what they cost the processor.

wrk sends the same visitors to every contestant: people of many browsers and addresses on a thousand links. `paced`
sends at a constant rate, whatever the answers do: a late answer counts from when it was due, so that no pause hides.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 32

SCRIPT = r"""
local wanted, n = {}, 0
init = function(args)
  for line in io.lines(args[1]) do
    local code, address, agent = line:match("([^\t]*)\t([^\t]*)\t(.*)")
    local headers = {["User-Agent"] = agent, ["X-Forwarded-For"] = address, ["Accept-Language"] = "en-GB,en;q=0.9"}
    wanted[#wanted + 1] = wrk.format("GET", "/r/" .. code, headers)
  end
end
request = function() n = n % #wanted + 1; return wanted[n] end
done = function(summary, latency, _)
  local e = summary.errors
  io.write(string.format('\n{"answered": %d, "micros": %d, "errors": %d, "p99": %f}\n', summary.requests,
    summary.duration, e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(99) / 1000))
end
"""


@dataclass(frozen=True, slots=True)
class Visitors:
    """Files that tell wrk whom to play."""

    script: Path
    list: Path

    @classmethod
    def make(cls, folder: Path, codes: list[str]) -> Visitors:
        """Write some five thousand visits by people: link, address and browser of each."""
        agents = [
            f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
            for version in range(120, 142)
            for system in ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64")
        ]
        lines = []
        for n in range(4999):
            address = f"198.{18 + n % 2}.{n // 250 % 250}.{n % 250 + 1}"
            lines.append(f"{codes[n * 7 % len(codes)]}\t{address}\t{agents[n * 11 % len(agents)]}")
        found = cls(folder / "visits.lua", folder / "visits.txt")
        found.script.write_text(SCRIPT, encoding="utf-8")
        found.list.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return found


@dataclass(frozen=True, slots=True)
class Run:
    """One run of wrk."""

    answered: int
    seconds: float
    errors: int
    p99: float
    """Milliseconds, at saturation."""
    processor: float
    """Seconds of the server's processes."""

    @property
    def rate(self) -> float:
        return self.answered / self.seconds


def wrk(port: int, visitors: Visitors, seconds: int, pids: list[int]) -> Run:
    """Send as much as comes back over CONNECTIONS connections for so many seconds."""
    before = processor(pids)
    done = subprocess.run(
        ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}", "-s", visitors.script, f"http://127.0.0.1:{port}"]
        + ["--", visitors.list],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    said = json.loads(done.stdout.splitlines()[-1])
    spent = processor(pids) - before
    return Run(said["answered"], said["micros"] / 1e6, said["errors"], said["p99"], spent)


def processor(pids: list[int]) -> float:
    """Return the seconds of processor that these processes and their living children have used (Linux)."""
    ticks = 0
    for pid in _families(pids):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _families(pids: list[int]) -> set[int]:
    found, more = set(pids), list(pids)
    while more:
        pid = more.pop()
        for file in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                children = [int(each) for each in file.read_text(encoding="ascii").split()]
            except OSError:
                continue
            more += [each for each in children if each not in found]
            found.update(children)
    return found


@dataclass(slots=True)
class Paced:
    """What came of a constant rate."""

    answered: int = 0
    errors: int = 0
    latencies: list[float] | None = None
    """Milliseconds from the moment each was due."""

    def percentile(self, share: float) -> float:
        found = sorted(self.latencies or [0.0])
        return found[min(len(found) - 1, int(len(found) * share))]


def paced(port: int, visitors: Visitors, rate: float, seconds: float, threads: int = 8) -> Paced:
    """Send `rate` visits a second for so many seconds, each thread its share over a connection it keeps."""
    lines = [line.split("\t") for line in visitors.list.read_text(encoding="utf-8").splitlines()]
    results = [Paced(latencies=[]) for _ in range(threads)]
    began = time.perf_counter() + 0.5

    def send(number: int) -> None:
        mine, connection = results[number], http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        assert mine.latencies is not None
        for n in range(number, int(rate * seconds), threads):
            due = began + n / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            code, address, agent = lines[n % len(lines)]
            headers = {"User-Agent": agent, "X-Forwarded-For": address, "Accept-Language": "en"}
            try:
                connection.request("GET", f"/r/{code}", headers=headers)
                answer = connection.getresponse()
                answer.read()
                mine.answered += answer.status == 302
                mine.errors += answer.status != 302
            except (OSError, http.client.HTTPException):
                mine.errors += 1
                connection.close()
            mine.latencies.append((time.perf_counter() - due) * 1000)
        connection.close()

    people = [threading.Thread(target=send, args=(n,)) for n in range(threads)]
    for each in people:
        each.start()
    for each in people:
        each.join()
    whole = Paced(sum(r.answered for r in results), sum(r.errors for r in results), [])
    whole.latencies = [each for r in results for each in r.latencies or ()]
    return whole
