from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emails.picks import Candidate, Key, Shelf, choose, name_of, shown_at

NOW = datetime(2026, 11, 17, 8, tzinfo=UTC)
NOOR = Key(topics=frozenset({1, 2}), languages=frozenset({"en", "it"}), audiences=frozenset({7}))


def story(number: int, **facts: object) -> Candidate:
    plain = Candidate(number, "curated", "en", frozenset({1}), NOW - timedelta(days=number))
    return replace(plain, **facts)


@pytest.mark.parametrize(
    ("what", "facts", "fits"),
    [
        ("a topic she follows", {}, True),
        ("one of several topics", {"topics": frozenset({2, 9})}, True),
        ("another topic", {"topics": frozenset({9})}, False),
        ("no topic at all", {"topics": frozenset()}, False),
        ("another language she reads", {"language": "it"}, True),
        ("a language she does not read", {"language": "sl"}, False),
        ("her team", {"audience": frozenset({7, 8})}, True),
        ("another team", {"audience": frozenset({8})}, False),
    ],
)
def test_a_story_fits_by_topic_language_and_audience(what: str, facts: dict[str, object], fits: bool) -> None:
    assert choose([story(1, **facts)], NOOR, 6) == ((1,) if fits else ()), what


def test_what_was_shown_to_her_is_never_chosen_again() -> None:
    assert choose([story(1), story(2)], replace(NOOR, seen=frozenset({1})), 6) == (2,)


def test_campaigns_come_first_then_fresh_before_old_then_evergreen_fill() -> None:
    told = [story(5), story(3), story(1, evergreen=True), story(9, campaign=True), story(4)]
    assert choose(told, NOOR, 6) == (9, 3, 4, 5, 1)


def test_evergreen_gives_way_when_there_is_enough_that_is_fresh() -> None:
    told = [story(1, evergreen=True), story(2), story(3)]
    assert choose(told, NOOR, 2) == (2, 3)


def test_there_is_one_promotional_story_at_most_even_if_others_are_fewer_than_the_number() -> None:
    told = [story(1, kind="promotional"), story(2, kind="promotional"), story(3), story(4, kind="promotional")]
    assert choose(told, NOOR, 6) == (1, 3)


def test_stories_of_the_same_moment_stand_in_the_order_of_their_making_newest_first() -> None:
    told = [story(n, published=NOW) for n in (1, 3, 2)]
    assert choose(told, NOOR, 6) == (3, 2, 1)


def test_a_window_opens_with_its_first_moment_and_closes_before_its_last() -> None:
    told = story(1, published=NOW, until=NOW + timedelta(hours=1))
    seen = [shown_at(told, NOW + timedelta(minutes=m)) for m in (-1, 0, 59, 60)]
    assert seen == [False, True, True, False]


def test_a_campaign_that_is_over_leaves_a_story_like_others() -> None:
    told = [story(5, campaign=True, campaign_until=NOW), story(4)]
    assert Shelf(told, NOW - timedelta(hours=1)).choose(NOOR, 6) == (5, 4)
    assert Shelf(told, NOW).choose(NOOR, 6) == (4, 5)


def test_the_same_stories_in_the_same_order_and_only_they_have_one_name() -> None:
    names = {name_of(stories) for stories in ((1, 2), (2, 1), (1,), (12,), (1, 2, 3), (11, 2), (1, 12))}
    assert len(names) == 7 and name_of((1, 2)) == name_of([1, 2])


def test_people_to_whom_the_same_candidates_fit_are_decided_once() -> None:
    shelf = Shelf([story(1), story(2, topics=frozenset({2})), story(3, language="sl")])
    for key in (NOOR, replace(NOOR, topics=frozenset({1, 2, 99})), replace(NOOR, seen=frozenset({77, 3}))):
        assert shelf.choose(key, 6) == (1, 2)
    assert shelf.decided == 1
    shelf.choose(replace(NOOR, seen=frozenset({1})), 6)
    assert shelf.decided == 2


def test_of_a_topic_that_she_wants_less_of_one_story_comes_at_most() -> None:
    told = [story(1), story(2, topics=frozenset({1, 2})), story(3, topics=frozenset({2})), story(4)]
    assert choose(told, replace(NOOR, fewer=frozenset({"topic:1"})), 6) == (1, 3)
    assert choose(told, replace(NOOR, fewer=frozenset({"topic:2"})), 6) == (1, 2, 4)
    assert choose(told, replace(NOOR, fewer=frozenset({"topic:99"})), 6) == (1, 2, 3, 4)


