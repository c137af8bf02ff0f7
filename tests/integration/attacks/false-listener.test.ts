import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { runCli } from '../../../src-main/cli/cli.ts';
import { writeRunningFile } from '../../../src-main/settings/running-file.ts';
import { makeToken } from '../access/support/callers.ts';
import { bundleAgent, startAgentProcess } from '../commands/support/agent-process.ts';
import { execute, startSession } from '../commands/support/command-client.ts';
import { until } from '../commands/support/escapees.ts';
import { USERS } from '../guardian/support/guarded-agent.ts';
import { call, startTestAgent } from '../support/test-agent.ts';

vi.setConfig({ testTimeout: 60_000 });

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line client with a token, for the agent of a data folder. */
async function porthole(folder: string, args: readonly string[], token: string): Promise<Said> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end();
  const code = await runCli([...args, '--data-dir', folder], {
    version: '0.0.0-test',
    env: { PORTHOLE_TOKEN: token },
    platform: process.platform,
    stdin,
    stdout,
    stderr,
  });
  const read = (stream: PassThrough): string => String(stream.read() ?? '');
  return { code, out: read(stdout), err: read(stderr) };
}

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-false-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Listens where no agent is, and passes what comes on to one, if there is one. Answers all that it heard. */
async function startListener(
  agentUrl: string | null,
): Promise<{ url: string; heard: IncomingHttpHeaders[] }> {
  const heard: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    heard.push(request.headers);
    if (agentUrl === null) {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    const { host } = new URL(agentUrl);
    const passed = httpRequest(
      new URL(request.url ?? '', agentUrl),
      { method: request.method, headers: { ...request.headers, host }, agent: false },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    );
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
}

describe('somebody who listens where the data folder says that the agent does', () => {
  it.each([['status'], ['rearm'], ['diagnostics', '--out', '/nowhere/archive.zip'], ['token', 'list']])(
    'is not told the token by %s',
    async (...args) => {
      const folder = newFolder();
      const { url, heard } = await startListener(null);
      await writeRunningFile(path.join(folder, 'running.json'), { url, pid: process.pid });
      await porthole(folder, args, 'pht_secret');
      expect(heard.length).toBeGreaterThan(0);
      expect(JSON.stringify(heard)).not.toContain('pht_secret');
    },
  );

  it('is not told it by the bridge of MCP', async () => {
    const folder = newFolder();
    const { url, heard } = await startListener(null);
    await writeRunningFile(path.join(folder, 'running.json'), { url, pid: process.pid });
    const stdin = new PassThrough();
    const ended = runCli(['mcp', '--data-dir', folder], {
      version: '0.0.0-test',
      env: { PORTHOLE_TOKEN: 'pht_secret' },
      platform: process.platform,
      stdin,
      stdout: new PassThrough(),
      stderr: new PassThrough(),
    });
    const params = {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'a', version: '1' },
    };
    stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`);
    await until(() => heard.length > 0);
    stdin.end();
    await ended;
    expect(JSON.stringify(heard)).not.toContain('pht_secret');
  });

  it('cannot use what it is told with the agent', async () => {
    const agent = await startTestAgent();
    const { secret } = await makeToken(agent, 'admin');
    const folder = newFolder();
    const running = path.join(folder, 'running.json');
    await writeRunningFile(running, { url: agent.url, pid: process.pid });
    const status = await porthole(folder, ['status', '--json'], secret);
    expect(status).toMatchObject({ code: 0, err: '' });
    // Not as the program of the person's that it is as well.
    expect(JSON.parse(status.out).agent.you.kind).toBe('admin');
    const { url, heard } = await startListener(agent.url);
    await writeRunningFile(running, { url, pid: process.pid });
    expect(await porthole(folder, ['status'], secret)).toMatchObject({
      code: 1,
      err: expect.stringContaining('proven for another agent'),
    });
    expect(heard.length).toBeGreaterThan(0);
    expect(JSON.stringify(heard)).not.toContain(secret);
  });

  it('is not even called elsewhere than on this machine', async () => {
    const folder = newFolder();
    await writeRunningFile(path.join(folder, 'running.json'), {
      url: 'http://192.0.2.1:8000',
      pid: process.pid,
    });
    expect(await porthole(folder, ['status'], 'pht_secret')).toMatchObject({
      code: 1,
      err: expect.stringContaining('not on this machine'),
    });
  });
});

describe.runIf(process.platform === 'linux').each(USERS)('with an agent of $who', ({ user }) => {
  let bundle = '';
  beforeAll(async () => {
    bundle = await bundleAgent();
  }, 60_000);

  it('a command that is held by a mark alone and puts itself in the agent’s place gets no token', async () => {
    const agent = await startAgentProcess(bundle, user, { settings: { commandsMayElevate: true } });
    const { body } = await call(agent, 'POST', '/api/tokens', { name: 'mine', role: 'admin' });
    const secret = String(body.token);
    const running = path.join(agent.folder, 'running.json');
    await until(() => existsSync(running));
    const loot = path.join(newFolder(), 'loot');
    if (user) chownSync(path.dirname(loot), user.uid, user.gid);
    const program = `
      const fs = require('node:fs');
      const server = require('node:http').createServer((request, response) => {
        fs.appendFileSync(process.argv[2], JSON.stringify(request.headers) + '\\n');
        response.end('{}');
      });
      server.listen(0, '127.0.0.1', () =>
        fs.writeFileSync(process.argv[1], JSON.stringify({ url: 'http://127.0.0.1:' + server.address().port, pid: process.pid })));
    `;
    const sessionId = await startSession(agent, 'autonomous');
    const before = readFileSync(running, 'utf8');
    await execute(agent, sessionId, {
      operation: 'run',
      argv: [process.execPath, '-e', program, running, loot],
      cwd: '/',
    });
    await until(() => readFileSync(running, 'utf8') !== before && readFileSync(running, 'utf8') !== '');
    await porthole(agent.folder, ['status'], secret);
    expect(readFileSync(loot, 'utf8')).not.toContain(secret);
    expect((await call(agent, 'GET', '/healthz')).status).toBe(200);
  });
});
