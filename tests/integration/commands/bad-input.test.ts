import { describe, expect, it } from 'vitest';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';
import { execute, executeToEnd, startSession } from './support/command-client.ts';

async function startAgent(): Promise<{ agent: TestAgent; sessionId: string }> {
  const agent = await startTestAgent();
  agent.screen.available = false;
  return { agent, sessionId: await startSession(agent, 'autonomous') };
}

/** An agent that still works, in another session too. */
async function assertWell(agent: TestAgent): Promise<void> {
  const sessionId = await startSession(agent, 'autonomous');
  expect(await executeToEnd(agent, sessionId, { operation: 'run', argv: ['echo', 'well'] })).toMatchObject({
    status: 'completed',
    stdout: 'well\n',
  });
  expect(agent.log.errors).toEqual([]);
}

describe('request that cannot be meant', () => {
  it.each([
    [{}, 'operation'],
    [{ operation: 'format_disk' }, 'operation'],
    [{ operation: 'run' }, 'argv'],
    [{ operation: 'run', argv: [] }, 'argv'],
    [{ operation: 'run', argv: 'ls -l' }, 'argv'],
    [{ operation: 'run', argv: [''] }, 'argv'],
    [{ operation: 'run', argv: ['a\0b'] }, 'argv'],
    [{ operation: 'run', argv: ['a', 7] }, 'argv'],
    [{ operation: 'run', argv: ['\ud800'] }, 'argv'],
    [{ operation: 'run', argv: Array.from({ length: 5000 }, () => 'a') }, 'argv'],
    [{ operation: 'run', argv: ['a'], cwd: 'relative' }, 'cwd'],
    [{ operation: 'run', argv: ['a'], cwd: '/a\0' }, 'cwd'],
    [{ operation: 'run', argv: ['a'], env: { 'A=B': 'x' } }, 'env'],
    [{ operation: 'run', argv: ['a'], env: { A: 'x\0' } }, 'env'],
    [{ operation: 'run', argv: ['a'], env: { PORTHOLE_COMMAND_ID: 'x' } }, 'env'],
    [{ operation: 'run', argv: ['a'], timeout_seconds: 0 }, 'timeout_seconds'],
    [{ operation: 'run', argv: ['a'], timeout_seconds: 1e9 }, 'timeout_seconds'],
    [{ operation: 'run', argv: ['a'], surprise: 1 }, 'surprise'],
    [{ operation: 'shell', script: '' }, 'script'],
    [{ operation: 'shell', script: 'a\0' }, 'script'],
    [{ operation: 'shell', script: 'x'.repeat(200_000) }, 'script'],
    [{ operation: 'read_file' }, 'path'],
    [{ operation: 'read_file', path: 'a.txt' }, 'path'],
    [{ operation: 'read_file', path: '/a', length: 0 }, 'length'],
    [{ operation: 'read_file', path: '/a', length: 1e9 }, 'length'],
    [{ operation: 'read_file', path: '/a', offset: -1 }, 'offset'],
    [{ operation: 'write_file', path: '/a', content: 'x', encoding: 'utf7' }, 'encoding'],
    [{ operation: 'write_file', path: '/a', content: '***', encoding: 'base64' }, 'content'],
    [{ operation: 'write_file', path: '/a', content: 'x'.repeat(1024 * 1024 + 1) }, 'content'],
    [{ operation: 'screenshot', width: 1 }, 'width'],
    [{ operation: 'system_info', reason: 'x'.repeat(201) }, 'reason'],
  ])('%j is refused, naming %s', async (operation, field) => {
    const { agent, sessionId } = await startAgent();
    const refused = await call(agent, 'POST', `/api/remote/execute/${sessionId}`, operation);
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(String(refused.body.message)).toContain(field);
    expect(await call(agent, 'GET', '/api/remote/commands')).toMatchObject({ body: { total: 0 } });
  });

  it('10 MB of arguments are refused', async () => {
    const { agent, sessionId } = await startAgent();
    const argv = ['echo', ...Array.from({ length: 1000 }, () => 'x'.repeat(10_000))];
    const refused = await call(agent, 'POST', `/api/remote/execute/${sessionId}`, { operation: 'run', argv });
    expect(refused).toMatchObject({ status: 413, body: { error: 'payload_too_large' } });
    await assertWell(agent);
  });

  it('an operation for a session that waits, has ended or never was is refused', async () => {
    const { agent, sessionId } = await startAgent();
    const pending = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
    await call(agent, 'POST', `/api/remote/stop/${sessionId}`);
    const share = await startTestAgent();
    const screen = await call(share, 'POST', '/api/screen_share/start', {});
    for (const [target, id, status, error] of [
      [agent, pending.body.session_id, 409, 'session_not_active'],
      [agent, sessionId, 409, 'session_ended'],
      [agent, 'remote_00000000', 404, 'session_not_found'],
      [share, screen.body.session_id, 404, 'session_not_found'],
    ] as const) {
      const refused = await call(target, 'POST', `/api/remote/execute/${id}`, { operation: 'system_info' });
      expect(refused).toMatchObject({ status, body: { error } });
    }
    await assertWell(agent);
  });
});

