// A client of the TypeScript SDK as a child process: commands come as JSON lines on standard input,
// answers, progress and what the server sends by itself leave as JSON lines on standard output.
//
// in:  {id, do, with}, {cancel: id}
// out: {id, result} | {id, error: {code, message}} | {id, broken}, {id, progress},
//      {notification, params}

import { createInterface } from 'node:readline';

const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

// What both generations of the SDK spell alike; `options` carries progress and the abort signal.
const common = (client) => ({
  ping: () => client.ping(),
  list_tools: ({ cursor }) => client.listTools({ cursor: cursor ?? undefined }),
  list_resources: () => client.listResources(),
  list_templates: () => client.listResourceTemplates(),
  read: ({ uri }) => client.readResource({ uri }),
  subscribe: ({ uri }) => client.subscribeResource({ uri }),
  unsubscribe: ({ uri }) => client.unsubscribeResource({ uri }),
  list_prompts: () => client.listPrompts(),
  get_prompt: ({ name, arguments: given }) => client.getPrompt({ name, arguments: given }),
  complete: ({ ref, name, value }) => client.complete({ ref, argument: { name, value } }),
  set_level: ({ level }) => client.setLoggingLevel(level),
});

// What the server may ask, as `{method: params => result}`.
export const answers = {
  'sampling/createMessage': ({ messages, systemPrompt, maxTokens }) => {
    const content = [messages[0].content].flat()[0];
    const text = `you said ${content.text} and ${systemPrompt} up to ${maxTokens}`;
    return { role: 'assistant', content: { type: 'text', text }, model: 'model-of-client' };
  },
  'elicitation/create': ({ message }) =>
    message === 'decline'
      ? { action: 'decline' }
      : { action: 'accept', content: { name: `Ada, asked ${message}` } },
  'roots/list': () => ({ roots: [{ uri: 'file:///workspace', name: 'workspace' }] }),
};

export const capabilities = { sampling: {}, elicitation: {}, roots: { listChanged: true } };

export const introduction = { name: 'interop', version: '1' };

// The SDK's own transport to a place: a command to run, or a URL.
export function link({ Stdio, SSE, StreamableHTTP }, [first, ...rest]) {
  if (!first.includes('://')) return new Stdio({ command: first, args: rest });
  const url = new URL(first);
  return url.pathname === '/sse' ? new SSE(url) : new StreamableHTTP(url);
}

// Serve commands until standard input ends. `actions` are the SDK's own beside the common ones;
// `isRefusal` tells the SDK's protocol errors from everything else that may go wrong.
export async function bridge({ client, actions, isRefusal }) {
  const known = { ...common(client), ...actions };
  const underWay = new Map();
  client.fallbackNotificationHandler = async ({ method, params }) =>
    tell({ notification: method, params });

  async function run({ id, do: name, with: given }) {
    const stop = new AbortController();
    underWay.set(id, stop);
    const options = {
      signal: stop.signal,
      ...(given.watched && { onprogress: (progress) => tell({ id, progress }) }),
    };
    try {
      tell({ id, result: (await known[name](given, options)) ?? null });
    } catch (error) {
      const { code, message, stack } = error;
      tell(isRefusal(error) ? { id, error: { code, message } } : { id, broken: stack ?? `${error}` });
    }
    underWay.delete(id);
  }

  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    if ('cancel' in command) underWay.get(command.cancel)?.abort('enough');
    else run(command);
  }
  await client.close();
}
