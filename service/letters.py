"""Letters. In: frozen facts of a mail that tells what came of sharing. Out: the finished mail; kinds for compose.

`facts` by kind (emails.news names the classes): did-well {"shares": [Found, …]}; winners {"won": Won};
your-month {"month": MyMonth}; campaign-kickoff and campaign-closing {"push": Push}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from emails import campaign, did_well, news, values, winners, your_month

Composed = Callable[[values.Programme, values.Recipient, Mapping[str, Any], str, datetime], values.Message]


def _did_well(
    programme: values.Programme, to: values.Recipient, facts: Mapping[str, Any], number: str, date: datetime
) -> values.Message:
    return did_well.compose(programme, to, [news.Found(**each) for each in facts["shares"]], number, date)


def _winners(
    programme: values.Programme, to: values.Recipient, facts: Mapping[str, Any], number: str, date: datetime
) -> values.Message:
    return winners.compose(programme, to, news.Won.from_json(facts["won"]), number, date)


def _your_month(
    programme: values.Programme, to: values.Recipient, facts: Mapping[str, Any], number: str, date: datetime
) -> values.Message:
    return your_month.compose(programme, to, news.MyMonth.from_json(facts["month"]), number, date)


def _kickoff(
    programme: values.Programme, to: values.Recipient, facts: Mapping[str, Any], number: str, date: datetime
) -> values.Message:
    return campaign.kickoff(programme, to, news.Push.from_json(facts["push"]), number, date)


def _closing(
    programme: values.Programme, to: values.Recipient, facts: Mapping[str, Any], number: str, date: datetime
) -> values.Message:
    return campaign.closing(programme, to, news.Push.from_json(facts["push"]), number, date)


COMPOSED: dict[str, Composed] = {
    "did-well": _did_well,
    "winners": _winners,
    "your-month": _your_month,
    "campaign-kickoff": _kickoff,
    "campaign-closing": _closing,
}
