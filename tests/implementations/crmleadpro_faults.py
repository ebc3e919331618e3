"""What can go wrong with CRMLead Pro, one fault at a time. Each of these files has the faults of one subject."""

from __future__ import annotations

from tests.implementations.crmleadpro_faults_access import ACCESS
from tests.implementations.crmleadpro_faults_changes import CHANGES
from tests.implementations.crmleadpro_faults_events import EVENTS
from tests.implementations.crmleadpro_faults_leads import LEADS
from tests.implementations.crmleadpro_faults_limits import COMMON
from tests.implementations.crmleadpro_faults_lists import LISTS
from tests.implementations.crmleadpro_faults_robustness import ROBUSTNESS
from tests.implementations.crmleadpro_faults_sales import SALES
from tests.implementations.crmleadpro_faults_searches import SEARCHES
from tests.implementations.crmleadpro_faults_sending import SENDING
from tests.implementations.crmleadpro_faults_values import VALUES
from tests.implementations.workshop import Fault

FAULTS: tuple[Fault, ...] = (
    *ACCESS,
    *COMMON,
    *ROBUSTNESS,
    *LEADS,
    *VALUES,
    *CHANGES,
    *LISTS,
    *SEARCHES,
    *SALES,
    *SENDING,
    *EVENTS,
)
