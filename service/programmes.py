"""The programme. In: what the liaison says it is. Out: the one row that everything reads, and the first signing key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from emails.networks import NETWORKS, offered
from scoring.points import Rules
from service import house_colours, keys, network_ranges, parameters, wording
from service.addresses import NotAnAddress, normal_address
from service.database import db
from service.journal import log
from service.locales import language_of, zone_of
from service.models import Employee, LedgerEntry, Programme
from service.models.people import LINK_PARAMETERS
from service.validation import N_, Check, Invalid, Words, joined

FIELDS = (
    "name",
    "company",
    "colour",
    "second_colour",
    "zone",
    "languages",
    "liaison_name",
    "liaison_email",
    "sender",
    "digest_size",
    "slot_weekday",
    "slot_hour",
    "opt_in",
    "automatic_release",
    "works_council",
    "second_approval",
    "policy_url",
    "policy",
    "style_guide",
    "disclosure",
    "block_list",
    "fallback_network",
    "networks_offered",
    "company_networks",
    "link_parameters",
    "click_parameter",
    "rules",
)
"""What `create` takes and `change` changes."""

DEFAULTS: dict[str, Any] = {
    "colour": "",
    "second_colour": "",
    "zone": "UTC",
    "languages": ("en",),
    "sender": "",
    "digest_size": 6,
    "slot_weekday": 2,
    "slot_hour": 9,
    "opt_in": False,
    "automatic_release": False,
    "works_council": False,
    "second_approval": False,
    "policy_url": None,
    "policy": {},
    "style_guide": {},
    "disclosure": {},
    "block_list": {},
    "fallback_network": "linkedin",
    "networks_offered": (),
    "company_networks": (),
    "link_parameters": LINK_PARAMETERS,
    "click_parameter": "",
    "rules": {},
}


class NoProgramme(LookupError):
    """Nothing can be done before the programme is created."""

    def __init__(self) -> None:
        super().__init__("There is no programme yet; create it with `goodword programme create`.")


def networks() -> list[str]:
    """Return the slugs of the networks that employees may use, in their table's order: all unless some are chosen."""
    programme = found()
    return offered(programme.networks_offered if programme else ())


def found() -> Programme | None:
    """Return the programme, or None before it is created."""
    return db.session.get(Programme, 1)


def current() -> Programme:
    """Return the programme. Raises NoProgramme before it is created."""
    programme = found()
    if programme is None:
        raise NoProgramme
    return programme


def create(*, name: str, company: str, liaison_name: str, liaison_email: str, **more: Any) -> Programme:
    """Create the programme (id 1) and the first signing key of its passes.

    `more` takes the other FIELDS; `sender` is the liaison's address unless given. Raises Invalid.
    """
    if found() is not None:
        raise Invalid({"name": Words(N_("There is a programme already; change that one."))})
    values = {"name": name, "company": company, "liaison_name": liaison_name, "liaison_email": liaison_email}
    values = _checked({**DEFAULTS, **values, **more})
    programme = Programme(id=1, **values)
    db.session.add(programme)
    keys.ensure()
    db.session.commit()
    log.info("programme created", languages=len(programme.languages), zone=programme.zone)
    return programme


def change(**fields: Any) -> Programme:
    """Change some FIELDS of the programme. Raises Invalid, or NoProgramme.

    Whose language it no longer sends gets mails in its first one. `rules` are the first version of the rules: once
    points are booked these stand, and a change is a new version (service.rule_sets).
    """
    programme = current()
    now = {name: getattr(programme, name) for name in FIELDS}
    if fields.get("rules", now["rules"]) != now["rules"] and db.session.scalar(sa.select(LedgerEntry.id).limit(1)):
        raise Invalid({"rules": Words(N_("Points are booked by these rules; save a new version instead."))})
    for name, value in _checked({**now, **fields}).items():
        if getattr(programme, name) != value:
            setattr(programme, name, value)
    # Nobody's mails can be in a language that the programme no longer sends.
    gone = sa.update(Employee).where(Employee.language.not_in(programme.languages))
    db.session.execute(gone.values(language=programme.languages[0]))
    db.session.commit()
    return programme


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    check = Check()
    for name in sorted(set(values) - set(FIELDS)):
        check.refuse(name, N_("The programme has no such setting."))
    clean = {
        "name": check.text("name", values["name"], 80, required=True),
        "company": check.text("company", values["company"], 80, required=True),
        "liaison_name": check.text("liaison_name", values["liaison_name"], 80, required=True),
        "liaison_email": _address(check, "liaison_email", values["liaison_email"]),
        "colour": house_colours.checked(check, "colour", values["colour"]),
        "second_colour": house_colours.checked(check, "second_colour", values["second_colour"]),
        "zone": _zone(check, str(values["zone"])),
        "languages": _languages(check, values["languages"]),
        "digest_size": _whole(check, "digest_size", values["digest_size"], 1, 20),
        "slot_weekday": _whole(check, "slot_weekday", values["slot_weekday"], 1, 7),
        "slot_hour": _whole(check, "slot_hour", values["slot_hour"], 0, 23),
        "opt_in": bool(values["opt_in"]),
        "automatic_release": bool(values["automatic_release"]),
        "works_council": bool(values["works_council"]),
        "second_approval": bool(values["second_approval"]),
        "policy_url": _policy(check, values["policy_url"]),
        "policy": wording.policy(check, values["policy"]),
        "style_guide": wording.policy(check, values["style_guide"], "style_guide"),
        "disclosure": wording.disclosure(check, values["disclosure"]),
        "block_list": wording.block_list(check, values["block_list"]),
        "networks_offered": _offered(check, values["networks_offered"], str(values["fallback_network"])),
        "fallback_network": _network(check, str(values["fallback_network"])),
        "company_networks": _ranges(check, values["company_networks"]),
        "link_parameters": parameters.template(check, values["link_parameters"]) or "",
        "click_parameter": parameters.click_parameter(check, values["click_parameter"]),
        "rules": _rules(check, values["rules"]),
    }
    clean["sender"] = _address(check, "sender", values["sender"]) if values["sender"] else clean["liaison_email"]
    check.done()
    return clean


