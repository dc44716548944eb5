"""The tables. In: nothing. Out: one class per table, grouped by room; migrations are made from these."""

from service.models.arrivals import Arrival, Intake
from service.models.badges import Badge, Holiday, Rest
from service.models.calls import Call, CallState, MailEvent
from service.models.circles import Cohort, CohortMember, Erasure, FileState, Onboarding, PeopleFile, Suspension
from service.models.content import Campaign, Picture, ShareText, Story, Topic
from service.models.contests import Contest
from service.models.draw_records import DrawEvent, PrizeRecord
from service.models.draws import Draw, DrawPlan, Entrant, FreeEntry, LeftOut, Prize, Rank
from service.models.feeds import Feed, FeedItem, Stock, StoryUse
from service.models.mail import Edition, Omission, Outbox, Selection, Suppression
from service.models.people import Employee, Liaison, Programme, RetiredLink, SigningKey, Team
from service.models.posters import Poster, PosterVisit
from service.models.quarantine import Quarantine, QuarantinedVisit, WeeklyKey
from service.models.rules import Absence, RuleSet, RuleTrial
from service.models.score import Award, Holders, LedgerEntry, Total
from service.models.sending import Lease, RateLimit, Sending, SendingNumber
from service.models.share_news import ShareNews
from service.models.shares import Evidence, Share
from service.models.steering import Declined
from service.models.suggestions import Suggestion

__all__ = [
    "Absence",
    "Arrival",
    "Award",
    "Badge",
    "Call",
    "CallState",
    "Campaign",
    "Cohort",
    "CohortMember",
    "Contest",
    "Declined",
    "Draw",
    "DrawEvent",
    "DrawPlan",
    "Edition",
    "Employee",
    "Entrant",
    "Erasure",
    "Evidence",
    "Feed",
    "FeedItem",
    "FileState",
    "FreeEntry",
    "Holders",
    "Holiday",
    "Intake",
    "Lease",
    "LedgerEntry",
    "LeftOut",
    "Liaison",
    "MailEvent",
    "Omission",
    "Onboarding",
    "Outbox",
    "PeopleFile",
    "Picture",
    "Poster",
    "PosterVisit",
    "Prize",
    "PrizeRecord",
    "Programme",
    "Quarantine",
    "QuarantinedVisit",
    "Rank",
    "RateLimit",
    "Rest",
    "RetiredLink",
    "RuleSet",
    "RuleTrial",
    "Selection",
    "Sending",
    "SendingNumber",
    "Share",
    "ShareNews",
    "ShareText",
    "SigningKey",
    "Stock",
    "Story",
    "StoryUse",
    "Suggestion",
    "Suppression",
    "Suspension",
    "Team",
    "Topic",
    "Total",
    "WeeklyKey",
]
