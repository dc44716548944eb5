"""The sample programme. In: the present moment, any weekday. Out: what the demo promises, made by use cases alone."""

from __future__ import annotations

import io
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from PIL import Image

from emails.networks import NETWORKS
from scoring import weeks
from service import clock, config, create_app, database, draws, employees, ledger, quarantine, recognition
from service.cli.demo import MARK, demo
from service.database import db
from service.models import (
    Campaign,
    Draw,
    Employee,
    Evidence,
    Feed,
    FeedItem,
    Outbox,
    Quarantine,
    Share,
    Story,
    Topic,
)
from service.sample import calendar, feed, history, load, pictures
from service.sample.content_programme import EXAMPLE, FORMER, PEOPLE, RESTING, TEAMS, TOPICS

SUNDAY = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[config.Config]:
    """The sample, lived once for this module: on SQLite, as the demo does."""
    folder = tmp_path_factory.mktemp("demo")
    settings = config.read({"GOODWORD_ENV": "demo", "GOODWORD_DATA": str(folder), "GOODWORD_CLOCK": f"{folder}/clock"})
    database.upgrade(settings.database_url)
    app = create_app(settings)
    with app.app_context():
        load.load(SUNDAY, lambda _words: None)
        history.play(SUNDAY, lambda _words: None)
        yield settings
        db.session.remove()
        db.engine.dispose()
    clock.use(None)


@pytest.fixture(autouse=True)
def _fresh(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "lived" in request.fixturenames:
        db.session.rollback()


def count(*where: sa.ColumnElement[bool], of: type = Outbox) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(of).where(*where)) or 0


def her() -> Employee:
    return db.session.scalars(sa.select(Employee).where(Employee.name == EXAMPLE)).one()


def test_the_stories_are_thirty_near_six_three_one_in_three_languages() -> None:
    assert len(load.STORIES) == 30
    assert Counter(s.kind for s in load.STORIES) == {"curated": 18, "owned": 9, "promotional": 3}
    languages = Counter(s.language for s in load.STORIES)
    assert languages["en"] >= 20
    assert set(languages) == {"en", "it", "sl"}
    assert len({s.url for s in load.STORIES}) == 30
    assert any(s.evergreen for s in load.STORIES)
    assert any(s.audience for s in load.STORIES)


def test_whatever_the_stories_name_exists() -> None:
    for story in load.STORIES:
        assert set(story.topics.split()) <= set(TOPICS)
        assert set(story.audience) <= set(TEAMS)
        assert story.motif in pictures.MOTIFS
        assert story.alt
        assert {network for network, _ in story.texts} <= set(NETWORKS) | {""}
        assert ("", story.language) in story.texts


def test_the_people_are_forty_in_four_teams_and_their_file_is_tidy(lived: config.Config) -> None:
    assert len(PEOPLE) == 40
    assert {team for _, team, *_ in PEOPLE} == set(TEAMS)
    seen = employees.preview(load.employees_csv())
    assert (seen.rows, len(seen.problems), len(seen.notes), len(seen.new)) == (40, 0, 0, 0)


@pytest.mark.parametrize("motif", pictures.MOTIFS)
def test_a_picture_is_the_same_for_the_same_seed_and_another_for_another(motif: str) -> None:
    one = pictures.draw(motif, "a")
    image = Image.open(io.BytesIO(one))
    assert image.size == (1200, 675)
    assert len(image.getcolors(maxcolors=2**21) or []) > 20
    assert pictures.draw(motif, "a") == one
    assert pictures.draw(motif, "b") != one


@pytest.mark.parametrize("days", range(0, 70, 3))
def test_the_calendar_fits_any_day_of_the_year(days: int) -> None:
    now = datetime(2026, 12, 20, 7, 30, tzinfo=UTC) + timedelta(days=days)
    plan = calendar.calendar(now)
    assert plan.weeks[-1] == weeks.week_of(now, calendar.ZONE)
    assert 5 <= len(plan.weeks) <= 9
    assert len(set(plan.weeks) & set(weeks.weeks_of_month(plan.month))) >= 2
    assert weeks.weeks_of_month(plan.month)[-1] < plan.weeks[-2]
    ages = sorted(story.days for story in load.STORIES)
    moments = [plan.published(age) for age in ages]
    assert moments == sorted(moments, reverse=True)
    assert sum(at < plan.released(plan.weeks[0]) for at in moments) >= 4


def test_every_story_has_a_picture_with_words_and_is_approved(lived: config.Config) -> None:
    assert count(Story.status == "approved", Story.picture_hash.is_not(None), Story.picture_alt != "", of=Story) == 30
    assert count(of=Campaign) == 2


def test_every_mail_was_delivered_and_lies_in_the_folder(lived: config.Config) -> None:
    assert count(Outbox.state != "accepted") == 0
    files = list(lived.mail_folder.rglob("*.eml"))
    assert len(files) == count() > 200
    kinds = set(db.session.scalars(sa.select(Outbox.kind).distinct()))
    assert kinds == {"invitation", "digest", "frozen", "winner"}