describe('command that goes wrong', () => {
  it.each([
    [{ argv: ['true'], cwd: '/no/such/folder' }, 'cwd_not_found'],
    [{ argv: ['true'], cwd: '/etc/passwd' }, 'cwd_not_found'],
    [{ argv: ['/no/such/program'] }, 'program_not_found'],
    [{ argv: ['/etc'] }, 'program_not_found'],
    [{ argv: ['/etc/passwd'] }, 'program_not_found'],
    // Each argument fits, all of them together do not.
    [
      {
        argv: ['echo', ...Array.from({ length: 30 }, () => 'x'.repeat(60_000))],
        env: { A: 'x'.repeat(120_000) },
      },
      null,
    ],
  ])('%# is on record as failed', async (more, code) => {
    const { agent, sessionId } = await startAgent();
    const command = await executeToEnd(agent, sessionId, { operation: 'run', ...more });
    if (code === null) expect(['completed', 'failed']).toContain(command.status);
    else expect(command).toMatchObject({ status: 'failed', exit_code: null, error: { code } });
    await assertWell(agent);
  });

  it('is killed if it does not listen', async () => {
    const { agent, sessionId } = await startAgent();
    const script = "trap '' TERM INT HUP; echo deaf; while :; do sleep 0.05; done";
    const command = await executeToEnd(agent, sessionId, {
      operation: 'shell',
      script,
      timeout_seconds: 2,
    });
    expect(command).toMatchObject({ status: 'timed_out', signal: 'SIGKILL', stdout: 'deaf\n' });
    await assertWell(agent);
  });

  it('is failed if somebody else kills it', async () => {
    const { agent, sessionId } = await startAgent();
    const command = await executeToEnd(agent, sessionId, { operation: 'shell', script: 'kill -SEGV $$' });
    expect(command).toMatchObject({ status: 'failed', signal: 'SIGSEGV', error: { code: 'killed' } });
  });

  it('keeps head and tail of a million lines, while others work', async () => {
    const { agent, sessionId } = await startAgent();
    const flood = execute(agent, sessionId, { operation: 'run', argv: ['seq', '1000000'] });
    const beside = await executeToEnd(agent, await startSession(agent, 'autonomous'), {
      operation: 'system_info',
    });
    expect(beside.status).toBe('completed');
    const { command_id: commandId } = await flood;
    let command = (await call(agent, 'GET', `/api/remote/commands/${commandId}`)).body;
    while (command.status === 'running')
      command = (await call(agent, 'GET', `/api/remote/commands/${commandId}`)).body;
    expect(command).toMatchObject({
      status: 'completed',
      exit_code: 0,
      truncated: true,
      stdout_bytes: 6_888_896,
    });
    const stdout = String(command.stdout);
    expect(stdout.startsWith('1\n2\n3\n')).toBe(true);
    expect(stdout.endsWith('999999\n1000000\n')).toBe(true);
    expect(stdout).toMatch(/\n\[… \d+ bytes left out …\]\n/);
    expect(Buffer.byteLength(stdout)).toBeLessThan(1024 * 1024);
    await assertWell(agent);
  });

  it('shows binary output as text, and says that it is not exact', async () => {
    const { agent, sessionId } = await startAgent();
    const command = await executeToEnd(agent, sessionId, {
      operation: 'run',
      argv: ['printf', 'a\\377\\000b'],
    });
    expect(command).toMatchObject({ stdout: 'a\ufffd\0b', stdout_encoding: 'utf8_lossy', stdout_bytes: 4 });
  });
});
