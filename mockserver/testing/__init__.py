"""The mock in a test: what the fixtures `leadmock` and `leadmock_server` give, to be named in annotations."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # What the mock's own libraries announce while they are imported is no concern of a test, however strict it is.
    warnings.simplefilter("ignore")
    from mockserver.testing.api import Api, Key
    from mockserver.testing.clock import Clock
    from mockserver.testing.deliveries import Delivery
    from mockserver.testing.leadmock import Leadmock, LeadmockServer
    from mockserver.testing.records import Record
    from mockserver.testing.requests import Request

__all__ = ["Api", "Clock", "Delivery", "Key", "Leadmock", "LeadmockServer", "Record", "Request"]
