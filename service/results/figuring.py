"""Figuring. In: shares that changed. Out: what they bring now instead of what was counted of them, added in sets.

All of it happens in the database, with the same statements on both: what a batch of shares brings now, less what
`counted_share` holds of them, grouped by day, hour, reason, person and period. `service.results.plain` says the same
one by one.
"""

# ruff: noqa: S608  (nothing but numbers, names of our tables and slugs of ours is written into these statements)

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa

from emails.networks import NETWORKS
from scoring.results import MEASURES, PROVEN, STATES, periods_of
from service.database import db
from service.dialects import fresh, passing, postgres
from service.models import ResultsState
from service.results import audiences
from service.results.hours import Words, words_of
from service.results.plain import begin

MADE = ("taken", "batch", "story", "gone_over", "came", "now", "reader", "visit", "moved", "period", "doing")
"""Passing tables, all named counting_…"""

PERIOD = passing("counting_period", sa.Column("day", sa.Date), sa.Column("period", sa.String(8)))

SIDES = "(SELECT 0 AS own UNION ALL SELECT 1) side"
"""Everything stands twice: for everybody, and for the sharer's team if she has one."""

OF = "CASE side.own WHEN 0 THEN 0 ELSE m.team_id END"

FAR = 1 << 40
"""Seconds since 1970 that never come."""


def take(most: int) -> int:
    """Take at most so many marks of changed shares, the oldest; return how many shares they name. Does not commit."""
    _make("taken", f"SELECT id, share_id FROM changed_share ORDER BY id LIMIT {int(most)}")
    _do("DELETE FROM changed_share WHERE id IN (SELECT id FROM counting_taken)")
    _make("batch", "SELECT DISTINCT share_id FROM counting_taken")
    return int(db.session.execute(sa.text("SELECT count(*) FROM counting_batch")).scalar_one())


def figure(state: ResultsState, now: datetime) -> None:
    """Let the figures say what the shares taken bring now. Does not commit."""
    words = words_of(state.zone, now)
    _make("story", "SELECT id AS story_id, coalesce(campaign_id, 0) AS campaign_id FROM story")  # the same to the end
    _go_over(words)
    _bring(words, state)
    _move(words, state)
    _add_days()
    _add_people()
    _hold(words)
    if not postgres():
        for name in MADE:
            _do(f"DROP TABLE IF EXISTS counting_{name}")


def _go_over(w: Words) -> None:
    """Make a table of what shares bring to another campaign than they are counted under, and let them go over."""
    _make(
        "gone_over",
        f"""WITH moving AS MATERIALIZED (
          SELECT c.share_id, c.subject, c.team_id, c.day, c.readers, c.campaign_id AS former, t.campaign_id
          FROM counting_batch b JOIN counted_share c ON c.share_id = b.share_id
          JOIN counting_story t ON t.story_id = c.story_id WHERE c.campaign_id <> t.campaign_id
        ), brought AS MATERIALIZED (
          SELECT share_id, subject, team_id, former, campaign_id, day, 1 AS shares, 0 AS readers
          FROM moving WHERE day IS NOT NULL
          UNION ALL SELECT m.share_id, m.subject, m.team_id, m.former, m.campaign_id, {w.as_day("v.key")}, 0,
            CAST(v.value AS integer) FROM moving m, {w.pairs("m.readers")} v
        )
        SELECT day, team_id, campaign_id, subject, shares, readers FROM brought WHERE campaign_id <> 0
        UNION ALL SELECT day, team_id, former, subject, -shares, -readers FROM brought WHERE former <> 0""",
    )
    theirs = "SELECT t.campaign_id FROM counting_story t WHERE t.story_id = counted_share.story_id"
    _do(
        f"""UPDATE counted_share SET campaign_id = ({theirs}) WHERE share_id IN (
          SELECT c.share_id FROM counting_batch b JOIN counted_share c ON c.share_id = b.share_id
          JOIN counting_story t ON t.story_id = c.story_id WHERE c.campaign_id <> t.campaign_id)"""
    )


