"""Configuration. In: GOODWORD_* variables. Out: one checked, frozen Config, or one clear line of refusal."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from service import inbound_settings
from service.inbound_settings import Inbound


class Misconfigured(Exception):
    """A setting is missing or unsafe; its text is one line that names the variable and the remedy."""


@dataclass(frozen=True)
class Setting:
    """One row of the documented table: the variable's name, its default and what it means."""

    name: str
    default: str
    help: str


SETTINGS: tuple[Setting, ...] = (
    Setting("GOODWORD_ENV", "development", "development, demo, test or production"),
    Setting("GOODWORD_DATA", "data", "folder for the embedded database, queue, mail folder and secret"),
    Setting("GOODWORD_DATABASE_URL", "", "SQLAlchemy URL; empty: SQLite in the data folder"),
    Setting("GOODWORD_REDIS_URL", "", "Redis URL; empty: the embedded Valkey server that `goodword up` starts"),
    Setting(
        "GOODWORD_BASE_URL",
        "http://127.0.0.1:8000",
        "public address of this service, without a slash at the end",
    ),
    Setting(
        "GOODWORD_SHORT_URL",
        "",
        "public address of a domain for short links alone, like https://go.example.com; empty: the service's own",
    ),
    Setting(
        "GOODWORD_SHORT_HOME",
        "",
        "where the bare domain for short links leads, like https://example.com; empty: nowhere (404)",
    ),
    Setting(
        "GOODWORD_SECRET",
        "",
        "32 or more random characters; empty: made once in the data folder (not in production)",
    ),
    Setting("GOODWORD_MAIL", "folder", "folder (.eml files in the data folder), smtp or sendgrid"),
    Setting(
        "GOODWORD_SMTP_URL",
        "",
        "smtp://user:password@host:587 (STARTTLS), smtps://host:465, smtp+plain://host:25",
    ),
    Setting("GOODWORD_SMTP_CONNECTIONS", "4", "connections to the SMTP server that each worker keeps, 1 to 64"),
    Setting("GOODWORD_SENDGRID_KEY", "", "API key with the permission to send mail"),
    Setting("GOODWORD_SENDGRID_WEBHOOK_KEY", "", "public key of the signed event webhook, base64 as SendGrid shows it"),
    Setting("GOODWORD_SENDGRID_HOST", "https://api.sendgrid.com", "scheme and host of the API; the EU's is another"),
    Setting(
        "GOODWORD_SENDGRID_GROUPS",
        "",
        "SendGrid's unsubscribe groups by class of mail, like digest=101,recognition=102,draw=103",
    ),
    Setting(
        "GOODWORD_SENDGRID_SILENCE",
        "off",
        "on: a call without any event for 26 hours, its neighbours complete, was not accepted and is sent again",
    ),
    Setting(
        "GOODWORD_INBOUND_ADDRESS",
        "",
        "address for answers to digests, like suggest@in.example.com; empty: the liaison's",
    ),
    Setting("GOODWORD_INBOUND_SECRET", "", "random last part of /hooks/sendgrid/inbound/…, 20 or more characters"),
    Setting(
        "GOODWORD_INBOUND_KEY", "", "public key of SendGrid's security policy for Inbound Parse; empty: not signed"
    ),
    Setting(
        "GOODWORD_INBOUND_IMAP_URL", "", "mailbox for answers: imaps://user:password@host/INBOX, or imap:// (STARTTLS)"
    ),
    Setting(
        "GOODWORD_INBOUND_IMAP_DONE", "", "folder that mails which were dealt with go to; empty: they stay, marked"
    ),
    Setting("GOODWORD_WEB_WORKERS", "1", "processes of the web server, 1 to 64"),
    Setting(
        "GOODWORD_VISITS",
        "durable",
        "durable: a short link answers when its visit is stored; buffered: at once, the visit stored within 0.1 s",
    ),
    Setting(
        "GOODWORD_VISITS_WAITING", "50000", "visits that a process keeps while the database is away, 100 to 1000000"
    ),
    Setting("GOODWORD_CLOCK", "", "file with an offset in seconds added to the clock; tests and demo only"),
    Setting(
        "GOODWORD_PROXIES",
        "",
        "addresses of proxies in front whose forwarded headers are believed, like 10.0.0.0/8,192.0.2.7",
    ),
    Setting(
        "GOODWORD_DRAND",
        "https://api.drand.sh,https://api2.drand.sh,https://drand.cloudflare.com",
        "relays of drand that draws fetch their round from, one after another; off: none, a person pastes it",
    ),
    Setting("GOODWORD_LISTEN", "127.0.0.1:8000", "address and port that `goodword up` listens on"),
)


