"""Other offices' tools: a company's gateway offers hundreds beside the one server in use.

They keep records in memory: real, small, and of no use for spreadsheets.
"""

from collections.abc import Callable
from itertools import product
from typing import Annotated, Any

from pydantic import Field

from .catalogue import Offered

_OFFICES = {
    "crm": ("contact", "lead", "deal", "account", "campaign", "opportunity", "quote"),
    "hr": ("employee", "vacancy", "applicant", "leave", "shift", "contract", "training"),
    "helpdesk": ("ticket", "agent", "queue", "escalation", "answer", "macro", "survey"),
    "warehouse": ("parcel", "pallet", "shipment", "carrier", "location", "stocktake", "return"),
    "billing": ("invoice", "payment", "refund", "subscription", "coupon", "dunning", "tax"),
    "devops": ("server", "deployment", "incident", "alert", "secret", "pipeline", "release"),
    "calendar": ("meeting", "room", "reminder", "holiday", "invitation", "timezone", "slot"),
    "marketing": ("newsletter", "audience", "banner", "landing_page", "segment", "event", "post"),
    "legal": ("clause", "case", "party", "deadline", "court", "filing", "permit"),
    "fleet": ("vehicle", "driver", "route", "fuel_card", "inspection", "toll", "accident"),
    "travel": ("booking", "flight", "hotel", "visa", "expense", "itinerary", "policy"),
    "support": ("chat", "call", "article", "forum", "feedback", "callback", "handover"),
    "research": ("paper", "dataset", "experiment", "sample", "instrument", "grant", "review"),
    "facility": ("building", "badge", "visitor", "repair", "lease", "meter", "cleaning"),
    "security": ("finding", "scan", "audit", "exception", "certificate", "account", "firewall"),
    "shop": ("product", "cart", "order", "review", "discount", "category", "supplier"),
    "media": ("photo", "video", "album", "caption", "license", "stream", "channel"),
    "iot": ("device", "sensor", "reading", "firmware", "gateway", "threshold", "twin"),
}
_ACTIONS = {
    "create": "Create a new {thing} in the {office} system.",
    "get": "Get one {thing} from the {office} system by its id, with its history.",
    "search": "Search the {office} system for {thing} entries by words and state.",
    "update": "Update the state or the notes of a {thing} in the {office} system.",
    "assign": "Assign a {thing} in the {office} system to a person.",
    "archive": "Archive a {thing} in the {office} system so that it is no longer active.",
    "export": "Export {thing} entries of the {office} system of a period.",
    "approve": "Approve a {thing} in the {office} system on behalf of a manager.",
}

_kept: dict[str, list[dict[str, Any]]] = {}


def _tool(kind: str) -> Callable[..., dict[str, Any]]:
    def entry(
        id: Annotated[str, Field(description=f"Id of the {kind}, such as {kind[:3].upper()}-1024")],
        state: Annotated[str | None, Field(description="State to look for or to set")] = None,
        person: Annotated[str | None, Field(description="Login of the person in charge")] = None,
        notes: Annotated[str, Field(description="Free text")] = "",
        limit: Annotated[int, Field(description="Most entries to answer with", ge=1)] = 20,
    ) -> dict[str, Any]:
        held = _kept.setdefault(kind, [])
        held.append({"id": id, "state": state, "person": person, "notes": notes})
        return {"entries": held[-limit:]}

    return entry


def padding(count: int) -> list[Offered]:
    """So many of them. Raises `ValueError` for more than there are."""
    kinds = [
        (office, thing, action, says)
        for (office, things), (action, says) in product(_OFFICES.items(), _ACTIONS.items())
        for thing in things
    ]
    if count > len(kinds):
        raise ValueError(f"there are {len(kinds)} of them")
    made: list[Offered] = []
    for office, thing, action, says in kinds[:count]:
        function = _tool(thing)
        function.__doc__ = says.format(thing=thing.replace("_", " "), office=office)
        made.append(Offered(f"{office}_{action}_{thing}", function))
    return made
