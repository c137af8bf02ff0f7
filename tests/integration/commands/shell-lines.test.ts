import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src-main/clock.ts';
import type { ShellReader } from '../../../src-main/shell/shell-reading.ts';
import { ShellThread } from '../../../src-main/shell/shell-thread.ts';
import { DirectShellReader } from '../../fakes/direct-shell-reader.ts';
import { SilentLogger } from '../../fakes/silent-logger.ts';
import { buildShellWorker } from '../../support/built-shell-worker.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';
import { commandEnded, commandOnce, execute, startSession } from './support/command-client.ts';

let bundle = '';
let shell: ShellThread;
beforeAll(async () => {
  bundle = mkdtempSync(path.join(tmpdir(), 'porthole-shell-lines-'));
  const workerFile = await buildShellWorker(bundle);
  shell = new ShellThread({ clock: systemClock, log: new SilentLogger(), workerFile });
}, 60_000);
afterAll(async () => {
  await shell.close();
  rmSync(bundle, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-lines-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An agent without a screen that reads lines as the app does. */
async function startAgent(denyRules: string[] = [], reader: ShellReader = shell): Promise<TestAgent> {
  // There by the time that a person has allowed the first command.
  await expect.poll(async () => (await shell.read({ line: 'ls', language: 'posix' })).unread).toBeNull();
  const agent = await startTestAgent({ settings: { commandStopSeconds: 0.2, denyRules }, shell: reader });
  agent.screen.available = false;
  return agent;
}

const ask = (agent: TestAgent, sessionId: string, operation: object) =>
  call(agent, 'POST', `/api/remote/execute/${sessionId}`, operation);

describe('a shell line', () => {
  it.each([
    ['ends with a carriage return', 'echo a\r\nls'],
    ['holds braces without end', `echo {${'a,'.repeat(30_000)}`],
    ['nests without end', '$('.repeat(60_000)],
    ['expands without end', '$'.concat('{').repeat(60_000)],
    ['redirects without end', `a${'<'.repeat(120_000)}`],
  ])('that %s is refused to a read_only session, and the agent goes on', async (_, script) => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'read_only');
    expect(await ask(agent, sessionId, { operation: 'shell', script })).toMatchObject({
      status: 403,
      body: { error: 'read_only_session' },
    });
    expect(await call(agent, 'GET', `/api/remote/status/${sessionId}`)).toMatchObject({ status: 200 });
  });

  it.each([
    ['ends with a carriage return', 'echo a\r\nls'],
    ['holds braces without end', `echo {${'a,'.repeat(30_000)}`],
  ])('that %s runs in an autonomous session as the shell reads it', async (_, script) => {
    const agent = await startAgent();
    const sessionId = await startSession(agent, 'autonomous');
    const { command_id } = await execute(agent, sessionId, { operation: 'shell', script, cwd: newFolder() });
    expect(await commandEnded(agent, command_id)).toMatchObject({ status: 'completed' });
  });

  it('that cannot be read is asked for as usual where there are no rules, and refused where there are', async () => {
    const script = 'echo "$('.repeat(10_000);
    const free = await startAgent();
    const asked = await execute(free, await startSession(free, 'supervised'), { operation: 'shell', script });
    expect(asked.status).toBe('pending_approval');
    const ruled = await startAgent(['touch']);
    const session = await startSession(ruled, 'supervised');
    expect(await ask(ruled, session, { operation: 'shell', script })).toMatchObject({
      status: 403,
      body: { error: 'denied_by_rule' },
    });
  });
});

describe('a deny rule', () => {
  it.each(
    [
      { operation: 'shell', script: 'bash -c -- "touch $F"' },
      { operation: 'shell', script: 'env "-Stouch $F"' },
      { operation: 'shell', script: "env '-Stouch made'" },
      { operation: 'shell', script: "sh -ec 'touch made'" },
      { operation: 'shell', script: '[ -e x ] || touch made' },
      { operation: 'run', argv: ['bash', '-c', '--', 'touch made'] },
      { operation: 'run', argv: ['env', '-Stouch made'] },
      { operation: 'run', argv: ['env', '--split-string=touch made'] },
      { operation: 'run', argv: ['timeout', '--signal', 'KILL', '5', 'touch', 'made'] },
      { operation: 'run', argv: ['flock', 'lock', '-c', 'touch made'] },
      { operation: 'run', argv: ['script', '-qc', 'touch made', '/dev/null'] },
      { operation: 'run', argv: ['find', '.', '-exec', 'sh', '-c', 'touch made', ';'] },
    ].map((operation) => ({ operation, shown: JSON.stringify(operation) })),
  )('holds for $shown', async ({ operation }) => {
    const agent = await startAgent(['touch']);
    const sessionId = await startSession(agent, 'autonomous');
    const folder = newFolder();
    const refused = await ask(agent, sessionId, { ...operation, cwd: folder });
    expect(refused).toMatchObject({ status: 403, body: { error: 'denied_by_rule' } });
    expect(existsSync(path.join(folder, 'made'))).toBe(false);
  });

  it('leaves programs alone that it does not name, in wrappers too', async () => {
    // A reader that has no deadline, because a machine that is busy refuses in time.
    const agent = await startAgent(['touch'], new DirectShellReader());
    const sessionId = await startSession(agent, 'autonomous');
    for (const operation of [
      { operation: 'run', argv: ['env', '-S', 'echo touch'] },
      { operation: 'run', argv: ['bash', '-c', '--', 'echo "touch" && command -v touch'] },
      { operation: 'shell', script: 'cd / && timeout 5 echo touch 2>&1 | cat' },
    ]) {
      const { command_id } = await execute(agent, sessionId, operation);
      expect(await commandEnded(agent, command_id)).toMatchObject({
        status: 'completed',
        exit_code: 0,
        stdout: expect.stringContaining('touch'),
      });
    }
  });
});

/** Ways to run the script `b.sh` of folder `w`. */
const WAYS: readonly ((w: string) => object)[] = [
  (w) => ({ operation: 'shell', script: `cd ${w} && ./b.sh` }),
  (w) => ({ operation: 'shell', script: `sh < ${w}/b.sh` }),
  (w) => ({ operation: 'shell', script: `sh -c "${w}/b.sh"` }),
  (w) => ({ operation: 'shell', script: `sh -c 'cd ${w}; sh b.sh'` }),
  (w) => ({ operation: 'shell', script: `cd /; cd ${w.slice(1)}; ./b.sh` }),
  (w) => ({ operation: 'shell', script: `D=${w}; cd "$D" && ./b.sh` }),
  (w) => ({ operation: 'shell', script: `(cd ${w}/.. && (cd ${path.basename(w)} && ./b.sh))` }),
  (w) => ({ operation: 'shell', script: `if cd ${w}; then ./b.sh; fi` }),
  (w) => ({ operation: 'shell', script: `. ${w}/b.sh` }),
  (w) => ({ operation: 'shell', script: `cd ${w}; . ./b.sh` }),
  (w) => ({ operation: 'shell', script: `PATH=${w}:$PATH; b.sh` }),
  (w) => ({ operation: 'shell', script: 'b.sh', env: { PATH: `${w}:/usr/bin:/bin` } }),
  (w) => ({ operation: 'shell', script: `BASH_ENV=${w}/b.sh bash -c :` }),
  (w) => ({ operation: 'shell', script: `cat ${w}/b.sh | sh` }),
  (w) => ({ operation: 'shell', script: `eval "cd ${w}"; eval ./b.sh` }),
  (w) => ({ operation: 'shell', script: `env -C ${w} ./b.sh` }),
  (w) => ({ operation: 'shell', script: `nice timeout 5 env A=1 sh -e ${w}/b.sh` }),
  (w) => ({ operation: 'shell', script: `exec ${w}/b.sh` }),
  (w) => ({ operation: 'shell', script: `cat <<E | sh ${w}/b.sh; sh ${w}/b.sh\nx\nE` }),
  (w) => ({ operation: 'run', argv: ['sh', '-c', `cd ${w} && ./b.sh`] }),
  (w) => ({ operation: 'run', argv: ['env', '-C', w, './b.sh'] }),
  (w) => ({ operation: 'run', argv: ['env', `-S${w}/b.sh`] }),
  (w) => ({ operation: 'run', argv: ['env', `BASH_ENV=${w}/b.sh`, 'bash', '-c', ':'] }),
  (w) => ({ operation: 'run', argv: ['bash', '-c', ':'], env: { BASH_ENV: `${w}/b.sh` } }),
  (w) => ({ operation: 'run', argv: ['find', w, '-maxdepth', '0', '-exec', `${w}/b.sh`, ';'] }),
  (w) => ({ operation: 'run', argv: ['xargs', `${w}/b.sh`] }),
  (w) => ({ operation: 'run', argv: ['bash', `--rcfile`, `${w}/b.sh`, '-c', '. "$0"', `${w}/b.sh`] }),
];

describe('a script that changes while its command waits', () => {
  it.each(WAYS.map((way) => ({ shown: JSON.stringify(way('/w')), way })))(
    'is asked for again: $shown',
    async ({ way }) => {
      const agent = await startAgent();
      const sessionId = await startSession(agent, 'supervised');
      const folder = newFolder();
      const script = path.join(folder, 'b.sh');
      const mark = path.join(folder, 'mark');
      writeFileSync(script, `#!/bin/sh\necho first > ${mark}\n`);
      chmodSync(script, 0o755);
      const { command_id, approval_id, hash } = await execute(agent, sessionId, way(folder));
      writeFileSync(script, `#!/bin/sh\necho second > ${mark}\n`);
      await call(agent, 'POST', `/api/remote/commands/${command_id}/approve`);
      const again = await commandOnce(
        agent,
        command_id,
        (command) => command.approval_id !== approval_id || command.status !== 'pending_approval',
      );
      expect(again.status).toBe('pending_approval');
      expect(again.hash).not.toBe(hash);
      expect(existsSync(mark)).toBe(false);
      // And what was shown then is what runs.
      await call(agent, 'POST', `/api/remote/commands/${command_id}/approve`);
      await commandEnded(agent, command_id);
      expect(readFileSync(mark, 'utf8')).toBe('second\n');
    },
  );
});
