"""The mail folder. In: parcels. Out: .eml files, each whole or not there; file names carry nothing personal."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from service.delivery.port import Outcome, Parcel, Verdict


def file_name(parcel: Parcel) -> str:
    """Return `00000042-digest-<first letters of its Message-ID>.eml`: the same at every attempt."""
    local = "".join(c for c in parcel.message.message_id.partition("@")[0] if c.isalnum())[:12]
    return f"{parcel.number:08d}-{parcel.kind}-{local}.eml"


class FolderMailer:
    """Writes each mail as a file: for the demo, development and anybody who hands mails on by other means."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, window: Sequence[Parcel], may: Callable[[Parcel], bool]) -> Iterator[tuple[Parcel, Outcome]]:
        """Yield what became of each parcel; a full or missing disk concerns nobody and stops the window."""
        for parcel in window:
            if not may(parcel):
                yield parcel, Outcome(Verdict.BACK)
                continue
            outcome = self._write(parcel)
            yield parcel, outcome
            if outcome.verdict is Verdict.NOBODY:
                return

    def _write(self, parcel: Parcel) -> Outcome:
        draft, final = self.folder / f".{secrets.token_hex(8)}.part", self.folder / file_name(parcel)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with draft.open("xb") as file:
                file.write(parcel.message.raw)
                file.flush()
                os.fsync(file.fileno())
            if not final.exists():  # one that is there is this very mail, delivered before
                draft.replace(final)
        except OSError as problem:
            return Outcome(Verdict.NOBODY, f"folder: {problem.strerror}")
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        return Outcome(Verdict.ACCEPTED)

    def close(self) -> None:
        """Nothing stays open."""
