// The TypeScript SDK 2.x: `sdk2.mjs auto|legacy|pinned REVISION COMMAND…|URL`.

import {
  Client,
  LOG_LEVEL_META_KEY,
  ProtocolError,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

import { answers, bridge, capabilities, introduction } from './bridge.mjs';

const [mode, revision, ...place] = process.argv.slice(2);

function link([first, ...rest]) {
  if (!first.includes('://')) return new StdioClientTransport({ command: first, args: rest });
  const url = new URL(first);
  return url.pathname === '/sse'
    ? new SSEClientTransport(url)
    : new StreamableHTTPClientTransport(url);
}

const client = new Client(introduction, {
  capabilities,
  ...(mode === 'auto' && { versionNegotiation: { mode } }),
  ...(mode === 'pinned' && { supportedProtocolVersions: [revision] }),
});
for (const [method, answer] of Object.entries(answers)) {
  client.setRequestHandler(method, ({ params }) => answer(params));
}

let subscription;

await bridge({
  client,
  isRefusal: (error) => error instanceof ProtocolError,
  actions: {
    connect: async () => {
      await client.connect(link(place));
      return {
        protocolVersion: client.getNegotiatedProtocolVersion(),
        serverInfo: client.getServerVersion(),
        capabilities: client.getServerCapabilities(),
        instructions: client.getInstructions(),
      };
    },
    call: ({ name, arguments: given, level }, options) =>
      client.callTool(
        { name, arguments: given, ...(level && { _meta: { [LOG_LEVEL_META_KEY]: level } }) },
        options,
      ),
    listen: async ({ uris }) => {
      subscription = await client.listen({ toolsListChanged: true, resourceSubscriptions: uris });
    },
    unlisten: () => subscription.close(),
  },
});