def test_of_a_kind_that_she_does_not_want_no_story_comes() -> None:
    told = [story(1, kind="promotional"), story(2)]
    assert choose(told, replace(NOOR, fewer=frozenset({"kind:promotional"})), 6) == (2,)


def test_a_wish_that_takes_nothing_away_leaves_her_with_everybody_else() -> None:
    shelf = Shelf([story(1), story(2, topics=frozenset({2}))])
    for wishes in (set(), {"topic:1"}, {"topic:1", "topic:2"}, {"kind:promotional"}):
        assert shelf.choose(replace(NOOR, fewer=frozenset(wishes)), 6) == (1, 2)
    assert shelf.decided == 1


small = st.frozensets(st.integers(1, 4), max_size=3)
moments = st.integers(-200, 0).map(lambda hours: NOW + timedelta(hours=hours))
candidates = st.lists(
    st.builds(
        Candidate,
        id=st.integers(1, 60),
        kind=st.sampled_from(["curated", "owned", "promotional"]),
        language=st.sampled_from(["en", "it", "sl"]),
        topics=small,
        published=moments,
        audience=small,
        campaign=st.booleans(),
        evergreen=st.booleans(),
    ),
    max_size=20,
    unique_by=lambda c: c.id,
)
keys = st.builds(
    Key,
    topics=small,
    languages=st.frozensets(st.sampled_from(["en", "it", "sl", "de"])),
    audiences=small,
    seen=st.frozensets(st.integers(1, 60), max_size=8),
    fewer=st.frozensets(st.sampled_from(["topic:1", "topic:2", "topic:77", "kind:promotional", "kind:owned"])),
)
sizes = st.integers(0, 8)


@given(candidates, keys, sizes, st.randoms(use_true_random=False))
def test_the_order_in_which_candidates_come_changes_nothing(told, key, size, chance) -> None:  # type: ignore[no-untyped-def]
    mixed = list(told)
    chance.shuffle(mixed)
    assert choose(mixed, key, size) == choose(told, key, size)


@given(candidates, keys, sizes)
def test_every_choice_keeps_all_limits(told, key, size) -> None:  # type: ignore[no-untyped-def]
    by_id = {c.id: c for c in told}
    chosen = [by_id[n] for n in choose(told, key, size)]
    assert len(chosen) <= size
    assert len({c.id for c in chosen}) == len(chosen)
    assert sum(c.kind == "promotional" for c in chosen) <= 1
    for c in chosen:
        assert c.id not in key.seen and c.language in key.languages and c.topics & key.topics
        assert not c.audience or c.audience & key.audiences


@given(candidates, keys, sizes)
def test_nothing_that_fits_is_left_out_while_there_is_room(told, key, size) -> None:  # type: ignore[no-untyped-def]
    chosen = choose(told, key, size)
    rest = replace(key, seen=key.seen | frozenset(chosen))
    left = [c for c in told if choose([c], rest, 1)]
    if len(chosen) < size:
        taken = [c for c in told if c.id in chosen]
        promotional = any(c.kind == "promotional" for c in taken)
        enough = {t for c in taken for t in c.topics if f"topic:{t}" in key.fewer}
        assert all((c.kind == "promotional" and promotional) or c.topics & enough for c in left)


@given(candidates, keys, sizes)
def test_the_choice_is_that_of_the_rule_told_plainly(told, key, size) -> None:  # type: ignore[no-untyped-def]
    def place(c: Candidate) -> tuple[int, float, int]:
        return 0 if c.campaign else 2 if c.evergreen else 1, -c.published.timestamp(), -c.id

    plain: list[Candidate] = []
    for c in sorted(told, key=place):
        fits = c.language in key.languages and c.topics & key.topics and c.id not in key.seen
        room = len(plain) < size and not (c.kind == "promotional" and any(p.kind == c.kind for p in plain))
        fits = fits and f"kind:{c.kind}" not in key.fewer
        fits = fits and not any(f"topic:{t}" in key.fewer and t in p.topics for p in plain for t in c.topics)
        if fits and room and (not c.audience or c.audience & key.audiences):
            plain.append(c)
    assert choose(told, key, size) == tuple(c.id for c in plain)


@given(candidates)
def test_candidates_survive_a_trip_through_json(told) -> None:  # type: ignore[no-untyped-def]
    assert [Candidate.from_json(c.to_json()) for c in told] == told
