import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CommandOutput, ServerMessage } from '../../../src-shared/events.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';
import {
  commandEnded,
  commandOnce,
  execute,
  executeToEnd,
  fetchCommand,
  listen,
  startSession,
} from './support/command-client.ts';
import { createEscapees, until } from './support/escapees.ts';

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-commands-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An agent without a screen, so that nothing waits for pictures. */
async function startAgent(options: Parameters<typeof startTestAgent>[0] = {}): Promise<TestAgent> {
  const settings = { commandStopSeconds: 0.2, ...options.settings };
  const agent = await startTestAgent({ ...options, settings });
  agent.screen.available = false;
  return agent;
}

describe('autonomous session', () => {
  it('runs a program and answers with the whole command object', async () => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'autonomous');
    const folder = newFolder();
    const taken = await execute(agent, sessionId, {
      operation: 'run',
      argv: ['sh', '-c', 'echo out; echo err >&2; pwd; echo $GREETING; exit 3'],
      cwd: folder,
      env: { GREETING: 'hello' },
      timeout_seconds: 60,
      reason: 'to see',
    });
    expect(taken).toMatchObject({ session_id: sessionId, reason: 'to see', decided_by: null });
    const ended = await commandEnded(agent, taken.command_id);
    expect(ended).toMatchObject({
      status: 'completed',
      exit_code: 3,
      signal: null,
      stdout: `out\n${folder}\nhello\n`,
      stderr: 'err\n',
      truncated: false,
      stdout_encoding: 'utf8',
      result: null,
      error: null,
      operation: { operation: 'run', cwd: folder },
    });
    expect(ended.duration_seconds).toBeGreaterThan(0);
    expect(ended.started_at).toMatch(/Z$/);
    expect(ended.hash).toMatch(/^[0-9a-f]{64}$/);
    const status = await call(agent, 'GET', `/api/remote/status/${sessionId}`);
    expect(status.body).toMatchObject({ commands_executed: 1 });
    const listed = await call(agent, 'GET', `/api/remote/commands?session_id=${sessionId}`);
    expect(listed.body).toMatchObject({
      total: 1,
      commands: [{ command_id: taken.command_id, stdout: null }],
    });
  });

  it('runs a shell line only where one is asked for', async () => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'autonomous');
    const line = await executeToEnd(agent, sessionId, {
      operation: 'shell',
      script: 'printf "%s\n" a b | wc -l',
    });
    expect(line).toMatchObject({ status: 'completed', stdout: '2\n' });
    const plain = await executeToEnd(agent, sessionId, { operation: 'run', argv: ['echo', 'a | wc -l'] });
    expect(plain).toMatchObject({ status: 'completed', stdout: 'a | wc -l\n' });
  });

  it('does the other operations', async () => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'autonomous');
    const folder = newFolder();
    const file = path.join(folder, 'ä.txt');
    const written = await executeToEnd(agent, sessionId, {
      operation: 'write_file',
      path: file,
      content: 'one\ntwo\n',
    });
    expect(written.result).toEqual({ operation: 'write_file', path: file, bytes: 8, created: true });
    expect(readFileSync(file, 'utf8')).toBe('one\ntwo\n');
    const read = await executeToEnd(agent, sessionId, {
      operation: 'read_file',
      path: file,
      offset: 4,
      length: 3,
    });
    expect(read.result).toMatchObject({
      content: 'two',
      encoding: 'utf8',
      bytes: 3,
      size_bytes: 8,
      end_of_file: false,
    });
    const bytes = Buffer.from([0, 255, 1]);
    const over = {
      operation: 'write_file',
      path: file,
      content: bytes.toString('base64'),
      encoding: 'base64',
    };
    expect((await executeToEnd(agent, sessionId, over)).result).toMatchObject({ bytes: 3, created: false });
    const again = await executeToEnd(agent, sessionId, { operation: 'read_file', path: file });
    expect(again.result).toMatchObject({ content: 'AP8B', encoding: 'base64', end_of_file: true });
    const listed = await executeToEnd(agent, sessionId, { operation: 'list_directory', path: folder });
    expect(listed.result).toMatchObject({
      total: 1,
      entries: [{ name: 'ä.txt', kind: 'file', size_bytes: 3, mode: '0644' }],
    });
    const stat = await executeToEnd(agent, sessionId, { operation: 'stat', path: folder });
    expect(stat.result).toMatchObject({ kind: 'directory', path: folder });
    const system = await executeToEnd(agent, sessionId, { operation: 'system_info' });
    expect(system.result).toMatchObject({ platform: process.platform, home: homedir() });
    const processes = await executeToEnd(agent, sessionId, { operation: 'list_processes' });
    expect(processes.result).toMatchObject({
      processes: expect.arrayContaining([expect.objectContaining({ pid: process.pid })]),
    });
    const screenshot = await executeToEnd(agent, sessionId, { operation: 'screenshot' });
    expect(screenshot).toMatchObject({ status: 'failed', error: { code: 'no_screen' } });
  });

  it('holds to the deny rules', async () => {
    const agent = await startAgent({ settings: { denyRules: ['touch', 'git push --force*'] } });
    const sessionId = await startSession(agent, 'autonomous');
    const file = path.join(newFolder(), 'x');
    for (const operation of [
      { operation: 'run', argv: ['touch', file] },
      { operation: 'run', argv: ['/usr/bin/touch', file] },
      { operation: 'run', argv: ['env', 'A=b', 'touch', file] },
      { operation: 'shell', script: `true && t"ou"ch ${file}` },
      { operation: 'shell', script: `echo $(touch ${file})` },
      { operation: 'run', argv: ['git', 'push', 'origin', '--force-with-lease'] },
    ]) {
      const refused = await call(agent, 'POST', `/api/remote/execute/${sessionId}`, operation);
      expect(refused).toMatchObject({ status: 403, body: { error: 'denied_by_rule' } });
    }
    expect(existsSync(file)).toBe(false);
    const { body } = await call(agent, 'GET', `/api/remote/commands?session_id=${sessionId}`);
    expect(body).toMatchObject({
      total: 6,
      commands: expect.arrayContaining([expect.objectContaining({ status: 'denied', decided_by: 'agent' })]),
    });
    const status = await call(agent, 'GET', `/api/remote/status/${sessionId}`);
    expect(status.body).toMatchObject({ commands_executed: 0 });
  });
});

