"""What the agent does: find tools, call them, mend what failed. A function of the request."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .offers import Offer, from_request
from .reading import clauses
from .working import Call, Tools, work

FINDING, CALLING, PIPELINE = "search_tools", "call_tool", "run_pipeline"
"""Tools every model learns to use from their descriptions; the agent knows them by name."""
HELPERS = (FINDING, CALLING, PIPELINE, "describe_tools", "read_handle")


def respond(request: Mapping[str, Any]) -> dict[str, Any]:
    """The assistant's message to a Chat Completions request.

    It is worked out from the task in the request, the tools in it, and the results in it so far:
    the same request always gets the same answer.
    """
    messages: Sequence[Mapping[str, Any]] = request["messages"]
    task = next(message["content"] for message in messages if message["role"] == "user")
    results = [message["content"] for message in messages if message["role"] == "tool"]
    offers = from_request(request.get("tools") or ())
    plan = work(clauses(task), tools_of(offers))
    try:
        calls = next(plan)
        while results:
            answers, results = results[: len(calls)], results[len(calls) :]
            calls = plan.send(answers)
    except StopIteration as end:
        return {"role": "assistant", "content": end.value}
    turn = sum(message["role"] == "assistant" for message in messages)
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [_tool_call(call, f"call_{turn}_{at}") for at, call in enumerate(calls)],
    }


def tools_of(offers: Sequence[Offer]) -> Tools:
    helpers = {offer.name: offer for offer in offers if offer.name in HELPERS}
    own = [offer for offer in offers if offer.name not in HELPERS]
    return Tools(own, helpers.get(FINDING), CALLING in helpers, PIPELINE in helpers)


def _tool_call(call: Call, id: str) -> dict[str, Any]:
    arguments = json.dumps(call.arguments, ensure_ascii=False, separators=(",", ":"))
    return {
        "id": id,
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    }
