"""The console. In: a signed-in liaison's requests. Out: one room; each noun is a module of its own."""

from __future__ import annotations

from importlib import import_module

from service.web.console.room import room

NOUNS = (
    "rail",
    "audit",
    "settings",
    "colours",
    "topics",
    "liaisons",
    "words",
    "session",
    "week",
    "editions",
    "previews",
    "doubts",
    "hold",
    "patterns",
    "badges",
    "stories",
    "story",
    "networks",
    "pasting",
    "feeds",
    "review",
    "stock",
    "calendar",
    "suggestions",
    "visits",
    "cards",
    "poster",
    "campaigns",
    "campaign_mails",
    "draw_left_out",
    "boards",
    "contests",
    "people",
    "person",
    "person_acts",
    "people_files",
    "circles",
    "draws",
    "rules",
    "results",
    "results_rates",
    "results_report",
)
"""Modules of service.web.console; importing one adds its pages to the room."""

for _noun in NOUNS:
    import_module(f"service.web.console.{_noun}")

__all__ = ["NOUNS", "room"]