def _bring(w: Words, state: ResultsState) -> None:
    """Make tables of what the shares bring now; one whose sharer was erased stays as it was counted."""
    each = f"SELECT s.id AS share_id, {w.seconds_of_text('v.value')} AS e"
    _make("came", f"{each} FROM counting_batch b JOIN share s ON s.id = b.share_id, {w.each('s.visited_at')} v")
    average = " ".join(f"WHEN '{n}' THEN {int(p)}" for n, p in audiences.averages().items() if n in NETWORKS)
    proofs = (w.seconds("s.declared_at"), w.seconds("s.seen_at"), "f.e")
    first = ", ".join(f"coalesce({proof}, {FAR})" for proof in proofs)
    _make(
        "now",
        f"""WITH raw AS MATERIALIZED (
          SELECT s.id AS share_id, s.subject, s.story_id, s.network, s.state, s.own_words,
            CASE WHEN c.share_id IS NULL THEN coalesce(e.team_id, 0) ELSE c.team_id END AS team_id,
            CASE WHEN c.share_id IS NULL THEN coalesce(a.people, CASE s.network {average} ELSE 0 END)
              ELSE c.audience END AS audience,
            coalesce(t.campaign_id, c.campaign_id, 0) AS campaign_id,
            CASE WHEN s.own_words THEN 'own' ELSE coalesce(CAST(s.text_id AS text), 'title') END AS words,
            {w.seconds("s.opened_at")} AS opened, nullif({w.least}({first}), {FAR}) AS proof
          FROM counting_batch b JOIN share s ON s.id = b.share_id
          LEFT JOIN counting_story t ON t.story_id = s.story_id
          LEFT JOIN counted_share c ON c.share_id = s.id LEFT JOIN employee e ON e.subject = s.subject
          LEFT JOIN stated_audience a ON a.subject = s.subject AND a.network = s.network
          LEFT JOIN (SELECT share_id, min(e) AS e FROM counting_came GROUP BY share_id) f ON f.share_id = s.id
          WHERE c.share_id IS NULL OR s.salt IS NOT NULL
        ), there AS MATERIALIZED (SELECT raw.*, {w.here("opened")} AS o, {w.here("proof")} AS p FROM raw)
        SELECT share_id, subject, story_id, network, state, own_words, team_id, campaign_id, audience, words,
          {w.day("o")} AS opened_on, {w.day("p")} AS day, {w.hour("p")} AS hour FROM there""",
    )
    _make(
        "reader",
        f"""WITH there AS MATERIALIZED (SELECT share_id, {w.here("e")} AS l FROM counting_came)
        SELECT share_id, {w.day("l")} AS day, count(*) AS n FROM there GROUP BY 1, 2""",
    )
    kept = int(begin(state.visits_from, state.zone).timestamp()) if state.visits_from else -FAR
    _make(
        "visit",
        f"""WITH raw AS MATERIALIZED (
          SELECT v.share_id, {w.seconds("v.at")} AS e, v.verdict, coalesce(v.reason, '') AS reason
          FROM counting_batch b JOIN evidence v ON v.share_id = b.share_id
          WHERE v.kind = 'visit' AND v.verdict IS NOT NULL
        ), there AS MATERIALIZED (SELECT share_id, {w.here("e")} AS l, verdict, reason FROM raw WHERE e >= {kept})
        SELECT share_id, {w.day("l")} AS day, CASE WHEN verdict = 'human' THEN {w.hour("l")} END AS hour,
          verdict || ':' || reason AS what, count(*) AS n FROM there GROUP BY 1, 2, 3, 4""",
    )


