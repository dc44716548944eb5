"""Money. In: what somebody wrote as the worth of a prize. Out: an amount and a currency, or that it is neither."""

from __future__ import annotations

import re

SIGNS = {"€": "EUR", "£": "GBP", "$": "USD", "CHF": "CHF"}
_FORMS = (
    re.compile(r"(?P<amount>[0-9][0-9., ' ]*?)\s*(?P<currency>[A-Z]{3}|[€£$])"),
    re.compile(r"(?P<currency>[A-Z]{3}|[€£$])\s*(?P<amount>[0-9][0-9., ' ]*?)"),
)
_AMOUNT = re.compile(r"(?P<whole>[0-9]{1,3}(?:[., ' ][0-9]{3})+|[0-9]{1,9})(?:[.,](?P<part>[0-9]{2}))?")


def worth(text: str) -> tuple[str, str] | None:
    """Return (amount with two decimals, ISO 4217 code) of `240 €`, `EUR 1.234,50` or `1'200 CHF`; None: it is neither.

    Groups of three digits may be parted; two digits behind a point or a comma are hundredths.
    """
    for form in _FORMS:
        found = form.fullmatch(text.strip())
        amount = _AMOUNT.fullmatch(found["amount"].strip()) if found else None
        if found and amount:
            whole = re.sub(r"[^0-9]", "", amount["whole"]).lstrip("0") or "0"
            return f"{whole}.{amount['part'] or '00'}", SIGNS.get(found["currency"], found["currency"])
    return None
