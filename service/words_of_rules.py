"""Words of rules. In: nothing. Out: each rule's label and help as messages of the catalogue, in groups of a form."""

from __future__ import annotations

from dataclasses import dataclass

from service.validation import N_


@dataclass(frozen=True, slots=True)
class Row:
    """One rule: field of scoring.rules.Rules, label and plain help."""

    name: str
    label: str
    help: str = ""


GROUPS = (
    (
        "shares",
        N_("Points for a share"),
        (
            Row("declared", N_("She says that she shared it"), N_("Taken back if no reader comes in time.")),
            Row("seen", N_("The network has seen it too"), N_("Instead of the points above, not on top.")),
            Row("confirmed", N_("A first reader came"), N_("Once for a story and person.")),
            Row("own_words", N_("In her own words"), N_("On top, when the first reader comes.")),
            Row("visitor", N_("Each reader of a conversation"), N_("Each different person counts once.")),
            Row("engaged_from", N_("Readers that make a conversation"), N_("From then on each of them counts.")),
        ),
    ),
    (
        "bonuses",
        N_("Extra points"),
        (
            Row("first_share", N_("Her very first confirmed share"), N_("0: no extra points.")),
            Row("active_week", N_("A week with a first reader"), N_("Once a week. 0: no extra points.")),
            Row("suggestion", N_("A story she suggested was taken"), N_("0: no extra points.")),
        ),
    ),
    (
        "caps",
        N_("Caps and pauses"),
        (
            Row("declared_a_week", N_("“I shared it” that count in a week"), N_("The first ones of each week.")),
            Row("declared_days", N_("Days in which a reader must come"), N_("After that “I shared it” lapses.")),
            Row("visitors_a_share", N_("Readers of one share that count"), N_("The first ones.")),
            Row("visitors_a_place", N_("Readers of one share from one address"), N_("0: no cap.")),
            Row("points_a_day", N_("Points of a person in a day"), N_("0: no cap.")),
            Row("points_a_story", N_("Points of a person for one story"), N_("On all networks together. 0: no cap.")),
            Row("points_a_network_a_week", N_("Points of a person on one network in a week"), N_("0: no cap.")),
            Row(
                "minutes_apart", N_("Minutes between two stories"), N_("Opened sooner, the second earns none. 0: none.")
            ),
            Row("visit_after_seconds", N_("Seconds before a first reader"), N_("Sooner is no reader. 0: none.")),
        ),
    ),
    (
        "rewards",
        N_("Tickets and badges"),
        (
            Row(
                "tickets_a_month",
                N_("Draw tickets of a person in a month"),
                N_("One for each week with a first reader."),
            ),
            Row("steady_weeks", N_("Weeks in a row for “Steady voice”")),
        ),
    ),
    (
        "patterns",
        N_("Odd patterns"),
        (
            Row("many_sharers", N_("Sharers with the same visitor in a week"), N_("From so many on. 0: never look.")),
            Row("ring_shares", N_("Links that a ring of colleagues followed of each other"), N_("0: never look.")),
            Row("place_visitors", N_("Visitors of one person from one address in a week"), N_("0: never look.")),
            Row("pace_visits", N_("Visitors of one share in a rush"), N_("0: never look.")),
            Row("pace_minutes", N_("Minutes of such a rush")),
        ),
    ),
)
"""(slug, title, rows) of every rule but the networks' own."""

BY_NETWORK = {
    "declared": N_("Says so"),
    "seen": N_("Seen too"),
    "confirmed": N_("First reader"),
    "own_words": N_("Own words"),
    "visitor": N_("Each reader"),
}
"""Short labels of scoring.rules.BY_NETWORK."""
