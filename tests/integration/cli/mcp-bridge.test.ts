import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadTlsIdentity } from '../../../src-main/access/tls-identity.ts';
import { createAgentFetch } from '../../../src-main/cli/agent-fetch.ts';
import { findCliCall, runCli } from '../../../src-main/cli/cli.ts';
import { usualDataFolders } from '../../../src-main/cli/find-agent.ts';
import { writeRunningFile } from '../../../src-main/settings/running-file.ts';
import { settingsSchema } from '../../../src-shared/settings.ts';
import { until } from '../commands/support/escapees.ts';
import { call, startTestAgent } from '../support/test-agent.ts';

interface Message {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

interface Started {
  readonly session: { readonly session_id: string };
}

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs the client with these arguments; `send` writes a message to its stdin. */
function runClient(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const said = { stdout: '', stderr: '' };
  stdout.on('data', (chunk) => {
    said.stdout += chunk;
  });
  stderr.on('data', (chunk) => {
    said.stderr += chunk;
  });
  const code = runCli(args, {
    version: '0.0.0-test',
    env,
    platform: process.platform,
    stdin,
    stdout,
    stderr,
  });
  return {
    code,
    said,
    messages: (): Message[] =>
      said.stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    send: (message: object) => stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`),
    write: (text: string) => stdin.write(text),
    end: () => stdin.end(),
  };
}

const INITIALIZE = {
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};

async function openBridge(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const client = runClient(args, env);
  client.send(INITIALIZE);
  await until(() => client.messages().length > 0);
  client.send({ method: 'notifications/initialized' });
  return client;
}

describe('porthole mcp', () => {
  it('hands messages on, both ways, and ends its sessions with stdin', async () => {
    const agent = await startTestAgent();
    const folder = newFolder();
    await writeRunningFile(path.join(folder, 'running.json'), { url: agent.url, pid: process.pid });
    const client = await openBridge(['mcp', '--data-dir', folder]);
    expect(client.messages()[0]?.result).toMatchObject({ serverInfo: { name: 'porthole' } });
    client.send({
      id: 2,
      method: 'tools/call',
      params: { name: 'start_session', arguments: { safety_mode: 'supervised' } },
    });
    await until(() => client.messages().length > 1);
    const started = client.messages()[1]?.result?.structuredContent as Started | undefined;
    const sessionId = started?.session.session_id;
    expect(await call(agent, 'GET', `/api/remote/status/${sessionId}`)).toMatchObject({
      body: { status: 'active' },
    });
    client.end();
    expect(await client.code).toBe(0);
    expect(client.said.stderr).toBe('');
    expect(await call(agent, 'GET', `/api/remote/status/${sessionId}`)).toMatchObject({
      body: { status: 'stopped', stop_reason: 'The AI agent disconnected' },
    });
  });

  it('says what goes wrong without disturbing the protocol', async () => {
    const agent = await startTestAgent();
    const client = await openBridge(['mcp', '--url', agent.url]);
    client.send({ nonsense: true });
    await until(() => client.said.stderr !== '');
    expect(client.said.stderr).toMatch(/^porthole: What came in is no message of the protocol/);
    await agent.close('Agent stopped');
    client.send({ id: 3, method: 'tools/list' });
    await until(() => client.messages().some(({ id }) => id === 3));
    expect(client.messages().find(({ id }) => id === 3)?.error?.message).toMatch(
      /^Porthole could not be asked/,
    );
    client.end();
    expect(await client.code).toBe(0);
  });

  it('shows a token from its environment', async () => {
    const agent = await startTestAgent();
    const { body } = await call(agent, 'POST', '/api/tokens', { name: 'bot', role: 'operator' });
    const client = await openBridge(['mcp'], { PORTHOLE_URL: agent.url, PORTHOLE_TOKEN: String(body.token) });
    client.send({
      id: 2,
      method: 'tools/call',
      params: { name: 'start_session', arguments: { wait_seconds: 0 } },
    });
    await until(() => client.messages().length > 1);
    const { body: waiting } = await call(agent, 'GET', '/api/approvals');
    expect(waiting).toMatchObject({ approvals: [{ origin: expect.stringContaining('by the token “bot”') }] });
    client.end();
    expect(await client.code).toBe(0);
  });

  it('answers what was asked before stdin ended, however fast it did', async () => {
    const agent = await startTestAgent();
    const client = runClient(['mcp', '--url', agent.url]);
    client.send(INITIALIZE);
    client.send({ method: 'notifications/initialized' });
    client.send({ id: 2, method: 'tools/list' });
    client.send({ id: 3, method: 'no/such' });
    client.end();
    expect(await client.code).toBe(0);
    expect(
      client
        .messages()
        .map(({ id }) => id)
        .sort(),
    ).toEqual([1, 2, 3]);
    expect(client.said.stderr).toBe('');
  });

  it.each([
    ['nothing', ''],
    ['half a message', '{"jsonrpc":"2.0"'],
  ])('says what it is for when stdin ends after %s', async (_, text) => {
    const agent = await startTestAgent();
    const client = runClient(['mcp', '--url', agent.url]);
    client.write(text);
    client.end();
    expect(await client.code).toBe(0);
    expect(client.said.stdout).toBe('');
    expect(client.said.stderr).toMatch(
      /^porthole: stdin ended before a message came in, each of which is one line\. An MCP client starts/,
    );
  });

  it('ends with a sentence when a message does not end', async () => {
    const agent = await startTestAgent();
    const client = await openBridge(['mcp', '--url', agent.url]);
    const answered = client.messages().length;
    client.write('{"jsonrpc":"2.0","id":2,"method":"');
    for (let mebibytes = 0; mebibytes < 9; mebibytes += 1) client.write('a'.repeat(1024 * 1024));
    expect(await client.code).toBe(1);
    expect(client.said.stderr).toBe(
      'porthole: What came in is more than 8388608 bytes without a line break, and no message that an agent takes.\n',
    );
    expect(client.messages()).toHaveLength(answered);
  });

  it('hands on to the agent, which refuses it, what is longer than that takes', async () => {
    const agent = await startTestAgent();
    const client = await openBridge(['mcp', '--url', agent.url]);
    client.send({ id: 2, method: 'tools/call', params: { name: 'a'.repeat(5 * 1024 * 1024) } });
    await until(() => client.messages().some(({ id }) => id === 2));
    expect(client.messages().find(({ id }) => id === 2)?.error?.message).toMatch(/too large/i);
    client.end();
    expect(await client.code).toBe(0);
  });

  it('answers pings of the agent itself, so that a simple client is there for it', async () => {
    const agent = await startTestAgent({ settings: { heartbeatIntervalSeconds: 1 } });
    const client = await openBridge(['mcp', '--url', agent.url]);
    const params = { name: 'start_session', arguments: { safety_mode: 'supervised' } };
    client.send({ id: 2, method: 'tools/call', params });
    await until(() => client.messages().length > 1);
    const started = client.messages()[1]?.result?.structuredContent as Started | undefined;
    const lastActivity = async () =>
      (await call(agent, 'GET', `/api/remote/status/${started?.session.session_id}`)).body.last_activity;
    for (let beat = 0; beat < 4; beat += 1) {
      const before = await lastActivity();
      await until(async () => (await lastActivity()) !== before);
    }
    // None of the pings went through to the client.
    expect(client.messages()).toHaveLength(2);
    client.end();
    expect(await client.code).toBe(0);
  });

  it('introduces its client again to an agent that has started anew', async () => {
    const first = await startTestAgent();
    const client = await openBridge(['mcp', '--url', first.url]);
    client.send({ id: 2, method: 'tools/list' });
    await until(() => client.messages().length > 1);
    await first.close('Agent stopped');
    client.send({ id: 3, method: 'tools/list' });
    await until(() => client.messages().some(({ id }) => id === 3));
    const port = Number(new URL(first.url).port);
    const second = await startTestAgent({ flags: { port } });
    expect(second.url).toBe(first.url);
    // Several at once find out that they are not known; it introduces itself once.
    const again = Array.from({ length: 20 }, (_, index) => index + 4);
    for (const id of again) client.send({ id, method: 'tools/list' });
    await until(() => client.messages().length === 3 + again.length);
    for (const id of again) {
      const answer = client.messages().find((message) => message.id === id);
      expect(answer, JSON.stringify(answer)).toHaveProperty('result.tools');
    }
    client.end();
    expect(await client.code).toBe(0);
  });

  it('trusts the certificate that the agent made for itself, and no other', async () => {
    const folder = newFolder();
    const tls = await loadTlsIdentity(settingsSchema.parse({ tls: true }), folder, Date.now());
    const agent = await startTestAgent({ tls });
    await writeRunningFile(path.join(folder, 'running.json'), {
      url: agent.url,
      pid: process.pid,
      certificate: tls?.cert ?? '',
    });
    const client = await openBridge(['mcp', '--data-dir', folder]);
    expect(client.messages()[0]?.result).toMatchObject({ serverInfo: { name: 'porthole' } });
    client.end();
    expect(await client.code).toBe(0);
    const other = await loadTlsIdentity(settingsSchema.parse({ tls: true }), newFolder(), Date.now());
    await expect(createAgentFetch(other?.cert)(`${agent.url}/healthz`)).rejects.toThrow(
      /certificate|self.signed/,
    );
    expect((await createAgentFetch(tls?.cert)(`${agent.url}/healthz`)).status).toBe(200);
  });

  it.each([
    [['mcp', '--data-dir', '/no/such/folder'], 1, /^porthole: No agent runs on \/no\/such\/folder/],
    [['mcp', '--url', 'nonsense'], 1, /^porthole: nonsense is not an address/],
    [['mcp', '--frobnicate'], 2, /unknown option/],
    [['frobnicate'], 2, /unknown command/],
  ])('%j exits with %i and says why', async (args, code, sentence) => {
    const client = runClient(args);
    expect(await client.code).toBe(code);
    expect(client.said.stderr).toMatch(sentence);
    expect(client.said.stdout).toBe('');
  });
});

describe('command line client', () => {
  it('is told from a start of the agent by its first argument', () => {
    const call = ['mcp', '--url', 'x'];
    expect(findCliCall(call)).toEqual(call);
    expect(findCliCall(['--no-sandbox', '--ozone-platform=headless', ...call])).toEqual(call);
    for (const args of [[], ['--port', '0'], ['--hidden', 'mcp'], ['mcpx']])
      expect(findCliCall(args)).toBeNull();
  });

  it('looks where Electron keeps an app', () => {
    expect(usualDataFolders({ HOME: '/home/g' }, 'linux')[0]).toBe('/home/g/.config/porthole');
    expect(usualDataFolders({ XDG_CONFIG_HOME: '/x' }, 'linux')[0]).toBe('/x/porthole');
    expect(usualDataFolders({ HOME: '/Users/g' }, 'darwin')[0]).toBe(
      '/Users/g/Library/Application Support/porthole',
    );
    expect(usualDataFolders({ APPDATA: '/a' }, 'win32')[0]).toBe('/a/porthole');
  });
});
