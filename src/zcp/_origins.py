"""Where each public name lives, and which extra brings it (None: always there). Data only."""

from __future__ import annotations

_HOMES: dict[tuple[str, str | None], str] = {
    ("zcp_auth_oauth.config", "oauth"): "OAuthConfig ResourceServerConfig TrustedIssuer",
    ("zcp_auth_oauth.models", "oauth"): "AccessToken AuthorizationCode OAuthClient RefreshToken",
    ("zcp_auth_oauth.providers.contract", "oauth"): "OAuthProvider",
    ("zcp_auth_oauth.providers.memory", "oauth"): "InMemoryOAuthProvider",
    ("zcp_auth_oauth.providers.sqlite.provider", "oauth"): "SQLiteOAuthProvider",
    ("zcp_kernel.app", None): "FastZCP",
    ("zcp_kernel.client", None): "ZCPClientSession",
    ("zcp_kernel.client_group", None): "ZCPSessionGroup",
    ("zcp_kernel.config", None): "ToolExposureConfig",
    ("zcp_kernel.connecting", None): "connect",
    ("zcp_kernel.context", None): "Context elicitation roots sampling",
    ("zcp_kernel.contracts", None): "HandleStore",
    ("zcp_kernel.errors", None): "ToolError ZCPError",
    ("zcp_kernel.model", None): """
        CallError CallRequest CallResult Capabilities CompletionRequest CompletionResult
        ElicitationRequest ElicitationResult HandleRef InitializeParams InitializeResult
        ProgressToken PromptArgument PromptDescriptor ResourceDescriptor ResourceTemplate
        SamplingRequest SamplingResult TaskDescriptor ToolDefinition""",
    ("zcp_kernel.mount", None): "UpstreamError",
    ("zcp_kernel.registry", None): "RegistryView ToolRegistry",
    ("zcp_kernel.runtime", None): "RuntimeExecutor",
    ("zcp_kernel.security", None): "AuthContext AuthProfile",
    ("zcp_kernel.session", None): "SessionState ZCPServerSession",
    ("zcp_kernel.tasks", None): "TaskExecutionContext",
    ("zcp_kernel.validation", None): "CanonicalValidator ValidationFailure",
    ("zcp_profiles.adapters", None): """
        AgentLoop TurnResult decode_tool_output encode_tool_output""",
    ("zcp_profiles.anthropic", None): "AnthropicAdapter",
    ("zcp_profiles.compact", None): "format_call format_registry format_result",
    ("zcp_profiles.exposure", None): """
        BudgetProfile DiscoveryProfile MCPProfile SemanticWorkflowProfile""",
    ("zcp_profiles.mcp.gateway", None): "MCPGatewayClient MCPGatewayServer",
    ("zcp_profiles.native.revision", None): "PROTOCOL_VERSION",
    ("zcp_profiles.openai", None): """
        OpenAIAdapter OpenAIResponsesAdapter OpenAIStrictSchemaCompiler compile_openai_tools
        run_responses_turn stream_responses_turn submit_tool_results""",
    ("zcp_store_sqlite.config", "sqlite"): "StoreConfig",
    ("zcp_transport_http", "http"): """
        sse_client sse_server streamable_http_client streamable_http_server""",
    ("zcp_transport_http.app", "http"): "ZCPASGIApp create_asgi_app",
    ("zcp_transport_http.config", "http"): """
        BearerAuthConfig CORSConfig HTTPConfig RateLimitConfig SSEConfig StreamableHTTPConfig""",
    ("zcp_transport_stdio", None): """
        run_mcp_stdio_server run_mcp_stdio_server_sync stdio_client stdio_server""",
    ("zcp_transport_ws", "ws"): "serve_websocket websocket_client websocket_server",
    ("zcp_transport_ws.config", "ws"): "WebSocketConfig",
    ("zcp.settings", None): "ZCPServerConfig",
}

ORIGINS: dict[str, tuple[str, str | None]] = {
    name: origin for origin, names in _HOMES.items() for name in names.split()
}