def _move(w: Words, state: ResultsState) -> None:
    """Make a table of what is to be added: what shares bring now, and with a minus what is held of them."""
    whose = "n.subject, n.team_id, n.campaign_id, n.network, n.story_id"
    none = "CAST(NULL AS integer) AS hour, '' AS state, 0 AS audience, 0 AS own_words"
    hers = "counting_now n JOIN counted_share c ON c.share_id = n.share_id"
    whole = f"'{state.visits_from or date.min}'"
    hour = "CASE WHEN substr(v.key, 12, 2) = '--' THEN NULL ELSE CAST(substr(v.key, 12, 2) AS integer) END"
    posted = "{0}.day, {0}.hour, {0}.state, {0}.audience, CASE WHEN {0}.own_words THEN 1 ELSE 0 END"
    _make(
        "moved",
        f"""SELECT {whose}, 'opened' AS kind, n.opened_on AS day, {none}, '' AS what, 1 AS n
          FROM counting_now n WHERE n.opened_on IS NOT NULL
        UNION ALL SELECT {whose}, 'post', {posted.format("n")}, 'text:' || n.words, 1
          FROM counting_now n WHERE n.day IS NOT NULL
        UNION ALL SELECT {whose}, 'reader', r.day, {none}, '', r.n
          FROM counting_now n JOIN counting_reader r ON r.share_id = n.share_id
        UNION ALL SELECT {whose}, 'visit', v.day, v.hour, '', 0, 0, v.what, v.n
          FROM counting_now n JOIN counting_visit v ON v.share_id = n.share_id
        UNION ALL SELECT {whose}, 'opened', c.opened_on, {none}, '', -1 FROM {hers} WHERE c.opened_on IS NOT NULL
        UNION ALL SELECT {whose}, 'post', {posted.format("c")}, 'text:' || c.words, -1
          FROM {hers} WHERE c.day IS NOT NULL
        UNION ALL SELECT {whose}, 'reader', {w.as_day("v.key")}, {none}, '', -CAST(v.value AS integer)
          FROM {hers}, {w.pairs("c.readers")} v
        UNION ALL SELECT {whose}, 'visit', {w.as_day("substr(v.key, 1, 10)")}, {hour}, '', 0, 0, substr(v.key, 15),
          -CAST(v.value AS integer) FROM {hers}, {w.pairs("c.visits")} v WHERE substr(v.key, 1, 10) >= {whole}""",
    )


def _add_days() -> None:
    """Add to the figures by day, by hour and by reason."""
    post = {str(state): f"m.kind = 'post' AND m.state = '{state}'" for state in STATES}
    proven = ", ".join(f"'{state}'" for state in PROVEN)
    when: dict[str, str] = {
        "opened": "m.kind = 'opened'",
        "shares": "m.kind = 'post'",
        **post,
        "own_words": "m.kind = 'post' AND m.own_words = 1",
        "reach": f"m.kind = 'post' AND m.state IN ({proven})",
        "readers": "m.kind = 'reader'",
        **{verdict: f"m.kind = 'visit' AND m.what LIKE '{verdict}:%'" for verdict in ("human", "suspected", "bot")},
    }
    sums = {
        name: f"sum(CASE WHEN {when[name]} THEN {'m.n * m.audience' if name == 'reach' else 'm.n'} ELSE 0 END)"
        for name in MEASURES
    }
    _grow("day_figure", ("day", "network", "story_id"), sums)
    hours = {
        "shares": "sum(CASE WHEN m.kind = 'post' THEN m.n ELSE 0 END)",
        "human": "sum(CASE WHEN m.kind = 'visit' THEN m.n ELSE 0 END)",
    }
    _grow("hour_figure", ("day", "story_id", "hour"), hours, "m.hour IS NOT NULL")
    _grow("reason_figure", ("day", "story_id", "what"), {"hits": "sum(m.n)"}, "m.what <> ''")


def _grow(table: str, keys: tuple[str, ...], sums: dict[str, str], where: str = "1 = 1") -> None:
    """Add sums of what moved to the rows with these keys and team, making those that are not there."""
    named = ", ".join(f"{sum_} AS {name}" for name, sum_ in sums.items())
    by = ", ".join(f"m.{key}" for key in keys)
    columns = ["reason" if key == "what" else key for key in keys]
    _upsert(
        table,
        ["team_id", *columns],
        list(sums),
        f"""SELECT {OF} AS team_id, {by}, {named} FROM counting_moved m CROSS JOIN {SIDES}
        WHERE (side.own = 0 OR m.team_id <> 0) AND {where} GROUP BY {OF}, {by}""",
    )


