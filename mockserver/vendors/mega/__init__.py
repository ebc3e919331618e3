"""MEGA: leads created one by one or in bulk, merged on email and phone, listed, and announced by webhook."""

from __future__ import annotations

from mockserver.vendors.mega.leads import bulkImportLeads, createLead
from mockserver.vendors.mega.listing import listLeads
from mockserver.vendors.mega.webhooks import (
    createLeadWebhook,
    deleteLeadWebhook,
    listLeadWebhooks,
    updateLeadWebhook,
)
from mockserver.vendors.mega.world import new_secret, seed, world

__all__ = [
    "bulkImportLeads",
    "createLead",
    "createLeadWebhook",
    "deleteLeadWebhook",
    "listLeadWebhooks",
    "listLeads",
    "new_secret",
    "seed",
    "updateLeadWebhook",
    "world",
]
