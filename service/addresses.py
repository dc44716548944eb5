"""Addresses. In: a mail address as somebody typed it. Out: its one normal form, or the reason why it is none."""

from __future__ import annotations

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email

from service.validation import N_, Words, one_line

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.)+[a-z]{{2,63}}")
"""The ordinary address (RFC 5322 dot-atom, RFC 1035 labels): decided here, a hundred thousand in a moment."""
_RESERVED = ("test", "invalid", "local", "localhost", "onion", "arpa")
_LOWER = str.maketrans({chr(c): chr(c + 32) for c in range(ord("A"), ord("Z") + 1)})


class NotAnAddress(ValueError):
    """The text is no address that mail can reach; `words` says why."""

    def __init__(self, message: str, **values: object) -> None:
        self.words = Words(message, values)
        super().__init__(str(self.words))


def normal_address(text: str) -> str:
    """Return the one form under which an address is kept and compared.

    NFC, no spaces around it, A to Z lowered (PROTOCOLS: draws use the same form), an international domain in its
    ASCII form (RFC 5891), so that every mail server takes it. "mailto:" and "Anna <anna@…>" give the address inside.
    Raises NotAnAddress. Letters beyond ASCII before the @ are refused: they need SMTPUTF8 (RFC 6531), which too few
    servers speak for a mail to be promised.
    """
    address = one_line(unicodedata.normalize("NFC", text)).strip("\"'").rstrip(".,;")
    inside = re.fullmatch(r"[^<>]*<\s*([^<>\s]+)\s*>", address)
    if inside:
        address = inside[1]
    address = re.sub(r"(?i)^mailto:", "", address).strip().translate(_LOWER)
    if not address:
        raise NotAnAddress(N_("There is no address."))
    local, _, domain = address.rpartition("@")
    if _PLAIN.fullmatch(address) and len(local) <= 64 and len(address) <= 254:
        if domain.rpartition(".")[2] in _RESERVED:
            raise NotAnAddress(N_("No mail can reach an address of this domain."))
        return address
    if address.count("@") > 1 and re.search(r"[;,\s/]", address):
        raise NotAnAddress(N_("There is more than one address."))
    if not local or not domain:
        raise NotAnAddress(N_("An address has a name, an @ and a domain, like anna@example.com."))
    if not local.isascii():
        raise NotAnAddress(N_("Letters with signs before the @ reach too few mail servers."))
    if ".." in local:
        raise NotAnAddress(N_("Two dots in a row cannot stand before the @."))
    try:
        checked = validate_email(address, check_deliverability=False, allow_smtputf8=True)
    except EmailNotValidError as refusal:
        raise NotAnAddress(N_("This is not an address that mail can reach.")) from refusal
    return f"{checked.local_part}@{checked.ascii_domain}".translate(_LOWER)
