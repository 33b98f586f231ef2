"""`OpenAIResponsesAdapter`: Responses, and Chat Completions where there are none."""

from __future__ import annotations

from .asking import Asking
from .chat import OpenAIAdapter
from .fallback import FallbackWire


class OpenAIResponsesAdapter(OpenAIAdapter):
    """Brings tools to a model behind Responses; parameters as of `OpenAIAdapter`.

    Where the server has no such endpoint, or the client no `responses`, it goes over to Chat
    Completions by itself. The history stays in the items of Responses either way.
    """

    def _wire(self, asking: Asking) -> FallbackWire:
        return FallbackWire(asking)
