"""Values of an import. In: nothing. Out: what the programme knows, a person of a file, a whole file as it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.employees_findings import Finding


@dataclass(frozen=True, slots=True)
class Known:
    """What the programme knows. `topics`: key_of(name) → id; `networks`: slug → label; languages: first = fallback."""

    languages: tuple[str, ...]
    zone: str
    topics: Mapping[str, int]
    networks: Mapping[str, str]
    create_topics: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A row that can go in: `values` holds only what the file says (topics as keys of key_of, reads with language)."""

    row: int
    email: str
    values: dict[str, Any]


@dataclass(slots=True)
class Reading:
    """A whole file, read: what can go in, what not, and every address that was recognised in any row."""

    encoding: str
    guessed: bool
    delimiter: str
    columns: dict[str, str]
    """Field → the heading it was read from."""
    ignored: list[str]
    """Headings that mean nothing to us."""
    rows: int = 0
    people: list[Person] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    new_topics: dict[str, str] = field(default_factory=dict)
    """key_of(name) → name as first written, of topics the programme does not have yet."""