describe('supervised session', () => {
  it('asks with all that would run, and runs it once it is allowed', async () => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'supervised');
    const folder = newFolder();
    const argv = ['printf', '%s', 'a b', '\u202e'];
    const asked = await execute(agent, sessionId, {
      operation: 'run',
      argv,
      cwd: folder,
      env: { LANG: 'C' },
    });
    expect(asked).toMatchObject({
      status: 'pending_approval',
      exit_code: null,
      expires_at: expect.stringMatching(/Z$/),
    });
    const { body } = await call(agent, 'GET', '/api/approvals');
    expect(body).toMatchObject({
      total: 1,
      approvals: [
        {
          approval_id: asked.approval_id,
          kind: 'command',
          session_id: sessionId,
          details: {
            command_id: asked.command_id,
            text: "printf %s 'a b' $'\\u202E'",
            hash: asked.hash,
            facts: [
              { label: 'Folder', value: folder },
              { label: 'Program', value: '/usr/bin/printf' },
              { label: 'Variable', value: 'LANG=C' },
            ],
          },
        },
      ],
    });
    const approved = await call(agent, 'POST', `/api/remote/commands/${asked.command_id}/approve`);
    expect(approved).toMatchObject({ status: 200, body: { success: true } });
    expect(await commandEnded(agent, asked.command_id)).toMatchObject({
      status: 'completed',
      stdout: 'a b\u202e',
      decided_by: 'api',
      hash: asked.hash,
    });
    const late = await call(agent, 'POST', `/api/remote/commands/${asked.command_id}/deny`);
    expect(late).toMatchObject({ status: 409, body: { error: 'command_not_pending' } });
  });

  it('does not ask again for what was allowed for the session, but for anything else', async () => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'supervised');
    const operation = { operation: 'run', argv: ['echo', 'again'] };
    const first = await execute(agent, sessionId, operation);
    await call(agent, 'POST', `/api/approvals/${first.approval_id}/allow`, { scope: 'session' });
    expect(await commandEnded(agent, first.command_id)).toMatchObject({ status: 'completed' });
    const second = await executeToEnd(agent, sessionId, operation);
    expect(second).toMatchObject({
      status: 'completed',
      decided_by: 'api',
      decision_reason: 'Allowed for this session',
    });
    for (const other of [
      { ...operation, argv: ['echo', 'again', ''] },
      { ...operation, cwd: '/' },
      { ...operation, env: { A: '1' } },
    ]) {
      expect((await execute(agent, sessionId, other)).status).toBe('pending_approval');
    }
    const elsewhere = await startSession(agent, 'supervised');
    expect((await execute(agent, elsewhere, operation)).status).toBe('pending_approval');
  });

  it('denies, and ends the session if that is said', async () => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'supervised');
    const first = await execute(agent, sessionId, { operation: 'system_info' });
    await call(agent, 'POST', `/api/remote/commands/${first.command_id}/deny`, { reason: 'no' });
    expect(await fetchCommand(agent, first.command_id)).toMatchObject({
      status: 'denied',
      decided_by: 'api',
      decision_reason: 'no',
      result: null,
    });
    const second = await execute(agent, sessionId, { operation: 'system_info' });
    const third = await execute(agent, sessionId, { operation: 'list_processes' });
    await call(agent, 'POST', `/api/approvals/${second.approval_id}/deny`, {
      reason: 'enough',
      end_session: true,
    });
    expect(await fetchCommand(agent, second.command_id)).toMatchObject({ status: 'denied' });
    expect(await fetchCommand(agent, third.command_id)).toMatchObject({ status: 'cancelled' });
    expect(await call(agent, 'GET', `/api/remote/status/${sessionId}`)).toMatchObject({
      body: { status: 'stopped', stop_reason: 'enough', commands_executed: 0 },
    });
    expect(await call(agent, 'GET', '/api/approvals')).toMatchObject({ body: { total: 0 } });
  });

  it('lets a request expire', async () => {
    const agent = await startAgent({ settings: { approvalTimeoutSeconds: 1 } });
    const sessionId = await startSession(agent, 'supervised');
    const asked = await execute(agent, sessionId, { operation: 'system_info' });
    expect(await commandEnded(agent, asked.command_id)).toMatchObject({
      status: 'expired',
      decided_by: 'timeout',
    });
  });

  it('asks again when a script that is named has changed', async () => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'supervised');
    const folder = newFolder();
    const script = path.join(folder, 'do.sh');
    writeFileSync(script, 'echo harmless\n');
    const asked = await execute(agent, sessionId, { operation: 'run', argv: ['sh', 'do.sh'], cwd: folder });
    writeFileSync(script, 'echo harmful\n');
    await call(agent, 'POST', `/api/remote/commands/${asked.command_id}/approve`);
    const again = await commandOnce(
      agent,
      asked.command_id,
      ({ approval_id }) => approval_id !== asked.approval_id,
    );
    expect(again).toMatchObject({ status: 'pending_approval', exit_code: null });
    expect(again.hash).not.toBe(asked.hash);
    const { body } = await call(agent, 'GET', '/api/approvals');
    expect(body).toMatchObject({
      approvals: [{ details: { warnings: [expect.stringContaining('has changed since you were asked')] } }],
    });
    await call(agent, 'POST', `/api/remote/commands/${asked.command_id}/approve`);
    expect(await commandEnded(agent, asked.command_id)).toMatchObject({
      stdout: 'harmful\n',
      hash: again.hash,
    });
  });

  it('asks again when the program itself, or the file to be written, has changed', async () => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'supervised');
    const folder = newFolder();
    const program = path.join(folder, 'tool');
    writeFileSync(program, '#!/bin/sh\necho one\n');
    chmodSync(program, 0o755);
    const run = await execute(agent, sessionId, { operation: 'run', argv: ['./tool'], cwd: folder });
    writeFileSync(program, '#!/bin/sh\necho two\n');
    const file = path.join(folder, 'notes');
    writeFileSync(file, 'a\n');
    const write = await execute(agent, sessionId, { operation: 'write_file', path: file, content: 'b\n' });
    writeFileSync(file, 'precious\n');
    for (const asked of [run, write]) {
      await call(agent, 'POST', `/api/remote/commands/${asked.command_id}/approve`);
      await commandOnce(agent, asked.command_id, ({ approval_id }) => approval_id !== asked.approval_id);
    }
    expect(readFileSync(file, 'utf8')).toBe('precious\n');
    const { body } = await call(agent, 'GET', '/api/approvals');
    expect(body).toMatchObject({
      approvals: [
        { details: { operation: 'run' } },
        {
          details: {
            diff: [
              { change: 'removed', text: 'precious' },
              { change: 'added', text: 'b' },
            ],
          },
        },
      ],
    });
  });

  it('tells nothing of the machine before it is allowed', async () => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'supervised');
    for (const operation of [
      { operation: 'run', argv: ['/no/such'], cwd: '/no/such' },
      { operation: 'read_file', path: '/no/such' },
      { operation: 'write_file', path: '/no/such/file', content: '' },
    ]) {
      const asked = await execute(agent, sessionId, operation);
      expect(asked).toMatchObject({ status: 'pending_approval', error: null, result: null });
      await call(agent, 'POST', `/api/remote/commands/${asked.command_id}/approve`);
      expect(await commandEnded(agent, asked.command_id)).toMatchObject({
        status: 'failed',
        error: { code: expect.stringMatching(/^(cwd|path)_not_found$/) },
      });
    }
  });

  it('denies at once where nobody can be asked', async () => {
    const agent = await startAgent({ canPrompt: () => false });
    const sessionId = await startSession(agent, 'supervised');
    const refused = await call(agent, 'POST', `/api/remote/execute/${sessionId}`, {
      operation: 'system_info',
    });
    expect(refused).toMatchObject({ status: 503, body: { error: 'no_place_to_ask' } });
    const { body } = await call(agent, 'GET', '/api/remote/commands');
    expect(body).toMatchObject({ commands: [{ status: 'denied', decided_by: 'agent' }] });
  });
});

