"""Running. In: a frozen draw and the randomness that became known. Out: its ranks and first offers; a check of all."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from scoring import draw_proof
from scoring import draws as rules_of
from service import clock
from service.database import db
from service.draws import beacon, frozen_mails, proving, trail
from service.draws.prizes import offer
from service.draws.published import ranks_file, rules_file, source_file
from service.draws.trail import locked
from service.journal import log
from service.models import Draw, Entrant, Rank
from service.models.draws import Beacon, DrawStatus
from service.validation import N_, Check, Invalid


def run(draw: Draw, given: str) -> Draw:
    """Draw the ranks and offer each prize to its rank. Commits.

    `given` is the public numbers in their one form (`9319./2.5.8.10.12./`), or the round of drand: its signature, or
    the JSON of a relay. Raises service.validation.Invalid: the draw is not frozen or drawn already, its entrants' mails
    are not all written, the randomness is not due, not in its form, or not signed.
    """
    draw = locked(draw)
    now = clock.now()
    asked = Check()
    if draw.status == DrawStatus.DRAWN:
        asked.refuse("name", N_("This draw is drawn; nothing is rolled again."))
    elif draw.status != DrawStatus.FROZEN or draw.pool is None or draw.due_at is None:
        asked.refuse("name", N_("Only a frozen draw can be drawn."))
    elif frozen_mails.unwritten(draw):
        asked.refuse("name", N_("Not every entrant’s mail is written yet. The draw waits for all of them."))
    elif now < draw.due_at:
        asked.refuse("randomness", N_("The numbers are not due yet."))
    asked.done()
    randomness, signature = beacon.randomness_of(draw, given)
    assert draw.pool is not None
    outcome = rules_of.verify(draw.pool.encode(), randomness)
    assert outcome.pool_hash == draw.pool_hash
    entrants = sa.select(Entrant.entrant, Entrant.subject).where(Entrant.draw_id == draw.id)
    owners = {entrant: subject for entrant, subject in db.session.execute(entrants)}  # noqa: C416
    draw.randomness, draw.signature, draw.seed = randomness, signature, outcome.seed
    draw.drawn_at, draw.status = now, DrawStatus.DRAWN
    draw.ranks = [Rank(rank=n, entrant=one, subject=owners[one]) for n, one in enumerate(outcome.ranks, 1)]
    proving.count_mails(draw)
    trail.note(draw, "randomness", randomness=randomness, **({"signature": signature} if signature else {}))
    trail.note(draw, "drawn", seed=outcome.seed, ranks=rules_of.sha256(outcome.ranks_file))
    offer(draw, now)
    db.session.commit()
    log.info("draw drawn", draw=draw.name, ranks=len(outcome.ranks))
    return draw


def check(draw: Draw) -> list[str]:
    """Return what does not hold in a frozen or drawn draw, in plain sentences; empty: all is as the protocol says."""
    if draw.pool is None:
        missing = [] if draw.status in (DrawStatus.OPEN, DrawStatus.VOID) else ["The pool file is missing."]
        return [*missing, *trail.check(draw)]
    data = draw.pool.encode()
    try:
        pool = rules_of.parse(data)
    except rules_of.BadPool as refusal:
        return [f"The pool file is refused: {refusal}."]
    rows = sa.select(Entrant.entrant, Entrant.tickets).where(Entrant.draw_id == draw.id)
    stored = sorted((entrant, tickets) for entrant, tickets in db.session.execute(rows))
    truths = {
        "The pool is another draw's.": pool.draw == draw.name,
        "The source is not that of the pool.": pool.source == _source(draw),
        "The entrants are not those of the pool.": stored == list(pool.entries),
        "The prizes are not as many as in the pool.": len(draw.prizes) == pool.prizes,
        "The ranks are not as many as in the pool.": len(draw.prizes) + draw.alternates == pool.ranks,
    }
    found = [sentence for sentence, holds in truths.items() if not holds] + trail.check(draw)
    told = draw_proof.Published(pool=draw.pool_hash, rules=rules_file(draw))
    if draw.status != DrawStatus.DRAWN:
        return found + draw_proof.findings(rules_of.Outcome(pool, rules_of.sha256(data), "", []), "", told)
    if draw.beacon == Beacon.DRAND and not _signed(draw):
        found.append("The round of drand is not signed by the league.")
    try:
        outcome = rules_of.verify(data, draw.randomness or "")
    except rules_of.BadRandomness as refusal:
        return [*found, f"The randomness is refused: {refusal}"]
    told = replace(told, seed=draw.seed or "", ranks=ranks_file(draw))
    return found + draw_proof.findings(outcome, draw.randomness or "", told)


def _source(draw: Draw) -> str | None:
    """Return what the pool must name as its source: the hash of the published text, or the round."""
    if draw.beacon == Beacon.DRAND:
        return draw.source
    return "numbers/" + rules_of.sha256(source_file(draw))


def _signed(draw: Draw) -> bool:
    try:
        return beacon.randomness_of(draw, draw.signature or "").value == draw.randomness
    except Invalid:
        return False
