import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { chooseStarter } from '../../../src-main/commands/choose-starter.ts';
import { baseEnvironment } from '../../../src-main/commands/command-environment.ts';
import { LinuxContainment } from '../../../src-main/commands/linux-containment.ts';
import { findNamespaceObstacle, type NamespacePlan } from '../../../src-main/commands/process-namespace.ts';
import { ProcessRunner } from '../../../src-main/commands/process-runner.ts';
import { systemEnvironment } from '../../../src-main/system-programs.ts';
import { SilentLogger } from '../../fakes/silent-logger.ts';

const NOTHING_HIDDEN: NamespacePlan = { hidden: [] };
const hasNamespaces = (await findNamespaceObstacle(NOTHING_HIDDEN, await chooseStarter())) === null;
const WAYS: readonly { way: string; namespaces: NamespacePlan | null }[] = [
  { way: 'a mark alone', namespaces: null },
  ...(hasNamespaces ? [{ way: 'namespaces', namespaces: NOTHING_HIDDEN }] : []),
];
/** What commands are led into what holds them with. */
const LEADERS = ['bwrap', 'nsenter', 'setpriv', 'setsid', 'sh'];

/** A folder in which everybody may exchange what is there. */
function openFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-leading-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o777);
  return folder;
}

/** A folder of programs that take note that they were started in the place of those that lead commands in. */
function makeFalseLeaders(): { folder: string; started: () => string[] } {
  const folder = openFolder();
  for (const name of LEADERS) {
    const file = path.join(folder, name);
    writeFileSync(file, `#!/bin/sh\necho started >"${file}.started"\n`);
    chmodSync(file, 0o755);
  }
  return { folder, started: () => readdirSync(folder).filter((name) => name.endsWith('.started')) };
}

async function run(
  namespaces: NamespacePlan | null,
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const log = new SilentLogger();
  const starter = await chooseStarter();
  const containment = new LinuxContainment({
    log,
    umask: 0o022,
    maxProcesses: 512,
    groups: null,
    namespaces,
    starter,
  });
  const runner = new ProcessRunner(containment, log, starter);
  onTestFinished(() => runner.close());
  let written = '';
  const spec = { argv, cwd: '/', env: { ...baseEnvironment(process.env), ...env } };
  const end = await runner.start(spec, (_, chunk) => {
    written += chunk.toString();
  }).ended;
  expect(end).toEqual({ exitCode: 0, signal: null, error: null });
  return written;
}

describe.runIf(process.platform === 'linux').each(WAYS)('a command held by $way', ({ namespaces }) => {
  it('puts nothing in the place of what leads it in by its own PATH', async () => {
    const { folder, started } = makeFalseLeaders();
    await run(namespaces, ['/bin/true'], { PATH: `${folder}:${process.env.PATH}` });
    expect(started()).toEqual([]);
  });

  it('puts nothing there either by a folder of the user’s own, where the agent’s PATH begins', async () => {
    const { folder, started } = makeFalseLeaders();
    vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    await run(namespaces, ['/bin/true']);
    expect(started()).toEqual([]);
    expect(systemEnvironment().PATH.split(':')).not.toContain(folder);
  });

  it('loads nothing into what leads it in by its variables', async () => {
    // The loader of glibc, which takes orders such as LD_PRELOAD, says so of each program that it obeys them in.
    const notes = path.join(openFolder(), 'notes');
    await run(namespaces, ['/bin/true'], { LD_DEBUG: 'files', LD_DEBUG_OUTPUT: notes });
    const files = readdirSync(path.dirname(notes)).map((name) => path.join(path.dirname(notes), name));
    const obeying = files.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/transferring control: (\S+)/g)].map(([, program]) => program),
    );
    expect(obeying).toEqual(existsSync('/etc/alpine-release') ? [] : ['/bin/true']);
  });

  it('gets its variables as they are, and no other', async () => {
    const env = {
      ...baseEnvironment(process.env),
      PATH: '/nowhere:/usr/bin:/bin',
      at: '1',
      IFS: 'O',
      EMPTY: '',
      LINES_OF: 'a\'b"\n$(id) `id` \\ ü',
      PORTHOLE_SESSION_ID: 'remote_00000000',
      PWD: '/elsewhere',
      LD_LIBRARY_PATH: '/nowhere',
    };
    const show = 'process.stdout.write(JSON.stringify(process.env))';
    expect(JSON.parse(await run(namespaces, [process.execPath, '-e', show], env))).toEqual(env);
  });
});
