"""The journal: the last requests with their answers, kept as they were and told without secrets."""

from __future__ import annotations

from mockserver.journal.entry import EVERYTHING, Entry, Filter
from mockserver.journal.own import Journal, OwnPages
from mockserver.journal.pages import Pages
from mockserver.journal.shared import SharedJournal

__all__ = ["EVERYTHING", "Entry", "Filter", "Journal", "OwnPages", "Pages", "SharedJournal"]
