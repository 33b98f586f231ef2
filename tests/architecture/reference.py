"""The names of the API reference, and those that come with later issues."""

from __future__ import annotations

_REFERENCE = """
FastZCP ZCPServerSession create_asgi_app ZCPASGIApp run_mcp_stdio_server run_mcp_stdio_server_sync
ZCPClientSession ZCPSessionGroup MCPGatewayClient MCPGatewayServer
ToolExposureConfig SemanticWorkflowProfile
ToolDefinition ToolRegistry PromptDescriptor PromptArgument ResourceDescriptor ResourceTemplate
TaskDescriptor TaskExecutionContext SessionState HandleStore RuntimeExecutor CanonicalValidator
ValidationFailure
CompletionRequest CompletionResult SamplingRequest SamplingResult ElicitationRequest
ElicitationResult InitializeParams InitializeResult
CallRequest CallResult CallError HandleRef RegistryView OpenAIStrictSchemaCompiler
encode_tool_output decode_tool_output
stdio_server sse_server streamable_http_server websocket_server
stdio_client sse_client streamable_http_client websocket_client
AgentLoop MCPProfile OpenAIAdapter OpenAIResponsesAdapter TurnResult compile_openai_tools
format_call format_registry format_result run_responses_turn stream_responses_turn
submit_tool_results
AuthContext AuthProfile OAuthConfig OAuthProvider OAuthClient AuthorizationCode AccessToken
RefreshToken InMemoryOAuthProvider SQLiteOAuthProvider BearerAuthConfig
Capabilities PROTOCOL_VERSION ProgressToken
ZCPServerConfig HTTPConfig SSEConfig StreamableHTTPConfig WebSocketConfig RateLimitConfig
"""

_NOT_YET_DUE = """
MCPProfile
"""

REFERENCE = _REFERENCE.split()

NOT_YET_DUE = _NOT_YET_DUE.split()
"""Names of the WebSocket, OAuth, gateway and model-adapter issues."""
