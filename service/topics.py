"""Topics. In: names as people write them. Out: topics created, renamed and found again under any of their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from service.database import db
from service.models import Topic
from service.validation import N_, Check, key_of, one_line, slug_of


def all_topics() -> list[Topic]:
    """Return every topic by name."""
    return list(db.session.scalars(sa.select(Topic).order_by(Topic.name)))


def offered(keeps: Iterable[int] = ()) -> list[Topic]:
    """Return the topics that are not retired, and of the retired ones those with these ids, by name."""
    kept = set(keeps)
    return [topic for topic in all_topics() if not topic.retired or topic.id in kept]


def lookup(*, former: bool = True) -> dict[str, int]:
    """Return topic ids by the key_of slug, name and every translation; a slug beats a translation.

    `former` names, of topics that were merged into others, lead to these; a present name beats them.
    """
    found: dict[str, int] = {}
    topics = all_topics()
    for topic in topics:
        for name in topic.names.values():
            found.setdefault(key_of(name), topic.id)
    for topic in topics:
        found[key_of(topic.name)] = topic.id
    for topic in topics:
        found[topic.slug] = topic.id
    for topic in topics if former else ():
        for key in topic.former:
            found.setdefault(key, topic.id)
    return found


def keys_of(topic: Topic) -> set[str]:
    """Return the keys of every name that means this topic, former ones too."""
    return {topic.slug, key_of(topic.name), *map(key_of, topic.names.values()), *topic.former}


def add_missing(names: Iterable[str]) -> dict[str, int]:
    """Add topics for names not known yet (no commit); return lookup() with them."""
    known = lookup()
    for name in names:
        name = one_line(name)[:60]
        if name and key_of(name) not in known:
            known[key_of(name)] = _add(name, {}).id
    return known


def create(name: str, names: Mapping[str, str] | None = None) -> Topic:
    """Create a topic; `names` are its translations by language. Raises Invalid.

    A former name of another topic is its own from now on.
    """
    check = Check()
    name = check.text("name", name, 60, required=True)
    if name and key_of(name) in lookup(former=False):
        check.refuse("name", N_("There is a topic of this name already."))
    check.done()
    topic = _add(name, _clean(names or {}))
    db.session.commit()
    return topic


def rename(topic: Topic, name: str, names: Mapping[str, str] | None = None) -> Topic:
    """Give a topic a new name (its slug stays, so that addresses do) and, if given, translations. Raises Invalid."""
    check = Check()
    name = check.text("name", name, 60, required=True)
    if name and lookup(former=False).get(key_of(name), topic.id) != topic.id:
        check.refuse("name", N_("There is a topic of this name already."))
    known = lookup(former=False)
    for language, word in _clean(names or {}).items():
        if known.get(key_of(word), topic.id) != topic.id:
            check.refuse(f"name-{language}", N_("There is a topic of this name already."))
    check.done()
    topic.name = name
    if names is not None:
        topic.names = _clean(names)
    db.session.commit()
    return topic


def retire(topic: Topic, retired: bool = True) -> None:
    """Offer a topic to nobody any more, or again. Stories and followers that have it keep it. Commits."""
    topic.retired = retired
    db.session.commit()


def ids_in(values: Iterable[Any]) -> list[int]:
    """Return the existing topics' ids among these ids, in the order given, each once."""
    known = set(db.session.scalars(sa.select(Topic.id)))
    return list(dict.fromkeys(int(v) for v in values if int(v) in known))


def _clean(names: Mapping[str, str]) -> dict[str, str]:
    cleaned = {language: one_line(name)[:60] for language, name in names.items()}
    return {language: name for language, name in sorted(cleaned.items()) if name}


def _add(name: str, names: dict[str, str]) -> Topic:
    taken = set(db.session.scalars(sa.select(Topic.slug)))
    slug, n = slug_of(name) or "topic", 2
    while slug in taken:
        slug, n = f"{slug_of(name) or 'topic'}-{n}", n + 1
    topic = Topic(slug=slug, name=name, names=names)
    db.session.add(topic)
    db.session.flush()
    return topic