describe('read_only session', () => {
  it('reads inside its roots and nothing else', async () => {
    const root = newFolder();
    const agent = await startAgent({
      settings: { readableRoots: [root], unreadablePaths: [path.join(root, 'private')] },
    });
    const sessionId = await startSession(agent, 'read_only');
    writeFileSync(path.join(root, 'open.txt'), 'open');
    writeFileSync(path.join(root, '.netrc'), 'secret');
    symlinkSync('/etc/passwd', path.join(root, 'link'));
    symlinkSync('/dev/zero', path.join(root, 'zero'));
    symlinkSync('/', path.join(root, 'up'));
    expect(
      (await executeToEnd(agent, sessionId, { operation: 'read_file', path: path.join(root, 'open.txt') }))
        .result,
    ).toMatchObject({ content: 'open' });
    for (const [name, code] of [
      ['link', 'path_not_allowed'],
      ['up/etc/passwd', 'path_not_allowed'],
      ['../../../../../../etc/passwd', 'path_not_allowed'],
      ['.netrc', 'path_not_allowed'],
      ['private', 'path_not_allowed'],
      ['zero', 'path_not_allowed'],
      ['gone', 'path_not_found'],
      ['up/no/such/thing', 'path_not_allowed'],
    ]) {
      for (const operation of ['read_file', 'list_directory', 'stat']) {
        const command = await executeToEnd(agent, sessionId, { operation, path: `${root}/${name}` });
        expect(command, `${operation} ${name}`).toMatchObject({
          status: 'failed',
          error: { code },
          result: null,
        });
      }
    }
    for (const operation of [
      { operation: 'run', argv: ['true'] },
      { operation: 'shell', script: 'true' },
      { operation: 'write_file', path: path.join(root, 'new'), content: '' },
    ]) {
      const refused = await call(agent, 'POST', `/api/remote/execute/${sessionId}`, operation);
      expect(refused).toMatchObject({ status: 403, body: { error: 'read_only_session' } });
    }
    expect(existsSync(path.join(root, 'new'))).toBe(false);
  });
});

