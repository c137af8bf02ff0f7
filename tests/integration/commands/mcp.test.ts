import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Approval, approvalSchema } from '../../../src-shared/approvals.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';
import { until } from './support/escapees.ts';

interface McpCaller {
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
  tool(name: string, input?: object): Promise<CallToolResult>;
}

async function startAgent(options: Parameters<typeof startTestAgent>[0] = {}): Promise<TestAgent> {
  const agent = await startTestAgent(options);
  agent.screen.available = false;
  return agent;
}

async function connect(agent: TestAgent, token?: string): Promise<McpCaller> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const transport = new StreamableHTTPClientTransport(new URL(`${agent.url}/mcp`), {
    requestInit: { headers },
  });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  onTestFinished(() => client.close());
  const tool = async (name: string, input: object = {}) =>
    (await client.callTool({ name, arguments: { ...input } })) as CallToolResult;
  return { client, transport, tool };
}

function textOf({ content }: CallToolResult): string {
  return content.map((part) => (part.type === 'text' ? part.text : `<${part.type}>`)).join('\n');
}

/** The one request that waits, once there is one. */
async function nextApproval(agent: TestAgent): Promise<Approval> {
  let found: Approval | undefined;
  await until(async () => {
    const { body } = await call(agent, 'GET', '/api/approvals');
    [found] = approvalSchema.array().parse(body.approvals);
    return found !== undefined;
  });
  if (!found) throw new Error('nothing waits');
  return found;
}

async function startSession(caller: McpCaller, mode: string): Promise<string> {
  const started = await caller.tool('start_session', { safety_mode: mode, wait_seconds: 0 });
  const { session } = started.structuredContent as { session: { session_id: string } };
  return session.session_id;
}

/** The words of JSON Schema that OpenAI's strict mode, Gemini, Bedrock and all that copy them take. */
const KEYWORDS = ['type', 'description', 'enum', 'items', 'properties', 'required'];
/** Names of inputs that some client takes for a keyword where it stands. */
const KEYWORD_NAMES = [
  'type',
  'title',
  'properties',
  'items',
  'required',
  'enum',
  'const',
  'default',
  'format',
];

function assertPlain(schema: object, name: string): void {
  const { type, properties, required, items, ...rest } = schema as Record<string, unknown>;
  for (const word of Object.keys(schema)) expect(KEYWORDS, `${name}: ${word}`).toContain(word);
  expect(typeof type, name).toBe('string');
  expect(rest.enum === undefined || type === 'string', name).toBe(true);
  // Gemini refuses an object without properties, an array without items, and either of them elsewhere.
  expect(type === 'object', name).toBe(properties !== undefined);
  expect(type === 'array', name).toBe(items !== undefined);
  if (items !== undefined) assertPlain(items as object, `${name}[]`);
  const inputs = Object.entries((properties ?? {}) as Record<string, object>);
  if (properties !== undefined) expect(inputs.length, name).toBeGreaterThan(0);
  for (const each of (required ?? []) as string[]) expect(Object.keys(properties ?? {})).toContain(each);
  for (const [input, each] of inputs) {
    expect(KEYWORD_NAMES).not.toContain(input);
    expect(input).toMatch(/^[a-z][a-z_]{0,63}$/);
    expect((each as { description?: string }).description, `${name}.${input}`).toMatch(/\w/);
    assertPlain(each, `${name}.${input}`);
  }
}