def test_each_weeks_digest_left_once_and_this_weeks_too(lived: config.Config) -> None:
    plan = calendar.calendar(SUNDAY)
    for week in plan.weeks:
        assert count(Outbox.kind == "digest", Outbox.occasion == f"digest:{week}") >= 25
    this = recognition.digest_facts([her().subject], plan.weeks[-1])[her().subject]
    assert this.weeks == 3  # one visit more makes it four, and a badge


def test_the_ledger_agrees_and_shares_stand_in_every_state_of_proof(lived: config.Config) -> None:
    assert ledger.verify() == []
    states = set(db.session.scalars(sa.select(Share.state).distinct()))
    assert {"seen", "confirmed", "engaged"} <= states


def test_no_visit_of_the_sample_looks_odd(lived: config.Config) -> None:
    assert db.session.scalar(sa.select(sa.func.count(Evidence.weekly))) > 0, "there is something to look at"
    quarantine.look()
    assert db.session.scalars(sa.select(Quarantine.pattern)).all() == []


def test_last_months_draw_is_marked_as_a_sample_holds_and_has_a_claim(lived: config.Config) -> None:
    draw, following = db.session.scalars(sa.select(Draw).order_by(Draw.id)).all()
    assert (following.name, following.status) == ("2026-11", "open")
    assert (draw.sample, draw.status) == (True, "drawn")
    assert draws.check(draw) == []
    told = draws.outcome(draw)
    assert told.proofs == told.mails == told.entrants > 10
    assert [line.state for line in told.lines][:3].count("claimed") == 1


def test_who_left_is_left_and_who_rests_is_paused(lived: config.Config) -> None:
    rows = db.session.execute(sa.select(Employee.name, Employee.status))
    status = {name: state for name, state in rows}  # noqa: C416
    assert (status[FORMER], status[RESTING]) == ("left", "paused")
    assert Counter(status.values()) == {"active": 38, "left": 1, "paused": 1}


def test_a_feed_has_posts_that_wait_for_the_liaison_and_asks_nobody_outside(lived: config.Config) -> None:
    assert [(f.name, f.paused, f.failures) for f in db.session.scalars(sa.select(Feed))] == [("Slow Rails", True, 0)]
    waiting = db.session.scalars(sa.select(FeedItem).order_by(FeedItem.published.desc())).all()
    assert {item.state for item in waiting} == {"waiting"} and len(waiting) == len(feed.POSTS) == 5
    names = {topic.id: topic.name for topic in db.session.scalars(sa.select(Topic))}
    assert [names[number] for number in waiting[3].topics] == ["Engineering", "Climate"]
    assert all(item.summary and item.topics and item.published < clock.now() for item in waiting)
    feed.propose(clock.now())
    assert db.session.scalar(sa.select(sa.func.count(FeedItem.id))) == 5


def test_loading_and_playing_again_change_nothing(lived: config.Config) -> None:
    before = [count(of=table) for table in (Outbox, Share, Story, Employee, Draw)]
    load.load(SUNDAY + timedelta(hours=3), lambda _words: None)
    history.play(SUNDAY + timedelta(hours=3), lambda _words: None)
    assert [count(of=table) for table in (Outbox, Share, Story, Employee, Draw)] == before


def demo_in(folder: Path, *words: str, **more: str) -> tuple[int, str]:
    for name in [n for n in os.environ if n.startswith("GOODWORD_")]:
        del os.environ[name]
    settings = {"GOODWORD_ENV": "demo", "GOODWORD_DATA": str(folder), "GOODWORD_CLOCK": str(folder / "clock"), **more}
    told = CliRunner().invoke(demo, list(words), env=settings)
    clock.use(None)
    return told.exit_code, told.output


def test_the_demo_is_refused_in_production_and_beside_other_data(tmp_path: Path) -> None:
    assert demo_in(tmp_path / "d", GOODWORD_ENV="production")[0] == 2
    (tmp_path / "mine.db").write_text("something of mine")
    code, told = demo_in(tmp_path, "--reset", "--load-only")
    assert (code, (tmp_path / "mine.db").exists()) == (2, True)
    assert "not the demo's" in told
    code, told = demo_in(tmp_path / "e", GOODWORD_DATABASE_URL="postgresql://somewhere/else")
    assert code == 2


def test_a_second_start_keeps_the_data_and_says_where_to_look(lived: config.Config, tmp_path: Path) -> None:
    db.session.remove()
    folder = Path(shutil.copytree(lived.data, tmp_path / "copy"))
    (folder / MARK).write_text("ready")
    inode = (folder / "goodword.db").stat().st_ino
    code, told = demo_in(folder, "--load-only")
    assert code == 0
    assert (folder / "goodword.db").stat().st_ino == inode
    for fact in ("/mails", "/console", "window-seat-demo", "/me/", "/draws/2026-10"):
        assert fact in told
    clock.use(lived.clock)
