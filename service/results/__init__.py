"""Results. In: shares, visits, mails. Out: figures kept current, and what they say of a period, a team, a campaign."""

from scoring.results import MEASURES
from service.results.counting import before_forgetting, count, recount, waiting
from service.results.keeping import refresh
from service.results.scopes import Figures, Scope, figures

__all__ = ["MEASURES", "Figures", "Scope", "before_forgetting", "count", "figures", "recount", "refresh", "waiting"]
