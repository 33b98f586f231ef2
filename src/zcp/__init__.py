"""The Zero Context Protocol for Python: every public name, imported when it is first used.

`import zcp` loads no plugin. A name whose distribution is not installed raises
`MissingExtraError`, an `ImportError` with the pip command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "1.0.0"

if TYPE_CHECKING:
    from zcp_auth_oauth.config import OAuthConfig as OAuthConfig
    from zcp_auth_oauth.config import ResourceServerConfig as ResourceServerConfig
    from zcp_auth_oauth.config import TrustedIssuer as TrustedIssuer
    from zcp_auth_oauth.models import AccessToken as AccessToken
    from zcp_auth_oauth.models import AuthorizationCode as AuthorizationCode
    from zcp_auth_oauth.models import OAuthClient as OAuthClient
    from zcp_auth_oauth.models import RefreshToken as RefreshToken
    from zcp_auth_oauth.providers.contract import OAuthProvider as OAuthProvider
    from zcp_auth_oauth.providers.memory import InMemoryOAuthProvider as InMemoryOAuthProvider
    from zcp_auth_oauth.providers.sqlite.provider import (
        SQLiteOAuthProvider as SQLiteOAuthProvider,
    )
    from zcp_kernel.app import FastZCP as FastZCP
    from zcp_kernel.client import ZCPClientSession as ZCPClientSession
    from zcp_kernel.client_group import ZCPSessionGroup as ZCPSessionGroup
    from zcp_kernel.config import ToolExposureConfig as ToolExposureConfig
    from zcp_kernel.connecting import connect as connect
    from zcp_kernel.context import Context as Context
    from zcp_kernel.context import elicitation as elicitation
    from zcp_kernel.context import roots as roots
    from zcp_kernel.context import sampling as sampling
    from zcp_kernel.contracts import HandleStore as HandleStore
    from zcp_kernel.errors import ToolError as ToolError
    from zcp_kernel.errors import ZCPError as ZCPError
    from zcp_kernel.model import CallError as CallError
    from zcp_kernel.model import CallRequest as CallRequest
    from zcp_kernel.model import CallResult as CallResult
    from zcp_kernel.model import Capabilities as Capabilities
    from zcp_kernel.model import CompletionRequest as CompletionRequest
    from zcp_kernel.model import CompletionResult as CompletionResult
    from zcp_kernel.model import ElicitationRequest as ElicitationRequest
    from zcp_kernel.model import ElicitationResult as ElicitationResult
    from zcp_kernel.model import HandleRef as HandleRef
    from zcp_kernel.model import InitializeParams as InitializeParams
    from zcp_kernel.model import InitializeResult as InitializeResult
    from zcp_kernel.model import ProgressToken as ProgressToken
    from zcp_kernel.model import PromptArgument as PromptArgument
    from zcp_kernel.model import PromptDescriptor as PromptDescriptor
    from zcp_kernel.model import ResourceDescriptor as ResourceDescriptor
    from zcp_kernel.model import ResourceTemplate as ResourceTemplate
    from zcp_kernel.model import SamplingRequest as SamplingRequest
    from zcp_kernel.model import SamplingResult as SamplingResult
    from zcp_kernel.model import TaskDescriptor as TaskDescriptor
    from zcp_kernel.model import ToolDefinition as ToolDefinition
    from zcp_kernel.mount import UpstreamError as UpstreamError
    from zcp_kernel.registry import RegistryView as RegistryView
    from zcp_kernel.registry import ToolRegistry as ToolRegistry
    from zcp_kernel.runtime import RuntimeExecutor as RuntimeExecutor
    from zcp_kernel.security import AuthContext as AuthContext
    from zcp_kernel.security import AuthProfile as AuthProfile
    from zcp_kernel.session import SessionState as SessionState
    from zcp_kernel.session import ZCPServerSession as ZCPServerSession
    from zcp_kernel.tasks import TaskExecutionContext as TaskExecutionContext
    from zcp_kernel.validation import CanonicalValidator as CanonicalValidator
    from zcp_kernel.validation import ValidationFailure as ValidationFailure
    from zcp_profiles.adapters import AgentLoop as AgentLoop
    from zcp_profiles.adapters import TurnResult as TurnResult
    from zcp_profiles.adapters import decode_tool_output as decode_tool_output
    from zcp_profiles.adapters import encode_tool_output as encode_tool_output
    from zcp_profiles.anthropic import AnthropicAdapter as AnthropicAdapter
    from zcp_profiles.compact import format_call as format_call
    from zcp_profiles.compact import format_registry as format_registry
    from zcp_profiles.compact import format_result as format_result
    from zcp_profiles.exposure import BudgetProfile as BudgetProfile
    from zcp_profiles.exposure import DiscoveryProfile as DiscoveryProfile
    from zcp_profiles.exposure import MCPProfile as MCPProfile
    from zcp_profiles.exposure import SemanticWorkflowProfile as SemanticWorkflowProfile
    from zcp_profiles.mcp.gateway import MCPGatewayClient as MCPGatewayClient
    from zcp_profiles.mcp.gateway import MCPGatewayServer as MCPGatewayServer
    from zcp_profiles.native.revision import PROTOCOL_VERSION as PROTOCOL_VERSION
    from zcp_profiles.openai import OpenAIAdapter as OpenAIAdapter
    from zcp_profiles.openai import OpenAIResponsesAdapter as OpenAIResponsesAdapter
    from zcp_profiles.openai import OpenAIStrictSchemaCompiler as OpenAIStrictSchemaCompiler
    from zcp_profiles.openai import compile_openai_tools as compile_openai_tools
    from zcp_profiles.openai import run_responses_turn as run_responses_turn
    from zcp_profiles.openai import stream_responses_turn as stream_responses_turn
    from zcp_profiles.openai import submit_tool_results as submit_tool_results
    from zcp_store_sqlite.config import StoreConfig as StoreConfig
    from zcp_transport_http import sse_client as sse_client
    from zcp_transport_http import sse_server as sse_server
    from zcp_transport_http import streamable_http_client as streamable_http_client
    from zcp_transport_http import streamable_http_server as streamable_http_server
    from zcp_transport_http.app import ZCPASGIApp as ZCPASGIApp
    from zcp_transport_http.app import create_asgi_app as create_asgi_app
    from zcp_transport_http.config import BearerAuthConfig as BearerAuthConfig
    from zcp_transport_http.config import CORSConfig as CORSConfig
    from zcp_transport_http.config import HTTPConfig as HTTPConfig
    from zcp_transport_http.config import RateLimitConfig as RateLimitConfig
    from zcp_transport_http.config import SSEConfig as SSEConfig
    from zcp_transport_http.config import StreamableHTTPConfig as StreamableHTTPConfig
    from zcp_transport_stdio import run_mcp_stdio_server as run_mcp_stdio_server
    from zcp_transport_stdio import run_mcp_stdio_server_sync as run_mcp_stdio_server_sync
    from zcp_transport_stdio import stdio_client as stdio_client
    from zcp_transport_stdio import stdio_server as stdio_server
    from zcp_transport_ws import serve_websocket as serve_websocket
    from zcp_transport_ws import websocket_client as websocket_client
    from zcp_transport_ws import websocket_server as websocket_server
    from zcp_transport_ws.config import WebSocketConfig as WebSocketConfig

    from . import sync as sync
    from .settings import ZCPServerConfig as ZCPServerConfig

# A module __getattr__ that checkers see would make every misspelt name an Any.
if not TYPE_CHECKING:
    from ._resolve import SUBMODULES, MissingExtraError, installed, resolve

    def __getattr__(name):
        if name == "__all__":
            return installed()
        value = globals()[name] = resolve(name)
        return value

    def __dir__():
        return sorted({*globals(), *installed(), *SUBMODULES})
