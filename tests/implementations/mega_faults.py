"""What can go wrong with MEGA, one fault at a time: each is one change of `mega.py` that breaks one promise."""

from __future__ import annotations

from tests.implementations.mega_faults_access import ACCESS, ERRORS
from tests.implementations.mega_faults_changes import CHANGED_ONES
from tests.implementations.mega_faults_checks import CHECKS
from tests.implementations.mega_faults_events import EVENTS
from tests.implementations.mega_faults_filters import FILTERS
from tests.implementations.mega_faults_http import ROBUSTNESS
from tests.implementations.mega_faults_imports import PREVIEWS, REQUESTS
from tests.implementations.mega_faults_leads import SHAPE, VALUES
from tests.implementations.mega_faults_limits import LIMITS
from tests.implementations.mega_faults_matching import MATCHING
from tests.implementations.mega_faults_pages import PAGES
from tests.implementations.mega_faults_rare import LARGE_OR_LATE, RARE_VALUES
from tests.implementations.mega_faults_replays import REPLAYS
from tests.implementations.mega_faults_results import RESULTS
from tests.implementations.mega_faults_rows import ROWS
from tests.implementations.mega_faults_webhooks import REGISTERED
from tests.implementations.workshop import Fault

FAULTS: tuple[Fault, ...] = (
    *ACCESS,
    *ERRORS,
    *ROBUSTNESS,
    *LIMITS,
    *SHAPE,
    *CHECKS,
    *VALUES,
    *MATCHING,
    *REPLAYS,
    *REQUESTS,
    *PREVIEWS,
    *RESULTS,
    *ROWS,
    *FILTERS,
    *PAGES,
    *REGISTERED,
    *CHANGED_ONES,
    *EVENTS,
    *RARE_VALUES,
    *LARGE_OR_LATE,
)
