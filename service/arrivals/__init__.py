"""Arrivals. In: visits by short links, answered at once. Out: rows to judge, and a count that adds up: recorded + lost.

A process that answers short links keeps the links it has seen (`known`), hands every visit to its one writer
(`intake`, `writer`), and that puts what arrived meanwhile into the table of arrivals in one commit (`store`), from
where service.visiting judges it. Two modes (GOODWORD_VISITS):

- durable: the answer waits until its visit is committed, together with those of everybody who came meanwhile;
- buffered: the answer leaves at once, the visit is written within a tenth of a second. A SIGKILL or a loss of power
  takes what that tenth held; stopping in order takes nothing.

While the database is away both answer links they know and keep visits in a bounded buffer. What does not fit is
counted as lost, and the count is written down when the database is back.
"""

from service.arrivals.intake import Intake
from service.arrivals.known import Known, Link

__all__ = ["Intake", "Known", "Link"]
