"""Where each public name lives, and which extra brings it (None: always there). Data only."""

from __future__ import annotations

_HOMES: dict[tuple[str, str | None], str] = {
    ("zcp_kernel.app", None): "FastZCP",
    ("zcp_kernel.client", None): "ZCPClientSession",
    ("zcp_kernel.client_group", None): "ZCPSessionGroup",
    ("zcp_kernel.config", None): "ToolExposureConfig",
    ("zcp_kernel.context", None): "Context",
    ("zcp_kernel.contracts", None): "HandleStore",
    ("zcp_kernel.errors", None): "ToolError ZCPError",
    ("zcp_kernel.model", None): """
        CallError CallRequest CallResult Capabilities CompletionRequest CompletionResult
        ElicitationRequest ElicitationResult HandleRef InitializeParams InitializeResult
        ProgressToken PromptArgument PromptDescriptor ResourceDescriptor ResourceTemplate
        SamplingRequest SamplingResult TaskDescriptor ToolDefinition""",
    ("zcp_kernel.registry", None): "RegistryView ToolRegistry",
    ("zcp_kernel.runtime", None): "RuntimeExecutor",
    ("zcp_kernel.security", None): "AuthProfile",
    ("zcp_kernel.session", None): "SessionState ZCPServerSession",
    ("zcp_kernel.tasks", None): "TaskExecutionContext",
    ("zcp_kernel.validation", None): "CanonicalValidator ValidationFailure",
    ("zcp_profiles.exposure", None): "SemanticWorkflowProfile",
    ("zcp_profiles.native.revision", None): "PROTOCOL_VERSION",
    ("zcp_transport_http", "http"): """
        sse_client sse_server streamable_http_client streamable_http_server""",
    ("zcp_transport_http.app", "http"): "ZCPASGIApp create_asgi_app",
    ("zcp_transport_http.config", "http"): """
        BearerAuthConfig CORSConfig HTTPConfig RateLimitConfig SSEConfig StreamableHTTPConfig
        WebSocketConfig""",
    ("zcp_transport_stdio", None): """
        run_mcp_stdio_server run_mcp_stdio_server_sync stdio_client stdio_server""",
    ("zcp.settings", None): "ZCPServerConfig",
}

ORIGINS: dict[str, tuple[str, str | None]] = {
    name: origin for origin, names in _HOMES.items() for name in names.split()
}
