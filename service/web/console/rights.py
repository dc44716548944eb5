"""Rights. In: an endpoint of the console and a liaison's role. Out: whether she may open it, and whom to ask if not.

Every endpoint stands in one of the sets below. One that nobody thought of is open to owners alone, and
tests/test_rights.py fails until it stands here.
"""

from __future__ import annotations

from flask import current_app, g, request
from werkzeug.exceptions import HTTPException

from service.roles import Role, allows
from service.web.console.room import room


def _named(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


ANYBODY_SIGNED_IN = _named(
    "sign_out account account_save",
)
VIEWER = _named(
    "week editions edition edition_open edition_panel",
    "calendar library stories story story_visits card poster poster_code",
    "campaigns campaign badge_list rules rules_file",
    "results results_sharing_page results_reach_page results_worth_page results_digests_page results_time_page",
    "results_report results_report_print results_calculator",
)
"""Programme, content and figures of groups; nothing of one person, no mail, no export."""

EDITOR = _named(
    "story_networks story_begin story_paste",
    "story_new story_create story_save story_status story_links stories_bulk stories_undo card_of_form poster_make",
    "story_begin story_paste story_move stock_renew review review_decide review_undo review_edit",
    "feeds feed_new feed_create feed feed_save feed_poll feed_always feed_remove",
    "campaign_new campaign_create campaign_save campaign_mail campaign_mail_body boards contests contest draws",
    "results_csv",
)
"""Who writes: content and its plans; boards as colleagues see them."""

LIAISON = _named(
    "settings settings_save colours colours_save colours_mail topics topic_create topic_change",
    "edition_act edition_preview edition_preview_find edition_preview_mail edition_test edition_who edition_words",
    "edition_mail edition_mail_frame",
    "people people_search people_import people_preview people_take person",
    "people_bulk people_undo people_file people_refused person_suspend person_reinstate person_draws person_leads",
    "teams team_create team_change invitations invitations_save invitations_begin groups group_create group_delete",
    "invitation_preview quiet",
    "person_links person_data person_erase person_erased",
    "person_suspend person_reinstate person_draws person_leads person_links person_data person_erase person_erased",
    "suggestions suggestion suggestion_accept suggestion_answer suggestion_decline suggestion_aside suggestion_vouch",
    "doubts doubt_decide hold hold_release patterns pattern_decide",
    "contest_new contest_create contest_save campaign_mail_send campaign_archive",
    "badge_declare badge_fill badge_switch rules_read rules_try rules_trial rules_save rules_withdraw",
    "draw draw_new draw_create draw_edit draw_save draw_disqualify draw_fetch draw_freeze draw_hand_over draw_run",
    "draw_export draw_left_out",
    "draws_monthly draws_monthly_save",
    "results_report_save results_rates results_followers",
    "results_conversions results_token_make results_token_revoke results_sites",
)
"""Who runs the programme: people, mails, editions, draws."""

OWNER = _named(
    "audit audit_csv liaisons liaison_add liaison_change",
)
"""Who says who may what, and reads what everybody did."""

SETS = (
    (Role.VIEWER, ANYBODY_SIGNED_IN),
    (Role.VIEWER, VIEWER),
    (Role.EDITOR, EDITOR),
    (Role.LIAISON, LIAISON),
    (Role.OWNER, OWNER),
)
RIGHTS = {f"console.{name}": role for role, names in SETS for name in names}
"""Endpoint → the least role that may open it."""


def needed(endpoint: str | None) -> Role:
    """Return the least role that may open this endpoint; one that is not in the table: an owner's."""
    return RIGHTS.get(endpoint or "", Role.OWNER)


@room.app_template_global("may")
def may(endpoint: str) -> bool:
    """Return whether the signed-in liaison may open this endpoint, which must exist: what she may not is not shown."""
    liaison = g.get("liaison")
    if liaison is None or endpoint not in current_app.view_functions:
        return False
    return allows(liaison.role, needed(endpoint))


def may_go(address: str) -> bool:
    """Return whether the signed-in liaison may follow a link of ours; "#part" and other rooms are open to everybody."""
    path = address.partition("#")[0].partition("?")[0]
    if not path.startswith("/console/"):
        return True
    try:
        endpoint, _values = current_app.url_map.bind("").match(path)
    except HTTPException:
        return False
    return may(endpoint)


def here() -> bool:
    """Return whether the signed-in liaison may have what this request asks for."""
    return may(request.endpoint or "")
