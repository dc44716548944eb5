"""Words. In: plain Babel catalogues (.po). Out: gettext and plural forms by language, usable without Flask."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations


class Catalogues:
    """The catalogues of one folder, `LANGUAGE/LC_MESSAGES/messages.po`; English is the source and needs none."""

    def __init__(self, folder: Path, languages: Iterable[str]) -> None:
        self.folder = folder
        self.languages = tuple(languages)

    @cached_property
    def _loaded(self) -> dict[str, NullTranslations]:
        return {language: self._load(language) for language in self.languages}

    def _load(self, language: str) -> NullTranslations:
        file = self.folder / language / "LC_MESSAGES" / "messages.po"
        if not file.exists():
            return NullTranslations()
        # Compiled in memory: a .mo file beside the .po could be older than it.
        compiled = io.BytesIO()
        with file.open("rb") as source:
            write_mo(compiled, read_po(source, locale=language))
        compiled.seek(0)
        return Translations(compiled)

    def __getitem__(self, language: str) -> NullTranslations:
        """Return the catalogue of this language; one we have no words for reads English."""
        return self._loaded.get(language) or NullTranslations()


CATALOGUES = Catalogues(Path(__file__).resolve().parent / "translations", ("en", "it", "sl"))
"""The words of the mails."""