@dataclass(frozen=True)
class SendGrid:
    """What the SendGrid mailer and its webhook need."""

    key: str = ""
    webhook_key: str = ""
    host: str = "https://api.sendgrid.com"
    groups: Mapping[str, int] = field(default_factory=dict)
    """Class of mail → number of its unsubscribe group."""
    silence: bool = False


@dataclass(frozen=True)
class Config:
    """Checked configuration; see SETTINGS for meanings. Paths are absolute."""

    env: str
    data: Path
    database_url: str
    redis_url: str
    base_url: str
    secret: str
    mail: str
    smtp_url: str
    smtp_connections: int
    sendgrid: SendGrid
    clock: Path | None
    proxies: tuple[str, ...]
    """Ranges of addresses of trusted proxies."""
    listen: tuple[str, int]
    web_workers: int = 1
    visits: str = "durable"
    visits_waiting: int = 50_000
    short_url: str = ""
    """Scheme and host of short links; empty: base_url serves them."""
    short_home: str = ""
    drand: tuple[str, ...] = ()
    """Base addresses of relays, in their order; none: rounds are pasted."""

    inbound: Inbound = field(default_factory=Inbound)

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def mail_folder(self) -> Path:
        return self.data / "mail"

    @property
    def embedded_queue(self) -> bool:
        """True where no Redis URL is configured: `goodword up` then runs a Valkey of its own."""
        return not self.redis_url

    @property
    def queue_socket(self) -> Path:
        return self.data / "valkey" / "valkey.sock"


def read(environ: Mapping[str, str]) -> Config:
    """Return the Config of these environment variables.

    Raises Misconfigured with one line that names the variable and what to do.
    """
    values = {s.name: environ.get(s.name, "").strip() or s.default for s in SETTINGS}
    unknown = sorted(k for k in environ if k.startswith("GOODWORD_") and k not in values)
    if unknown:
        raise Misconfigured(f"{unknown[0]} is not a setting of Goodword; `goodword settings` lists them.")
    env = values["GOODWORD_ENV"]
    if env not in ("development", "demo", "test", "production"):
        raise Misconfigured(f"GOODWORD_ENV is {env!r}; choose development, demo, test or production.")
    production = env == "production"
    data = Path(values["GOODWORD_DATA"]).expanduser().resolve()
    if production and values["GOODWORD_CLOCK"]:
        raise Misconfigured("GOODWORD_CLOCK is refused in production; unset it.")
    return Config(
        env=env,
        data=data,
        database_url=_database_url(values["GOODWORD_DATABASE_URL"], data, production),
        redis_url=_redis_url(values["GOODWORD_REDIS_URL"]),
        base_url=_base_url(values["GOODWORD_BASE_URL"], production, "GOODWORD_BASE_URL" in environ),
        secret=_secret(values["GOODWORD_SECRET"], data, production),
        mail=_mail(values["GOODWORD_MAIL"], values["GOODWORD_SMTP_URL"]),
        smtp_url=values["GOODWORD_SMTP_URL"],
        smtp_connections=_whole("GOODWORD_SMTP_CONNECTIONS", values["GOODWORD_SMTP_CONNECTIONS"], 1, 64),
        sendgrid=_sendgrid(values, production),
        clock=Path(values["GOODWORD_CLOCK"]).resolve() if values["GOODWORD_CLOCK"] else None,
        proxies=_ranges(values["GOODWORD_PROXIES"]),
        listen=_listen(values["GOODWORD_LISTEN"]),
        web_workers=_whole("GOODWORD_WEB_WORKERS", values["GOODWORD_WEB_WORKERS"], 1, 64),
        visits=_visits(values["GOODWORD_VISITS"]),
        visits_waiting=_whole("GOODWORD_VISITS_WAITING", values["GOODWORD_VISITS_WAITING"], 100, 1_000_000),
        short_url=_short_url(values["GOODWORD_SHORT_URL"], values["GOODWORD_BASE_URL"], production),
        short_home=_short_home(values["GOODWORD_SHORT_HOME"], values["GOODWORD_SHORT_URL"]),
        drand=_relays(values["GOODWORD_DRAND"]),
        inbound=_inbound(values),
    )


