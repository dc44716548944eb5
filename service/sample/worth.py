"""Worth. In: the sample's present day. Out: rates, followers and audiences as Lunaria's people state them."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from service.database import db
from service.models import Employee
from service.results import audiences, reckoning

RATES = {
    "linkedin": {"click": "2.40", "impression": "0.012"},
    "facebook": {"click": "0.70", "impression": "0.006"},
    "x": {"click": "0.90", "impression": "0.005"},
    "mastodon": {"click": "0.50", "audience": "140"},
    "bluesky": {"click": "0.50", "audience": "180"},
}
FOLLOWERS = {"linkedin": 3120, "facebook": 1840, "x": 960}
"""Of this month; each month before had a little fewer."""


def tell(today: date) -> None:
    """Set rates, four months of followers, and the audiences that a few people state."""
    reckoning.set_rates("EUR", RATES)
    month = today
    for back in range(4):
        figures = {network: str(people - back * (people // 24)) for network, people in FOLLOWERS.items()}
        reckoning.follow(f"{month:%Y-%m}", figures)
        month = month.replace(day=1) - timedelta(days=1)
    some = db.session.execute(sa.select(Employee.subject, Employee.networks).order_by(Employee.id).limit(12)).all()
    for n, (subject, networks) in enumerate(some):
        said: dict[str, int | None] = {network: 210 + 97 * n for network in networks if network in FOLLOWERS}
        audiences.state(subject, said)
