"""The client of the control plane: what a script gets wrong is told as what it is, wherever it is found out."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from mockserver.client import Access, ControlClient, ControlError

MISTAKES = [
    ("control.tenant('mega', 5)", "5 is no text; give the name or id of what is meant"),
    ("control.take_snapshot(None)", "None is no text"),
    ("control.add_fault('status', body={1})", "POST /faults cannot be sent: Object of type set is not JSON"),
    ("control.freeze(dt.date(2026, 1, 1))", "POST /clock/freeze cannot be sent: Object of type date"),
    ("control.seed('mega', tenant, 'leads.csv')", "give a list of dictionaries, or a file as a pathlib.Path"),
    ("control.seed('mega', tenant, {'contact_name': 'x'})", "are no rows; give a list of dictionaries"),
    ("control.seed('mega', tenant, 5)", "5 are no rows; give a list of dictionaries"),
    ("control.seed('mega', tenant, [{1}])", "the rows cannot be sent: Object of type set is not JSON"),
    ("control.requests(status='999')", "status: must be a status such as 404 or a class such as 4xx, not '999'"),
    ("control.requests(method='G E T')", "method: must be a method such as POST, not 'G E T'"),
    ("control.take_snapshot('a b')", "name must be at most 100 letters, digits, hyphens, underscores and dots"),
    ("control.request('x')", "request must be a number of at most fifteen digits, not 'x'"),
    ("control.create_tenant('mega', secret='a b')", "secret: must be printable ASCII characters without spaces"),
    ("control.create_tenant('salesiq', id='a b')", "id: must be at most 100 letters, digits"),
    ("control.add_fault('status', headers={'X': 'é'})", "headers.X: must be printable ASCII characters"),
    ("control.emit('crmleadpro', 'demo-workspace', 'deal.won', None)", "data: must be an object, not null"),
]


@pytest.mark.parametrize(("mistake", "told"), MISTAKES)
def test_a_mistake_is_a_control_error(control: ControlClient, fresh: Access, mistake: str, told: str) -> None:
    with pytest.raises(ControlError, match=re.escape(told)):
        eval(mistake, {"control": control, "tenant": fresh.tenant.id, "dt": dt})  # noqa: S307  # of the table above


@pytest.mark.parametrize("given", ["25h", None, dt.timedelta(hours=1), True])
def test_a_clock_is_moved_by_numbers(control: ControlClient, given: Any) -> None:
    with pytest.raises(TypeError, match=r"give numbers, such as advance\(hours=25\)"):
        control.advance(hours=given)