describe('running command', () => {
  it('streams its output, in order, as events that are no part of the sequence', async () => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'autonomous');
    const events = await listen(agent);
    const folder = newFolder();
    // Each line is written once the one before has been told.
    const script =
      'for i in 1 2 3; do echo "line $i"; while [ ! -e "told-$i" ]; do sleep 0.02; done; done; echo oops >&2';
    const { command_id } = await execute(agent, sessionId, { operation: 'shell', script, cwd: folder });
    for (const line of [1, 2, 3]) {
      const isTold = (message: ServerMessage): boolean =>
        message.event === 'remote_command_output' && message.data.text.includes(`line ${line}\n`);
      await until(() => events.messages.some(isTold));
      writeFileSync(path.join(folder, `told-${line}`), '');
    }
    const command = await commandEnded(agent, command_id);
    await until(() => events.messages.some(({ event }) => event === 'remote_command_finished'));
    const outputs = events.messages.filter(
      (message): message is CommandOutput => message.event === 'remote_command_output',
    );
    const told = (stream: string) =>
      outputs
        .filter(({ data }) => data.stream === stream)
        .map(({ data }) => data.text)
        .join('');
    expect(told('stdout')).toBe(command.stdout);
    expect(told('stderr')).toBe('oops\n');
    expect(outputs.length).toBeGreaterThan(2);
    expect(outputs[0]?.data).toMatchObject({
      command_id,
      session_id: sessionId,
      stream: 'stdout',
      offset: 0,
      badge: '📄',
    });
    const numbered = events.messages.filter(
      ({ event }) => event !== 'snapshot' && event !== 'remote_command_output',
    );
    const numbers = numbered.map(({ seq }) => seq);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    events.close();
  });

  it('is cancelled with everything that it started', async () => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'autonomous');
    const escapees = createEscapees();
    const { command_id } = await execute(agent, sessionId, { operation: 'shell', script: escapees.script() });
    await until(() => escapees.count() === escapees.expected);
    const cancelled = await call(agent, 'POST', `/api/remote/commands/${command_id}/cancel`, {
      reason: 'changed my mind',
    });
    expect(cancelled).toMatchObject({ status: 200, body: { success: true } });
    expect(await commandEnded(agent, command_id)).toMatchObject({
      status: 'cancelled',
      error: { message: 'changed my mind' },
    });
    expect(escapees.count()).toBe(0);
    const again = await call(agent, 'POST', `/api/remote/commands/${command_id}/cancel`);
    expect(again.body).toMatchObject({ success: true, already_ended: true });
  });

  it('runs out of time, with everything that it started', async () => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'autonomous');
    const escapees = createEscapees();
    const command = await executeToEnd(agent, sessionId, {
      operation: 'shell',
      script: `echo begun; ${escapees.script()}`,
      timeout_seconds: 3,
    });
    expect(command).toMatchObject({
      status: 'timed_out',
      signal: 'SIGKILL',
      stdout: 'begun\n',
      error: { code: 'timed_out' },
    });
    expect(escapees.count()).toBe(0);
  });

  it('ends with its session, with everything that it started', async () => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'autonomous');
    const escapees = createEscapees();
    const { command_id } = await execute(agent, sessionId, { operation: 'shell', script: escapees.script() });
    await until(() => escapees.count() === escapees.expected);
    const stopped = await call(agent, 'POST', `/api/remote/stop/${sessionId}`, { reason: 'done' });
    expect(stopped.body).toMatchObject({ commands_executed: 1 });
    expect(await commandEnded(agent, command_id)).toMatchObject({
      status: 'cancelled',
      error: { message: 'The session ended: done' },
    });
    expect(escapees.count()).toBe(0);
  });

  it('ends with the agent, with everything that it started', async () => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'autonomous');
    const escapees = createEscapees();
    const { command_id } = await execute(agent, sessionId, { operation: 'shell', script: escapees.script() });
    await until(() => escapees.count() === escapees.expected);
    await agent.close('Agent stopped');
    expect(escapees.count()).toBe(0);
    const next = await startAgent({ folder: agent.folder });
    expect(await fetchCommand(next, command_id)).toMatchObject({ status: 'cancelled', signal: 'SIGKILL' });
  });

  it('is bounded in number', async () => {
    const agent = await startAgent({ settings: { maxCommandsPerSession: 2 } });
    const sessionId = await startSession(agent, 'supervised');
    const first = await execute(agent, sessionId, { operation: 'system_info' });
    await execute(agent, sessionId, { operation: 'system_info' });
    const refused = await call(agent, 'POST', `/api/remote/execute/${sessionId}`, {
      operation: 'system_info',
    });
    expect(refused).toMatchObject({ status: 429, body: { error: 'too_many_commands' } });
    await call(agent, 'POST', `/api/remote/commands/${first.command_id}/deny`);
    expect((await execute(agent, sessionId, { operation: 'system_info' })).status).toBe('pending_approval');
  });
});

