"""Delivery. In: due rows of the outbox. Out: mails in the receiver's hands, at most one copy of each, ever."""

from service.delivery.aftermath import recover, sweep
from service.delivery.deliver import CHUNK, SPAN, Counts, configured_mailer, deliver_due, much, stopping
from service.delivery.leases import expire
from service.delivery.mirrors import held, release_hold
from service.delivery.port import Mailer, Outcome, Parcel, Verdict
from service.delivery.settle import NotNow, decided_from, resolve

__all__ = [
    "CHUNK",
    "SPAN",
    "Counts",
    "Mailer",
    "NotNow",
    "Outcome",
    "Parcel",
    "Verdict",
    "configured_mailer",
    "decided_from",
    "deliver_due",
    "expire",
    "held",
    "much",
    "recover",
    "release_hold",
    "resolve",
    "stopping",
    "sweep",
]