def _add_people() -> None:
    """Add to what each person brought by period, and to how many people there are in each."""
    days = db.session.scalars(
        sa.text(
            "SELECT day FROM counting_moved WHERE kind IN ('post', 'reader') UNION SELECT day FROM counting_gone_over"
        ).columns(day=sa.Date())
    ).all()
    fresh(PERIOD, [(day, period) for day in days for period in periods_of(day)])
    _make(
        "doing",
        f"""WITH by_day AS MATERIALIZED (
          SELECT m.day, m.team_id, m.campaign_id, m.subject,
            sum(CASE WHEN m.kind = 'post' THEN m.n ELSE 0 END) AS shares,
            sum(CASE WHEN m.kind = 'reader' THEN m.n ELSE 0 END) AS readers
          FROM counting_moved m WHERE m.kind IN ('post', 'reader') GROUP BY m.day, m.team_id, m.campaign_id, m.subject
        ), every AS (
          SELECT day, team_id, 0 AS campaign_id, subject, shares, readers FROM by_day
          UNION ALL SELECT day, team_id, campaign_id, subject, shares, readers FROM by_day WHERE campaign_id <> 0
          UNION ALL SELECT day, team_id, campaign_id, subject, shares, readers FROM counting_gone_over
        ), summed AS MATERIALIZED (
          SELECT p.period, {OF} AS team_id, m.campaign_id, m.subject, sum(m.shares) AS shares, sum(m.readers) AS readers
          FROM every m JOIN counting_period p ON p.day = m.day CROSS JOIN {SIDES}
          WHERE side.own = 0 OR m.team_id <> 0 GROUP BY p.period, {OF}, m.campaign_id, m.subject
        )
        SELECT s.period, s.team_id, s.campaign_id, s.subject, s.shares, s.readers, coalesce(a.shares, 0) AS before
        FROM summed s LEFT JOIN activity a ON a.period = s.period AND a.team_id = s.team_id
          AND a.campaign_id = s.campaign_id AND a.subject = s.subject
        WHERE s.shares <> 0 OR s.readers <> 0""",
    )
    measures = ["shares", "readers"]
    hers = "SELECT subject, period, team_id, campaign_id, shares, readers FROM counting_doing"
    _upsert("activity", ["subject", "period", "team_id", "campaign_id"], measures, hers)
    people = """sum(CASE WHEN before + shares > 0 THEN 1 ELSE 0 END - CASE WHEN before > 0 THEN 1 ELSE 0 END)"""
    _upsert(
        "period_figure",
        ["period", "team_id", "campaign_id"],
        ["people", *measures],
        f"SELECT period, team_id, campaign_id, {people} AS people, sum(shares) AS shares, sum(readers) AS readers"
        " FROM counting_doing GROUP BY period, team_id, campaign_id",
    )


def _upsert(table: str, keys: list[str], measures: list[str], asked: str) -> None:
    columns = ", ".join([*keys, *measures])
    grown = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in measures)
    some = " OR ".join(f"x.{name} <> 0" for name in measures)
    by = ", ".join(str(n) for n, _key in enumerate(keys, 1))
    _do(
        # In the order of the key, so that rows side by side are written side by side.
        f"INSERT INTO {table} ({columns}) SELECT * FROM ({asked}) x WHERE {some} ORDER BY {by}"
        f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {grown}"
    )


def _hold(w: Words) -> None:
    """Keep what the figures hold of these shares from now on; their team and audience stay (campaign: `_go_over`)."""
    cell = f"{w.text('v.day')} || '|' || CASE WHEN v.hour IS NULL THEN '--' ELSE {w.two('v.hour')} END || '|' || v.what"
    told = ("day", "hour", "opened_on", "state", "words", "own_words", "readers", "visits")
    _do(
        f"""INSERT INTO counted_share (share_id, subject, story_id, network, team_id, campaign_id, audience,
          {", ".join(told)})
        SELECT n.share_id, n.subject, n.story_id, n.network, n.team_id, n.campaign_id, n.audience, n.day, n.hour,
          n.opened_on, n.state, n.words, n.own_words, coalesce(r.days, {w.empty}), coalesce(u.cells, {w.empty})
        FROM counting_now n
        LEFT JOIN (SELECT share_id, {w.object}({w.text("day")}, n) AS days FROM counting_reader GROUP BY share_id) r
          ON r.share_id = n.share_id
        LEFT JOIN (SELECT v.share_id, {w.object}({cell}, v.n) AS cells FROM counting_visit v GROUP BY v.share_id) u
          ON u.share_id = n.share_id
        WHERE 1 = 1
        ON CONFLICT (share_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in told)}"""
    )


def _make(name: str, asked: str) -> None:
    """Make a passing table of what is asked for."""
    _do(f"DROP TABLE IF EXISTS counting_{name}")
    _do(f"CREATE TEMPORARY TABLE counting_{name} {'ON COMMIT DROP ' if postgres() else ''}AS {asked}")


def _do(statement: str) -> None:
    db.session.execute(sa.text(statement))