describe('record', () => {
  it('is exported as JSON lines, whole and in order', async () => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'autonomous');
    const commands = [];
    for (const text of ['one', 'two']) {
      commands.push(await executeToEnd(agent, sessionId, { operation: 'run', argv: ['echo', text] }));
    }
    const response = await fetch(`${agent.url}/api/remote/export/${sessionId}`);
    expect(response.headers.get('content-type')).toContain('application/x-ndjson');
    const lines = (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({ record: 'session', session_id: sessionId, safety_mode: 'autonomous' });
    expect(lines.slice(1)).toEqual(commands.map((command) => ({ record: 'command', ...command })));
  });

  it('is exported whole to whoever reads, though another has left in the middle', async () => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'autonomous');
    const file = path.join(newFolder(), 'long.txt');
    writeFileSync(file, 'x'.repeat(400_000));
    // More than the buffers between here and there can hold.
    for (let count = 0; count < 100; count += 1) {
      await executeToEnd(agent, sessionId, { operation: 'read_file', path: file, length: 400_000 });
    }
    const url = `${agent.url}/api/remote/export/${sessionId}`;
    const leaving = new AbortController();
    const { body } = await fetch(url, { signal: leaving.signal });
    await body?.getReader().read();
    leaving.abort();
    const lines = (await (await fetch(url)).text()).trimEnd().split('\n');
    const [session, ...commands] = lines.map((line) => JSON.parse(line));
    expect(session.record).toBe('session');
    expect(commands.map(({ result_bytes }) => result_bytes)).toEqual(Array(100).fill(400_000));
    for (const { result } of commands) expect(result.content).toHaveLength(65_536);
  });

  it('holds a picture of the screen before and after what a person allowed', async () => {
    const agent = await startTestAgent();
    const sessionId = await startSession(agent, 'supervised');
    const { command_id } = await execute(agent, sessionId, { operation: 'run', argv: ['true'] });
    await call(agent, 'POST', `/api/remote/commands/${command_id}/approve`);
    const show = async (content: string): Promise<void> => {
      const capture = () =>
        agent.screen.captures.find(({ demand, closed }) => demand === 'watched' && !closed);
      await until(() => capture() !== undefined);
      capture()?.observer.onFrame({
        jpeg: Buffer.from(content),
        widthPx: 640,
        heightPx: 360,
        capturedAtMs: 0,
      });
    };
    await show('before');
    await commandEnded(agent, command_id);
    await show('after');
    const command = await commandOnce(agent, command_id, ({ screenshots }) => screenshots.after !== null);
    for (const moment of ['before', 'after'] as const) {
      const response = await fetch(`${agent.url}${command.screenshots[moment]}`);
      expect(response.headers.get('content-type')).toBe('image/jpeg');
      expect(await response.text()).toBe(moment);
    }
  });
});
