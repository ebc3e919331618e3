"""What a world offers. Valid means: documented, so that every right implementation accepts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ..caller import Caller
    from ..fresh import Fresh
    from ..lab import Lab
    from ..wire import Answer


class World(Protocol):
    """One API's world."""

    #: The operation that creates a single lead.
    create: str
    #: The operation that lists leads, and the member of a lead that it is surely found by; None where no vendor says.
    listed_by: tuple[str, str] | None

    def lead(self, fresh: Fresh) -> dict[str, Any]:
        """The members of a small valid lead with fresh contact data."""
        ...

    def body(self, lead: dict[str, Any]) -> Any:
        """The request body of `create` that holds the lead."""
        ...

    def lead_id(self, answer: Answer) -> str:
        """The id in a successful answer of `create`. Raises Broken where there is none."""
        ...

    def call(self, operation: str, lab: Lab, caller: Caller) -> dict[str, Any]:
        """The parts (body, path, query) of a valid call of any operation; what it needs is created with `caller`."""
        ...