def _inbound(values: Mapping[str, str]) -> Inbound:
    try:
        found = inbound_settings.read(values)
    except ValueError as problem:
        raise Misconfigured(str(problem)) from problem
    if found.key and not _verifies(found.key):
        raise Misconfigured("GOODWORD_INBOUND_KEY must be the public key alone, as SendGrid shows it.")
    return found


def _database_url(url: str, data: Path, production: bool) -> str:
    if not url:
        return f"sqlite:///{data / 'goodword.db'}"
    if url.startswith(("postgres://", "postgresql://")):
        return "postgresql+psycopg://" + url.split("://", 1)[1]
    if url.startswith(("sqlite:///", "postgresql+psycopg://")):
        return url
    raise Misconfigured("GOODWORD_DATABASE_URL must begin with postgresql:// or sqlite:///.")


def _redis_url(url: str) -> str:
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        raise Misconfigured("GOODWORD_REDIS_URL must begin with redis://, rediss:// or unix://.")
    return url


def _base_url(url: str, production: bool, given: bool) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
        raise Misconfigured("GOODWORD_BASE_URL must be scheme and host only, like https://good.example.com.")
    if production and (not given or parts.scheme != "https"):
        raise Misconfigured("GOODWORD_BASE_URL must be set to an https:// address in production.")
    # It stands in headers of mails (List-Unsubscribe), where other letters and blanks would break them.
    if not url.isascii() or not url.isprintable() or set(url) & set(' <>"'):
        raise Misconfigured("GOODWORD_BASE_URL must name its host in ASCII: xn--… for a name with other letters.")
    return url


def _short_url(url: str, base_url: str, production: bool) -> str:
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query or parts.username:
        raise Misconfigured("GOODWORD_SHORT_URL must be scheme and host only, like https://go.example.com.")
    if production and parts.scheme != "https":
        raise Misconfigured("GOODWORD_SHORT_URL must begin with https:// in production.")
    if not url.isascii():
        raise Misconfigured("GOODWORD_SHORT_URL must name its host in ASCII: xn--… for a name with other letters.")
    if parts.netloc.lower() == urlsplit(base_url).netloc.lower():
        raise Misconfigured("GOODWORD_SHORT_URL must be another host than GOODWORD_BASE_URL; or leave it empty.")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _short_home(url: str, short_url: str) -> str:
    if url and not short_url:
        raise Misconfigured("GOODWORD_SHORT_HOME needs GOODWORD_SHORT_URL; set that, or unset this.")
    parts = urlsplit(url)
    if url and (
        parts.scheme not in ("http", "https") or not parts.hostname or not url.isascii() or not url.isprintable()
    ):
        raise Misconfigured("GOODWORD_SHORT_HOME must be a whole address, like https://example.com.")
    return url


def _relays(text: str) -> tuple[str, ...]:
    if text == "off":
        return ()
    found = [part.strip().rstrip("/") for part in text.split(",") if part.strip()]
    for url in found:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise Misconfigured("GOODWORD_DRAND must be off or addresses, like https://api.drand.sh.")
    return tuple(found)


def _secret(secret: str, data: Path, production: bool) -> str:
    if secret and len(secret) < 32:
        raise Misconfigured("GOODWORD_SECRET is too short; use 32 or more random characters.")
    if secret:
        return secret
    if production:
        raise Misconfigured("GOODWORD_SECRET must be set in production; use 32 or more random characters.")
    file = data / "secret"
    if not file.exists():
        data.mkdir(parents=True, exist_ok=True)
        try:
            with file.open("x", encoding="ascii") as out:
                file.chmod(0o600)
                out.write(secrets.token_urlsafe(32))
        except FileExistsError:
            pass  # another process was first; its secret is the one
    return file.read_text(encoding="ascii").strip()


