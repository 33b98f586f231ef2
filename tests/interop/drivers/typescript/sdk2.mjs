// The TypeScript SDK 2.x: `sdk2.mjs auto|legacy|pinned REVISION COMMAND…|URL`.

import {
  Client,
  LOG_LEVEL_META_KEY,
  ProtocolError,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

import { answers, bridge, capabilities, introduction, link } from './bridge.mjs';

const [mode, revision, ...place] = process.argv.slice(2);

const transports = {
  Stdio: StdioClientTransport,
  SSE: SSEClientTransport,
  StreamableHTTP: StreamableHTTPClientTransport,
};

const pinned =
  revision < '2026-07-28'
    ? { supportedProtocolVersions: [revision] }
    : { versionNegotiation: { mode: { pin: revision } } };
const offers = { legacy: {}, auto: { versionNegotiation: { mode: 'auto' } }, pinned };

const client = new Client(introduction, { capabilities, ...offers[mode] });
for (const [method, answer] of Object.entries(answers)) {
  client.setRequestHandler(method, ({ params }) => answer(params));
}

let subscription;

await bridge({
  client,
  isRefusal: (error) => error instanceof ProtocolError,
  actions: {
    connect: async () => {
      await client.connect(link(transports, place));
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
