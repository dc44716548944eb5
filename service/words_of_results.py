"""Words of results. In: nothing. Out: what each figure means, as messages of the catalogue, to be translated."""

from __future__ import annotations

from service.validation import N_

TERMS: dict[str, tuple[str, str]] = {
    "participation": (
        N_("Active participation"),
        N_(
            "People who shared in a week, of those in the programme: invited, active or pausing. "
            "In the field up to 64% take part."
        ),
    ),
    "members": (
        N_("In the programme"),
        N_(
            "As it was when the week ended. Earlier weeks than the first count are worked out from when people came "
            "and left."
        ),
    ),
    "adoption": (
        N_("Adoption"),
        N_(
            "People who shared at least once, whenever, of those in the programme. "
            "Who left counts among those who shared."
        ),
    ),
    "listed": (
        N_("Who is listed"),
        N_(
            "Colleagues under their alias or short name. Who asked to stand on no board is left out here too. "
            "Readers are those of shares made in the period."
        ),
    ),
    "teams": (
        N_("Which teams are listed"),
        N_(
            "Teams with five active advocates or more: the figures of fewer would be somebody’s own. "
            "An active advocate shared in this period. A move to another team changes no past."
        ),
    ),
    "share": (
        N_("A share"),
        N_(
            "A post that somebody declared, that a network’s crawler saw, or by which a reader came. "
            "It counts on the day of its first proof."
        ),
    ),
    "confirmed": (N_("Confirmed"), N_("At least one human other than the sharer followed its link.")),
    "own": (N_("In own words"), N_("She wrote the post herself and took no suggestion.")),
    "readers": (
        N_("Readers"),
        N_(
            "Different humans who followed a share’s link: each once for a share, and as many of a share as the rules "
            "pay for. They count on the day of their first visit."
        ),
    ),
    "stories": (
        N_("Topics and campaigns"),
        N_("A story counts for those it belongs to today. One with two topics counts for each of them."),
    ),
    "reach": (
        N_("Reach"),
        N_(
            "People who may have seen a post: for each share that is seen or confirmed, the audience that its author "
            "states on her page, else the network’s average. It is an estimate; nobody is counted by name."
        ),
    ),
    "average": (
        N_("Average audience"),
        N_(
            "459 connections on LinkedIn, 433 friends on Facebook, 772 followers on X, or what you set under Worth. "
            "A network without an average has reach only where people state their audience."
        ),
    ),
    "human": (N_("Visits by people"), N_("Visits that nothing speaks against, repeated ones included.")),
    "suspected": (
        N_("Perhaps not people"),
        N_("Visits with a doubt: the sharer herself, the company’s network, a data centre. They earn nothing."),
    ),
    "bot": (N_("Machines"), N_("Crawlers, previews, mail scanners and programs. They earn nothing.")),
    "conversion": (
        N_("Conversion"),
        N_(
            "A lead, an application or a sale that your site reported with the id of a click. The id is known for 30 "
            "days after the click."
        ),
    ),
    "emv": (
        N_("Earned media value"),
        N_(
            "What the same would have cost as advertising: visits by people times your rate per click, plus reach "
            "times your rate per impression. It is worth as much as the rates are."
        ),
    ),
    "following": (
        N_("Audience growth"),
        N_("How many people follow the company’s own accounts, as you enter it once a month."),
    ),
    "mails": (
        N_("Delivered"),
        N_(
            "Digests that the provider says arrived, or, by SMTP, that the server accepted. Opening a mail is never "
            "tracked."
        ),
    ),
    "per-mail": (
        N_("Share buttons per mail"),
        N_("How often share buttons were followed in that week, by the digests that left."),
    ),
    "hour": (
        N_("Hours"),
        N_("In the programme’s time zone. Shares at the hour of their first proof, visits by people when they came."),
    ),
}
"""By key: the term, and its definition."""
