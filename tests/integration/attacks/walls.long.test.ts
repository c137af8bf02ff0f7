import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { chooseStarter } from '../../../src-main/commands/choose-starter.ts';
import { findNamespaceObstacle } from '../../../src-main/commands/process-namespace.ts';
import { type AgentProcess, bundleAgent, startAgentProcess } from '../commands/support/agent-process.ts';
import { commandEnded, execute, executeToEnd, startSession } from '../commands/support/command-client.ts';
import { listProcesses, until } from '../commands/support/escapees.ts';
import { USERS } from '../guardian/support/guarded-agent.ts';
import { call } from '../support/test-agent.ts';

// Agents in processes of their own, one after the other: on a busy machine each step takes its time.
vi.setConfig({ testTimeout: 60_000 });

let bundle = '';

beforeAll(async () => {
  bundle = await bundleAgent();
}, 60_000);

const hasNamespaces = (await findNamespaceObstacle({ hidden: [] }, await chooseStarter())) === null;
const PYTHON = '/usr/bin/python3';

/** A script of node's that asks the agent for `target` and prints the status. */
const askFor = (url: string, target: string, method = 'GET'): string =>
  `fetch('${url}${target}', { method: '${method}', headers: { 'content-type': 'application/json' }, ` +
  `${method === 'GET' ? '' : "body: '{}', "}}).then(({ status }) => console.log(status), () => console.log('refused'))`;

/*
 * The holder of descriptors that belongs to the person: takes one from whoever brings it, and lies low. What is left of
 * the request is sent only once the command that began it is no more; then what the agent answers is printed.
 */
const BROKER = `
import array, os, socket, sys, time
door = socket.socket(socket.AF_UNIX); door.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o666); door.listen()
print('open', flush=True)
bringer, _ = door.accept()
_, ancillary, _, _ = bringer.recvmsg(1, socket.CMSG_SPACE(4))
held = socket.socket(fileno=array.array('i', ancillary[0][2])[0])
bringer.recv(1)
held.sendall(b'\\r\\n')
print(held.recv(4096).split(b'\\r\\n')[0].decode(), flush=True)
`;

/** The command's part: begins a request, leaves the connection with the broker, and closes its own copy. */
const PARK = `
import array, socket, sys
agent = socket.create_connection(('127.0.0.1', int(sys.argv[2])))
agent.sendall(b'GET /api/settings HTTP/1.1\\r\\nHost: 127.0.0.1:' + sys.argv[2].encode() + b'\\r\\n')
door = socket.socket(socket.AF_UNIX); door.connect(sys.argv[1])
door.sendmsg([b'.'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [agent.fileno()]))])
agent.close()
`;

/** Takes the output of what holds the command by `pidfd_open` and `pidfd_getfd`, which the kernel knows by number, and writes. */
const SHOUT = `
import ctypes, os
call = ctypes.CDLL(None, use_errno=True).syscall
output = call(438, call(434, 2, 0), 1, 0)
try:
  for _ in range(100): os.write(output, b'x' * 100000)
  print('heard')
except BrokenPipeError: print('nobody listens')
except OSError: print('out of reach')
`;

async function startBroker(
  uid: number | undefined,
): Promise<{ door: string; child: ChildProcess; lines: string[] }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-broker-'));
  if (uid !== undefined) chownSync(folder, uid, uid);
  const door = path.join(folder, 'door');
  const child = spawn(PYTHON, ['-c', BROKER, door], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  await until(() => lines.length > 0);
  return { door, child, lines };
}

