"""The tables. In: nothing. Out: one class per table, grouped by room; migrations are made from these."""

from service.models.arrivals import Arrival, Intake
from service.models.audit import AuditLine, PolicyAcceptance
from service.models.badges import Badge, BadgeFilling, Holiday, Rest
from service.models.board_sums import JointSum, TeamSum
from service.models.calls import Call, CallState, MailEvent
from service.models.circles import (
    Cohort,
    CohortMember,
    Erasure,
    FileState,
    FormerName,
    Onboarding,
    PeopleFile,
    Suspension,
)
from service.models.content import Campaign, Picture, ShareText, Story, Topic
from service.models.contests import Contest
from service.models.draw_records import DrawEvent, PrizeRecord
from service.models.draws import Draw, DrawPlan, Entrant, FreeEntry, FrozenMails, LeftOut, Prize, Rank
from service.models.feeds import Feed, FeedItem, Stock, StoryUse
from service.models.mail import Edition, Omission, Outbox, Selection, Suppression
from service.models.people import Employee, Liaison, Programme, RetiredLink, SigningKey, Team
from service.models.posters import Poster, PosterVisit
from service.models.quarantine import Quarantine, QuarantinedVisit, WeeklyKey
from service.models.results import (
    Activity,
    ChangedShare,
    CountedShare,
    Crowd,
    DayFigure,
    EditionFigure,
    HourFigure,
    PeriodFigure,
    ReasonFigure,
    ResultsState,
)
from service.models.rules import Absence, RuleSet, RuleTrial
from service.models.score import Award, Holders, LedgerEntry, Total
from service.models.sending import Lease, RateLimit, Sending, SendingNumber
from service.models.share_news import ShareNews
from service.models.shares import Evidence, Share
from service.models.steering import Declined
from service.models.story_acts import StoryAct
from service.models.suggestions import Suggestion
from service.models.worth import Conversion, ConversionToken, Following, Reckoning, StatedAudience

__all__ = [
    "Absence",
    "Activity",
    "Arrival",
    "AuditLine",
    "Award",
    "Badge",
    "BadgeFilling",
    "Call",
    "CallState",
    "Campaign",
    "ChangedShare",
    "Cohort",
    "CohortMember",
    "Contest",
    "Conversion",
    "ConversionToken",
    "CountedShare",
    "Crowd",
    "DayFigure",
    "Declined",
    "Draw",
    "DrawEvent",
    "DrawPlan",
    "Edition",
    "EditionFigure",
    "Employee",
    "Entrant",
    "Erasure",
    "Evidence",
    "Feed",
    "FeedItem",
    "FileState",
    "Following",
    "FormerName",
    "FreeEntry",
    "FrozenMails",
    "Holders",
    "Holiday",
    "HourFigure",
    "Intake",
    "JointSum",
    "Lease",
    "LedgerEntry",
    "LeftOut",
    "Liaison",
    "MailEvent",
    "Omission",
    "Onboarding",
    "Outbox",
    "PeopleFile",
    "PeriodFigure",
    "Picture",
    "PolicyAcceptance",
    "Poster",
    "PosterVisit",
    "Prize",
    "PrizeRecord",
    "Programme",
    "Quarantine",
    "QuarantinedVisit",
    "Rank",
    "RateLimit",
    "ReasonFigure",
    "Reckoning",
    "Rest",
    "ResultsState",
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
    "StatedAudience",
    "Stock",
    "Story",
    "StoryAct",
    "StoryUse",
    "Suggestion",
    "Suppression",
    "Suspension",
    "Team",
    "TeamSum",
    "Topic",
    "Total",
    "WeeklyKey",
]
