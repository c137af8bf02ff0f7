// An AI agent's side of the Model Context Protocol: starts a session that may only read, looks at the screen, and ends
// it. Needs @modelcontextprotocol/sdk. PORTHOLE_TOKEN is an operator's token; without one it works for the person who
// runs both.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';

const url = new URL('/mcp', process.env.PORTHOLE_URL ?? 'http://localhost:8000');
const token = process.env.PORTHOLE_TOKEN;
const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {};

const client = new Client({ name: 'example', version: '1.0.0' });
await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));

async function use(name: string, input: Record<string, unknown>) {
  const result = CallToolResultSchema.parse(await client.callTool({ name, arguments: input }));
  const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
  if (result.isError) throw new Error(`${name}: ${text}`);
  return { text, pictures: result.content.filter((part) => part.type === 'image') };
}

// Asks the person at the machine where that is needed, and waits for the answer.
const started = await use('start_session', {
  safety_mode: 'read_only',
  user_id: 'Example agent',
  reason: 'To look at the screen once',
  wait_seconds: 60,
});
const [sessionId] = /remote_[0-9a-f]{8}/.exec(started.text) ?? [];
console.log(`session ${sessionId}`);

const seen = await use('screenshot', { session_id: sessionId, width: 1280 });
for (const { data, mimeType } of seen.pictures)
  console.log(`${mimeType}, ${data.length} characters of base64`);

await use('stop_session', { session_id: sessionId });
await client.close();
