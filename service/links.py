"""Short links. In: a code, or the share it names. Out: its public address, and where it leads."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import sqlalchemy as sa

from service import settings
from service.database import db
from service.models import Share

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
CODE_LENGTH = 10


class UnknownCode(LookupError):
    """No share has this short link."""


def short_link(code: str) -> str:
    """Return the public address of a short link."""
    return f"{settings().base_url}/r/{code}"


def by_code(code: str) -> Share:
    """Return the share that has this short link. Raises UnknownCode."""
    if len(code) != CODE_LENGTH or not set(code) <= set(BASE58):
        raise UnknownCode  # not worth a query, and nothing that a database might stumble over
    share = db.session.scalar(sa.select(Share).options(sa.orm.joinedload(Share.story)).where(Share.code == code))
    if share is None:
        raise UnknownCode
    return share


def leads_to(share: Share) -> str:
    """Return the story's stored address with UTM parameters that say which network and campaign brought the visit."""
    campaign = share.story.campaign
    source = {"utm_source": share.network, "utm_medium": "advocacy"}
    return with_parameters(share.story.url, {**source, "utm_campaign": campaign.slug if campaign else "goodword"})


def with_parameters(url: str, values: Mapping[str, str]) -> str:
    """Return the URL with these query parameters added; its own query and fragment stay, and its own values win."""
    parts = urlsplit(url)
    present = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    added = urlencode({k: v for k, v in values.items() if k not in present}, quote_via=quote)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))
