"""CRMLead Pro: a workspace's leads and the contacts, deals, campaigns, figures and webhooks around them."""

from __future__ import annotations

from mockserver.vendors.crmleadpro.analytics import getPipelineAnalytics
from mockserver.vendors.crmleadpro.campaigns import createEmailCampaign, createWhatsappCampaign
from mockserver.vendors.crmleadpro.deals import createDeal
from mockserver.vendors.crmleadpro.leads import archiveLead, createLead, getLead, updateLead
from mockserver.vendors.crmleadpro.listing import listContacts, listLeads
from mockserver.vendors.crmleadpro.outside import emit, subject
from mockserver.vendors.crmleadpro.pipelines import listPipelines
from mockserver.vendors.crmleadpro.webhooks import createWebhook
from mockserver.vendors.crmleadpro.world import new_secret, seed, world

__all__ = [
    "archiveLead",
    "createDeal",
    "createEmailCampaign",
    "createLead",
    "createWebhook",
    "createWhatsappCampaign",
    "emit",
    "getLead",
    "getPipelineAnalytics",
    "listContacts",
    "listLeads",
    "listPipelines",
    "new_secret",
    "seed",
    "subject",
    "updateLead",
    "world",
]