describe.runIf(process.platform === 'linux').each(USERS)('with an agent of $who, a command', ({ user }) => {
  const start = (settings: object = {}): Promise<AgentProcess> =>
    startAgentProcess(bundle, user, { settings: { commandStopSeconds: 0.2, ...settings } });

  it.runIf(hasNamespaces)(
    'that detaches itself, drops what marks it and waits does not outlive its end',
    async () => {
      const agent = await start();
      const sessionId = await startSession(agent, 'autonomous');
      const seconds = `${Math.floor(1e8 + Math.random() * 8e8)}`;
      const script =
        `(setsid env -i dash -c 'ulimit -w 7; echo 0 >/sys/fs/cgroup/cgroup.procs; ` +
        `echo 0 >/sys/fs/cgroup/unified/cgroup.procs; sleep ${seconds}' </dev/null >/dev/null 2>&1 &); ` +
        `until pgrep -f '^sleep ${seconds}$' >/dev/null; do sleep 0.05; done`;
      const run = await executeToEnd(agent, sessionId, { operation: 'shell', script, cwd: '/' });
      expect(run.status).toBe('completed');
      expect(listProcesses(`sleep\0${seconds}\0`)).toEqual([]);
    },
  );

  it.runIf(process.getuid?.() !== 0 || user)(
    'that was held by a mark alone, lowers it and outlives its end is nobody to the agent',
    async () => {
      const agent = await start({ commandsMayElevate: true });
      const sessionId = await startSession(agent, 'autonomous');
      const loot = path.join(mkdtempSync(path.join(tmpdir(), 'porthole-loot-')), 'loot');
      onTestFinished(() => rmSync(path.dirname(loot), { recursive: true, force: true }));
      if (user) chownSync(path.dirname(loot), user.uid, user.gid);
      const ask = askFor(agent.url, '/api/settings').replaceAll("'", '"');
      const escapee = `ulimit -w 7; sleep 1.5; "$0" -e "$1" >${loot}.part; mv ${loot}.part ${loot}`;
      const program = `setsid dash -c '${escapee}' "$0" "$1" </dev/null >/dev/null 2>&1 & sleep 0.3`;
      await executeToEnd(agent, sessionId, {
        operation: 'run',
        argv: ['dash', '-c', program, process.execPath, ask],
        cwd: '/',
      });
      await until(() => existsSync(loot));
      expect(readFileSync(loot, 'utf8').trim()).toBe('403');
    },
  );

  it.runIf(hasNamespaces && existsSync(PYTHON)).each([
    ['while it runs', 'sleep 2'],
    ['when it has ended', 'true'],
  ])('gets nothing through a connection that it leaves with another program, %s', async (_, then) => {
    const agent = await start();
    const sessionId = await startSession(agent, 'autonomous');
    const { door, lines } = await startBroker(user?.uid);
    const { port } = new URL(agent.url);
    const script = `${PYTHON} -c "$PARK" ${door} ${port} && ${then}`;
    const { command_id } = await execute(agent, sessionId, {
      operation: 'shell',
      script,
      cwd: '/',
      env: { PARK },
    });
    if (then === 'true') await commandEnded(agent, command_id);
    await until(() => lines.length > 1, 20_000);
    expect(lines[1]).toMatch(/^HTTP\/1.1 40[13] /);
  });

  it.runIf(hasNamespaces)('sees none of the agent’s files and changes none', async () => {
    const agent = await start();
    const sessionId = await startSession(agent, 'autonomous');
    const list = () => readdirSync(agent.folder).filter((name) => !/-(wal|shm|journal)$|\.tmp$/.test(name));
    // It is written beside the first answers.
    await expect.poll(list).toContain('running.json');
    const before = list();
    const script =
      `ls -A "${agent.folder}" | grep -v '^logs$'; echo '{}' >"${agent.folder}/settings.json"; ` +
      `rm -rf "${agent.folder}"/*; umount "${agent.folder}" 2>/dev/null; ` +
      `unshare -Um umount "${agent.folder}" 2>/dev/null; nsenter -t 1 -m ls -A "${agent.folder}" 2>/dev/null; ` +
      `ls -A /proc/1/root"${agent.folder}" | grep -v settings.json; ls -A "${agent.folder}" | grep -v settings.json; true`;
    const run = await executeToEnd(agent, sessionId, { operation: 'shell', script, cwd: '/' });
    expect(run).toMatchObject({ status: 'completed', stdout: '' });
    expect(list()).toEqual(before);
    expect((await call(agent, 'GET', '/healthz')).status).toBe(200);
  });

  it.runIf(hasNamespaces && existsSync(PYTHON))(
    'fills nothing of the agent’s by the output of what holds it',
    async () => {
      const agent = await start();
      const sessionId = await startSession(agent, 'autonomous');
      const argv = [PYTHON, '-c', SHOUT];
      const run = await executeToEnd(agent, sessionId, { operation: 'run', argv, cwd: '/' });
      expect(run.stdout).toBe(process.getuid?.() === 0 && !user ? 'out of reach\n' : 'nobody listens\n');
    },
  );

  it.runIf(hasNamespaces)('sees no process but its own', async () => {
    const agent = await start();
    const sessionId = await startSession(agent, 'autonomous');
    const script = 'ls -d /proc/[0-9]* | wc -l; kill -0 "$0" 2>/dev/null && echo reached; true';
    const run = await executeToEnd(agent, sessionId, {
      operation: 'run',
      argv: ['sh', '-c', script, String(agent.child.pid)],
      cwd: '/',
    });
    expect(Number(String(run.stdout).trim())).toBeLessThan(12);
  });

  it.runIf(hasNamespaces)(
    'cannot ask the session bus or the service manager to start something',
    async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'porthole-runtime-'));
      const bus = createServer(() => undefined).listen(path.join(folder, 'bus'));
      await once(bus, 'listening');
      onTestFinished(() => {
        bus.close();
        rmSync(folder, { recursive: true, force: true });
      });
      const agent = await startAgentProcess(bundle, null, {
        env: { DBUS_SESSION_BUS_ADDRESS: `unix:path=${folder}/bus`, XDG_RUNTIME_DIR: folder },
      });
      const sessionId = await startSession(agent, 'autonomous');
      const connect = `require('net').connect('${folder}/bus').on('connect', () => process.exit(0)).on('error', ({ code }) => { console.log(code); process.exit(0); })`;
      const run = await executeToEnd(agent, sessionId, {
        operation: 'run',
        argv: ['sh', '-c', 'echo "$DBUS_SESSION_BUS_ADDRESS"; exec "$0" -e "$1"', process.execPath, connect],
        cwd: '/',
      });
      expect(run.stdout).toBe('\nECONNREFUSED\n');
    },
  );

  const [ownAddress] = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal);
  it.runIf(ownAddress)(
    'is a command by the machine’s own address as well, whatever secret it has',
    async () => {
      const agent = await start({ host: '0.0.0.0' });
      const { body: token } = await call(agent, 'POST', '/api/tokens', { name: 'found', role: 'admin' });
      const sessionId = await startSession(agent, 'autonomous');
      const url = `http://${ownAddress?.address}:${new URL(agent.url).port}`;
      const ask =
        `fetch('${url}/api/tokens', { headers: { authorization: 'Bearer ' + process.argv[1] } })` +
        `.then(({ status }) => console.log(status))`;
      const run = await executeToEnd(agent, sessionId, {
        operation: 'run',
        argv: [process.execPath, '-e', ask, String(token.token)],
        cwd: '/',
      });
      expect(run.stdout).toBe('403\n');
    },
  );
});