def _mail(kind: str, smtp_url: str) -> str:
    if kind not in ("folder", "smtp", "sendgrid"):
        raise Misconfigured(f"GOODWORD_MAIL is {kind!r}; choose folder, smtp or sendgrid.")
    if kind == "smtp" and urlsplit(smtp_url).scheme not in ("smtp", "smtps", "smtp+plain"):
        raise Misconfigured(
            "GOODWORD_SMTP_URL must begin with smtp://, smtps:// or smtp+plain:// when GOODWORD_MAIL=smtp."
        )
    return kind


def _visits(mode: str) -> str:
    if mode not in ("durable", "buffered"):
        raise Misconfigured(f"GOODWORD_VISITS is {mode!r}; choose durable or buffered.")
    return mode


def _sendgrid(values: Mapping[str, str], production: bool) -> SendGrid:
    used = values["GOODWORD_MAIL"] == "sendgrid"
    key, webhook_key = values["GOODWORD_SENDGRID_KEY"], values["GOODWORD_SENDGRID_WEBHOOK_KEY"]
    if used and not (key.isascii() and key.isprintable() and key and " " not in key):
        raise Misconfigured("GOODWORD_SENDGRID_KEY must be set to an API key when GOODWORD_MAIL=sendgrid.")
    if used and production and not webhook_key:
        raise Misconfigured(
            "GOODWORD_SENDGRID_WEBHOOK_KEY must be set in production: events tell what became of mails."
        )
    if webhook_key and not _verifies(webhook_key):
        raise Misconfigured("GOODWORD_SENDGRID_WEBHOOK_KEY must be the public key alone, as SendGrid's page shows it.")
    host = urlsplit(values["GOODWORD_SENDGRID_HOST"])
    if host.scheme not in ("http", "https") or not host.netloc or host.path or host.query:
        raise Misconfigured("GOODWORD_SENDGRID_HOST must be scheme and host only, like https://api.eu.sendgrid.com.")
    if production and host.scheme != "https":
        raise Misconfigured("GOODWORD_SENDGRID_HOST must begin with https:// in production.")
    groups = values["GOODWORD_SENDGRID_GROUPS"]
    pairs = [part.strip().partition("=") for part in groups.split(",")] if groups else []
    if any(not name or not number.isdecimal() for name, _, number in pairs):
        raise Misconfigured("GOODWORD_SENDGRID_GROUPS must look like digest=101,recognition=102,draw=103.")
    if values["GOODWORD_SENDGRID_SILENCE"] not in ("on", "off"):
        raise Misconfigured("GOODWORD_SENDGRID_SILENCE must be on or off.")
    return SendGrid(
        key=key,
        webhook_key=webhook_key,
        host=values["GOODWORD_SENDGRID_HOST"],
        groups={name: int(number) for name, _, number in pairs},
        silence=values["GOODWORD_SENDGRID_SILENCE"] == "on",
    )


def _verifies(key: str) -> bool:
    """Tell whether this is a public key on an elliptic curve: base64 of SPKI."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        return isinstance(load_der_public_key(base64.b64decode(key, validate=True)), EllipticCurvePublicKey)
    except (ValueError, UnsupportedAlgorithm):
        return False


def _whole(name: str, text: str, least: int = 0, most: int = 1000) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise Misconfigured(f"{name} is {text!r}; use a whole number from {least} to {most}.")
    return int(text)


def _ranges(text: str) -> tuple[str, ...]:
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.append(ip_network(part))
        except ValueError:
            raise Misconfigured(
                f"GOODWORD_PROXIES holds {part!r}; use addresses or ranges of addresses, like 10.0.0.0/8,192.0.2.7."
            ) from None
    if any(net.prefixlen == 0 for net in found):
        raise Misconfigured("GOODWORD_PROXIES trusts everybody; name the addresses of your proxies.")
    return tuple(map(str, found))


def _listen(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise Misconfigured(f"GOODWORD_LISTEN is {text!r}; use address:port, like 127.0.0.1:8000.")
    return host, int(port)