describe('MCP client', () => {
  it('starts supervised, runs uname when allowed, writes a file when denied', async () => {
    const agent = await startAgent();
    const caller = await connect(agent);
    const folder = mkdtempSync(path.join(tmpdir(), 'porthole-mcp-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const sessionId = await startSession(caller, 'supervised');

    const uname = caller.tool('run_command', {
      session_id: sessionId,
      argv: ['uname', '-a'],
      reason: 'to know you',
    });
    const first = await nextApproval(agent);
    expect(first).toMatchObject({ kind: 'command', reason: 'to know you', details: { text: 'uname -a' } });
    expect(first.origin).toBe('this machine, through MCP');
    await call(agent, 'POST', `/api/approvals/${first.approval_id}/allow`);
    const ran = await uname;
    expect(ran.isError).toBeUndefined();
    expect(textOf(ran)).toMatch(/^exit code 0\nstdout:\nLinux /);

    const file = path.join(folder, 'notes.txt');
    const write = caller.tool('write_file', { session_id: sessionId, path: file, content: 'hello\n' });
    const second = await nextApproval(agent);
    expect(second.details?.diff).toEqual([{ change: 'added', text: 'hello' }]);
    await call(agent, 'POST', `/api/approvals/${second.approval_id}/deny`, { reason: 'not that file' });
    const denied = await write;
    expect(denied).toMatchObject({ isError: true, structuredContent: { error: 'denied' } });
    expect(textOf(denied)).toBe('denied: The person at the machine denied this: not that file');
    expect(() => readFileSync(file)).toThrow();

    const stopped = await caller.tool('stop_session', { session_id: sessionId });
    expect(textOf(stopped)).toContain('has ended (stopped)');
  });

  it('offers tools that say what they change', async () => {
    const { client } = await connect(await startAgent());
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual([
      'cancel_command',
      'end_process',
      'get_command',
      'get_session',
      'list_directory',
      'list_processes',
      'read_file',
      'run_command',
      'screenshot',
      'shell',
      'start_session',
      'stat',
      'stop_session',
      'system_info',
      'wait_for_approval',
      'write_file',
    ]);
    for (const tool of tools) {
      expect(tool.description).toMatch(/\.$/);
      // OpenAI takes 1024 characters; the shortest limit of names, server's included, is Cursor's with 60.
      expect(tool.description?.length, tool.name).toBeLessThanOrEqual(1024);
      expect(tool.name).toMatch(/^[a-z][a-z_]{1,39}$/);
      expect(tool.inputSchema.type).toBe('object');
      assertPlain(tool.inputSchema, tool.name);
      expect(Object.keys(tool).sort()).toEqual(
        ['annotations', 'description', 'inputSchema', 'name', 'title'].filter((key) => key in tool),
      );
    }
    // What Claude Code keeps of them.
    expect(client.getInstructions()?.length).toBeLessThan(2048);
    expect(client.getInstructions()).toContain('start_session');
  });

  it('waits for the approval of an autonomous session, and works in it', async () => {
    const agent = await startAgent();
    const caller = await connect(agent);
    const sessionId = await startSession(caller, 'autonomous');
    const waiting = caller.tool('wait_for_approval', { session_id: sessionId });
    await call(agent, 'POST', `/api/remote/approve/${sessionId}`);
    expect(textOf(await waiting)).toContain('is active in autonomous mode');
    const shell = await caller.tool('shell', {
      session_id: sessionId,
      script: 'echo "$((6 * 7))"; echo bad >&2; exit 3',
    });
    expect(shell.isError).toBeUndefined();
    expect(textOf(shell)).toBe('exit code 3\nstdout:\n42\n\nstderr:\nbad\n');
    expect(textOf(await caller.tool('list_directory', { session_id: sessionId, path: '/' }))).toContain(
      '"name": "etc"',
    );
    expect(textOf(await caller.tool('system_info', { session_id: sessionId }))).toContain('"platform"');
    const slow = await caller.tool('run_command', {
      session_id: sessionId,
      argv: ['sleep', '100'],
      wait_seconds: 0.1,
    });
    const { command } = slow.structuredContent as { command: { command_id: string; status: string } };
    expect(command.status).toBe('running');
    const cancelled = await caller.tool('cancel_command', { command_id: command.command_id });
    expect(textOf(cancelled)).toContain('is cancelled');
    expect(await caller.tool('get_command', { command_id: command.command_id })).toMatchObject({
      isError: true,
      structuredContent: { error: 'cancelled' },
    });
  });

  it('is told of denial and expiry as errors', async () => {
    const agent = await startAgent({ settings: { approvalTimeoutSeconds: 1 } });
    const caller = await connect(agent);
    const denied = caller.tool('start_session', { safety_mode: 'autonomous' });
    const { approval_id: approvalId } = await nextApproval(agent);
    await call(agent, 'POST', `/api/approvals/${approvalId}/deny`, { reason: 'not today' });
    expect(await denied).toMatchObject({ isError: true, structuredContent: { error: 'denied' } });
    expect(textOf(await denied)).toContain('not today');
    const expired = await caller.tool('start_session', { safety_mode: 'autonomous' });
    expect(expired).toMatchObject({ isError: true, structuredContent: { error: 'expired' } });
    const sessionId = await startSession(caller, 'supervised');
    const command = await caller.tool('run_command', { session_id: sessionId, argv: ['true'] });
    expect(command).toMatchObject({ isError: true, structuredContent: { error: 'expired' } });
    expect(textOf(command)).toMatch(/^expired: Nobody allowed this in time/);
  });

  it("gets the agent's refusals as errors with their codes", async () => {
    const agent = await startAgent({ settings: { denyRules: ['sudo'] } });
    const caller = await connect(agent);
    const readOnly = await startSession(caller, 'read_only');
    const supervised = await startSession(caller, 'supervised');
    for (const [name, input, code] of [
      ['run_command', { session_id: readOnly, argv: ['true'] }, 'read_only_session'],
      ['run_command', { session_id: supervised, argv: ['sudo'] }, 'denied_by_rule'],
      ['run_command', { session_id: supervised, argv: [] }, 'invalid_request'],
      ['read_file', { session_id: supervised, path: 'relative' }, 'invalid_request'],
      ['read_file', { session_id: 'remote_00000000', path: '/' }, 'session_not_found'],
      ['get_session', { session_id: 'remote_00000000' }, 'session_not_found'],
      ['get_command', { command_id: 'command_0' }, 'command_not_found'],
      ['wait_for_approval', {}, 'invalid_request'],
    ] as const) {
      const refused = await caller.tool(name, input);
      expect(refused, name).toMatchObject({ isError: true, structuredContent: { error: code } });
    }
    const outside = await caller.tool('read_file', { session_id: readOnly, path: '/etc/passwd' });
    expect(outside).toMatchObject({
      isError: true,
      structuredContent: { command: { error: { code: 'path_not_allowed' } } },
    });
    expect(textOf(await caller.tool('no_such_tool'))).toMatch(/not found/);
    expect(agent.log.errors).toEqual([]);
  });

  it('gets a picture of the screen', async () => {
    const agent = await startTestAgent();
    const caller = await connect(agent);
    const sessionId = await startSession(caller, 'read_only');
    const taking = caller.tool('screenshot', { session_id: sessionId, width: 640 });
    await until(() => agent.screen.captures.some(({ demand }) => demand === 'watched'));
    agent.screen.captures[0]?.observer.onFrame({
      jpeg: Buffer.from('jpeg'),
      widthPx: 640,
      heightPx: 360,
      capturedAtMs: 0,
    });
    const { content, structuredContent } = await taking;
    // Clients that prefer the object show nothing else.
    expect(structuredContent).toBeUndefined();
    expect(content).toEqual([
      { type: 'image', data: Buffer.from('jpeg').toString('base64'), mimeType: 'image/jpeg' },
      {
        type: 'text',
        text: expect.stringMatching(/^The screen as it is now, 640x360 pixels \(command_\w+\)\.$/),
      },
    ]);
  });

  it('is told everything once: long output by both ends, the rest from where it asks', async () => {
    const agent = await startAgent();
    const caller = await connect(agent);
    const sessionId = await startSession(caller, 'autonomous');
    await call(agent, 'POST', `/api/remote/approve/${sessionId}`);
    const long = await caller.tool('run_command', { session_id: sessionId, argv: ['seq', '200000'] });
    expect(Buffer.byteLength(JSON.stringify(long))).toBeLessThan(64 * 1024);
    expect(long.structuredContent).toBeUndefined();
    const text = textOf(long);
    expect(text).toMatch(/^exit code 0\nstdout:\n1\n2\n3\n/);
    expect(text).toMatch(/\n199999\n200000\n$/);
    const mark =
      /\[… (\d+) bytes are not shown here; get_command with command_id (\w+), part stdout and since_offset (\d+) reads on …\]/;
    const [, , commandId = '', from = ''] = mark.exec(text) ?? [];
    const { body } = await call(agent, 'GET', `/api/remote/commands/${commandId}`);
    const kept = String(body.stdout);

    let read = kept.slice(0, Number(from));
    let next = from;
    for (;;) {
      const page = await caller.tool('get_command', { command_id: commandId, since_offset: Number(next) });
      expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(64 * 1024);
      expect(page.structuredContent).toBeUndefined();
      const [facts, piece] = page.content.map((part) => (part.type === 'text' ? part.text : ''));
      const [, after = ''] = /next_offset: (\d+)$/.exec(facts ?? '') ?? [];
      const [, lost] = /\(\d+ to (\d+) were not kept\)/.exec(facts ?? '') ?? [];
      if (lost) read += `\n[… ${Number(lost) - Number(next)} bytes left out …]\n`;
      read += piece ?? '';
      if (facts?.includes('that is all')) break;
      expect(Number(after)).toBeGreaterThan(Number(next));
      next = after;
    }
    expect(read).toBe(kept);
    expect(next).not.toBe(from);

    // What is short is told to programs, too, with the words beside the facts.
    const short = await caller.tool('run_command', { session_id: sessionId, argv: ['true'] });
    expect(short.structuredContent).toMatchObject({
      message: 'exit code 0',
      command: { status: 'completed', exit_code: 0, command_id: expect.stringMatching(/^command_/) },
    });
  });

  it('is told no more of any answer than fits, whatever is in it', async () => {
    const agent = await startAgent();
    const caller = await connect(agent);
    const folder = mkdtempSync(path.join(tmpdir(), 'porthole-mcp-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const sessionId = await startSession(caller, 'autonomous');
    await call(agent, 'POST', `/api/remote/approve/${sessionId}`);
    const use = async (tool: string, input: object): Promise<string> => {
      const answer = await caller.tool(tool, { session_id: sessionId, ...input });
      expect(Buffer.byteLength(JSON.stringify(answer)), tool).toBeLessThan(96 * 1024);
      return textOf(answer);
    };
    // Control characters are six bytes each in JSON.
    const noise = 'head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2';
    expect(await use('shell', { script: noise })).toContain('part stderr and since_offset');
    const binary = 'head -c 300000 /dev/urandom';
    expect(await use('shell', { script: binary })).toContain('part stdout and since_offset');
    for (let each = 0; each < 1500; each += 1) writeFileSync(path.join(folder, `file ${each}`), '');
    const listed = await use('list_directory', { path: folder });
    const [, commandId, from] = /command_id (\w+), part result and since_offset (\d+)/.exec(listed) ?? [];
    const rest = await caller.tool('get_command', {
      command_id: commandId,
      part: 'result',
      since_offset: Number(from),
    });
    expect(rest.content[1]).toMatchObject({ text: expect.stringContaining('"kind": "file"') });

    const file = path.join(folder, 'large');
    const large = Buffer.from('0123456789äöü\u0001'.repeat(15_000));
    writeFileSync(file, large);
    let offset = 0;
    let read = '';
    while (offset < large.length) {
      const text = await use('read_file', { path: file, offset, length: 1_000_000 });
      const [mark, next] = /\n\[… the file has \d+ bytes; read on from (\d+) …\]$/.exec(text) ?? [];
      read += mark ? text.slice(0, -mark.length) : text;
      offset = mark ? Number(next) : large.length;
    }
    expect(read).toBe(large.toString());
    const content = 'x'.repeat(900_000);
    expect(await use('write_file', { path: file, content })).toContain('"bytes": 900000');
  });

  it('gives variables to a program as a list, or as a map', async () => {
    const agent = await startAgent();
    const caller = await connect(agent);
    const sessionId = await startSession(caller, 'autonomous');
    await call(agent, 'POST', `/api/remote/approve/${sessionId}`);
    for (const env of [['A=1', 'B=x=y', 'C='], { A: '1', B: 'x=y', C: '' }]) {
      const shell = { session_id: sessionId, script: 'echo "[$A][$B][$C]"', env };
      expect(textOf(await caller.tool('shell', shell))).toContain('[1][x=y][]');
    }
    expect(await caller.tool('shell', { session_id: sessionId, script: 'true', env: ['=1'] })).toMatchObject({
      isError: true,
      structuredContent: { error: 'invalid_request' },
    });
  });

  it('ends its sessions when it says good-bye, and not those of others', async () => {
    const agent = await startAgent();
    const caller = await connect(agent);
    const other = await connect(agent);
    const sessionId = await startSession(caller, 'supervised');
    const kept = await startSession(other, 'supervised');
    await caller.transport.terminateSession();
    expect(await call(agent, 'GET', `/api/remote/status/${sessionId}`)).toMatchObject({
      body: { status: 'stopped', stop_reason: 'The AI agent disconnected' },
    });
    expect(await call(agent, 'GET', `/api/remote/status/${kept}`)).toMatchObject({
      body: { status: 'active' },
    });
  });

  it('keeps its sessions alive while it is connected', async () => {
    const agent = await startAgent({ settings: { heartbeatIntervalSeconds: 1 } });
    const caller = await connect(agent);
    const sessionId = await startSession(caller, 'supervised');
    const lastActivity = async () =>
      (await call(agent, 'GET', `/api/remote/status/${sessionId}`)).body.last_activity;
    const before = await lastActivity();
    await until(async () => (await lastActivity()) !== before, 5000);
  });

  it('knows with a token of its own sessions only, each of which is approved first', async () => {
    const agent = await startAgent();
    const { body } = await call(agent, 'POST', '/api/tokens', { name: 'bot', role: 'operator' });
    const caller = await connect(agent, String(body.token));
    const starting = caller.tool('start_session', { safety_mode: 'supervised' });
    const approval = await nextApproval(agent);
    expect(approval.origin).toBe('this machine, by the token “bot”, through MCP');
    await call(agent, 'POST', `/api/approvals/${approval.approval_id}/allow`);
    const { session } = (await starting).structuredContent as { session: { session_id: string } };
    expect((await caller.tool('get_session', { session_id: session.session_id })).isError).toBeUndefined();

    const own = await connect(agent);
    const others = await startSession(own, 'read_only');
    const theirs = await own.tool('system_info', { session_id: others });
    const { command } = theirs.structuredContent as { command: { command_id: string } };
    for (const [name, input, code] of [
      ['get_session', { session_id: others }, 'session_not_found'],
      ['stop_session', { session_id: others }, 'session_not_found'],
      ['system_info', { session_id: others }, 'session_not_found'],
      ['wait_for_approval', { session_id: others }, 'session_not_found'],
      ['get_command', { command_id: command.command_id }, 'command_not_found'],
      ['cancel_command', { command_id: command.command_id }, 'command_not_found'],
      ['wait_for_approval', { command_id: command.command_id }, 'command_not_found'],
    ] as const) {
      expect(await caller.tool(name, input)).toMatchObject({
        isError: true,
        structuredContent: { error: code },
      });
    }

    // The name of somebody's MCP session is no key to it.
    const stolen = await fetch(`${agent.url}/mcp`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${body.token}`, 'mcp-session-id': String(own.transport.sessionId) },
    });
    expect(stolen.status).toBe(404);
    await call(agent, 'DELETE', `/api/tokens/${body.token_id}`);
    await expect(caller.tool('get_session', { session_id: session.session_id })).rejects.toThrow();
    expect(await call(agent, 'GET', `/api/remote/status/${session.session_id}`)).toMatchObject({
      body: { status: 'stopped' },
    });
  });

  it('is refused what is no MCP', async () => {
    const agent = await startAgent();
    const post = (body: string, headers: Record<string, string> = {}) =>
      fetch(`${agent.url}/mcp`, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...headers,
        },
      });
    expect((await fetch(`${agent.url}/mcp`)).status).toBe(400);
    expect((await fetch(`${agent.url}/mcp`, { method: 'PUT' })).status).toBe(405);
    expect((await post('{"jsonrpc":"2.0","id":1,"method":"tools/list"}')).status).toBe(400);
    expect((await post('nonsense')).status).toBe(400);
    expect((await post('{}', { 'mcp-session-id': 'unknown' })).status).toBe(404);
    expect((await post('x'.repeat(5_000_000))).status).toBe(413);
    expect((await post('{}', { origin: 'http://evil.example' })).status).toBe(403);
  });
});