def _rules(check: Check, given: Any) -> dict[str, Any]:
    """A wrong rule would stop every settling, so it is refused here."""
    rules = dict(given or {})
    try:
        Rules.of(rules)
    except ValueError:
        check.refuse("rules", N_("A rule has a known name and a whole number from 0."))
    return rules


def _address(check: Check, name: str, value: object) -> str:
    try:
        return normal_address(str(value or ""))
    except NotAnAddress as refusal:
        check.refuse(name, refusal.words.message, **refusal.words.values)
        return ""


def _zone(check: Check, text: str) -> str:
    zone = zone_of(text)
    if zone is None:
        check.refuse("zone", N_("We know no time zone %(zone)s; write it like Europe/Rome."), zone=text)
    return zone or "UTC"


def _languages(check: Check, given: Iterable[str] | str) -> list[str]:
    names = given.replace(";", ",").split(",") if isinstance(given, str) else list(given)
    codes: list[str] = []
    for name in filter(None, (str(n).strip() for n in names)):
        code = language_of(name)
        if code is None:
            check.refuse(
                "languages", N_("We know no language %(language)s; write codes like en, it, sl."), language=name
            )
        elif code not in codes:
            codes.append(code)
    if not codes:
        check.refuse("languages", N_("Name at least one language."))
    return codes


def _whole(check: Check, name: str, value: Any, least: int, most: int) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = least - 1
    if not least <= number <= most:
        check.refuse(name, N_("Choose a whole number from %(least)d to %(most)d."), least=least, most=most)
    return number


def _policy(check: Check, value: object) -> str | None:
    url = str(value or "").strip()
    parts = urlsplit(joined("", url))
    if url and (parts.scheme not in ("http", "https") or not parts.netloc):
        check.refuse("policy_url", N_("Write the whole address, like https://intranet.example.com/policy."))
    return url or None


def _ranges(check: Check, given: Iterable[str] | str) -> list[str]:
    """Take ranges of addresses; one that is nearly all of the internet would make everybody a colleague."""
    texts = given.replace(";", ",").split(",") if isinstance(given, str) else list(given)
    found: list[str] = []
    for text in filter(None, (str(t).strip() for t in texts)):
        try:
            net = network_ranges.network(text)
        except ValueError:
            net = None
        if net is None or net.prefixlen < 8:
            check.refuse(
                "company_networks",
                N_("%(range)s is no range of your company’s addresses; write them like 192.0.2.0/24, 2001:db8::/48."),
                range=text,
            )
        elif str(net) not in found:
            found.append(str(net))
    return found


def _offered(check: Check, given: Iterable[str] | str, fallback: str) -> list[str]:
    """Take the networks that people may use; none or all of them means all, later ones included."""
    slugs = given.replace(";", ",").split(",") if isinstance(given, str) else list(given)
    wanted = [slug for slug in (str(each).strip() for each in slugs) if slug]
    for slug in wanted:
        if slug not in NETWORKS:
            check.refuse("networks_offered", N_("We know no network %(network)s."), network=slug)
    if wanted and fallback not in wanted:
        check.refuse("fallback_network", N_("Choose one of the networks that you offer."))
    kept = [slug for slug in NETWORKS if slug in wanted]
    return [] if len(kept) == len(NETWORKS) else kept


def _network(check: Check, slug: str) -> str:
    if slug not in NETWORKS:
        check.refuse("fallback_network", N_("We know no network %(network)s."), network=slug)
    return slug
