// The TypeScript SDK 1.x: `sdk1.mjs sdk REVISION COMMAND…|URL`.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CallToolResultSchema,
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js';

import { answers, bridge, capabilities, introduction, link } from './bridge.mjs';

const [, , ...place] = process.argv.slice(2);

const transports = {
  Stdio: StdioClientTransport,
  SSE: SSEClientTransport,
  StreamableHTTP: StreamableHTTPClientTransport,
};

// The client tells its transport which revision was agreed on, and nobody else.
function overhear(transport) {
  const told = transport.setProtocolVersion?.bind(transport);
  transport.setProtocolVersion = (version) => {
    transport.agreed = version;
    told?.(version);
  };
  return transport;
}

const client = new Client(introduction, { capabilities });
for (const schema of [CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema]) {
  client.setRequestHandler(schema, ({ method, params }) => answers[method](params));
}
const transport = overhear(link(transports, place));

await bridge({
  client,
  isRefusal: (error) => error instanceof McpError,
  actions: {
    connect: async () => {
      await client.connect(transport);
      return {
        protocolVersion: transport.agreed,
        serverInfo: client.getServerVersion(),
        capabilities: client.getServerCapabilities(),
        instructions: client.getInstructions(),
      };
    },
    call: ({ name, arguments: given }, options) =>
      client.callTool({ name, arguments: given }, CallToolResultSchema, options),
  },
});
