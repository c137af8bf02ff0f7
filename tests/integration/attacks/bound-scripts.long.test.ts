import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Command } from '../../../src-shared/commands.ts';
import { bundleAgent, startAgentProcess } from '../commands/support/agent-process.ts';
import { commandEnded, commandOnce, execute, startSession } from '../commands/support/command-client.ts';
import { ANYBODY } from '../guardian/support/guarded-agent.ts';
import { type Addressed, call, startTestAgent } from '../support/test-agent.ts';

vi.setConfig({ testTimeout: 60_000 });

const MEBIBYTE = 1024 * 1024;
const HARMLESS = '#!/bin/sh\necho harmless\n';
const HARMFUL = '#!/bin/sh\necho harmful\n';

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-bound-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function writeProgram(file: string, text: string | Buffer): void {
  writeFileSync(file, text);
  chmodSync(file, 0o755);
}

/** Asks for an operation, changes something, and has the person allow it as it was shown: what becomes of it. */
async function askSwapAllow(agent: Addressed, operation: object, swap: () => void): Promise<Command> {
  const sessionId = await startSession(agent, 'supervised');
  const asked = await execute(agent, sessionId, operation);
  swap();
  await call(agent, 'POST', `/api/remote/commands/${asked.command_id}/approve`);
  const next = await commandOnce(
    agent,
    asked.command_id,
    ({ status, approval_id }) => status !== 'pending_approval' || approval_id !== asked.approval_id,
  );
  return next.status === 'pending_approval' ? next : commandEnded(agent, next.command_id);
}

const ASKED_AGAIN = { status: 'pending_approval', stdout: '', exit_code: null };

describe.runIf(process.platform === 'linux')('an operator who exchanges what a command would run', () => {
  it('does not get a script past the person by its size', async () => {
    const folder = newFolder();
    const script = path.join(folder, 'setup.sh');
    const padding = `#${' '.repeat(17 * MEBIBYTE)}\n`;
    writeFileSync(script, `echo harmless\nexit\n${padding}`);
    const operation = { operation: 'run', argv: ['sh', 'setup.sh'], cwd: folder };
    const command = await askSwapAllow(await startTestAgent(), operation, () =>
      writeFileSync(script, `echo harmful\nexit 0\n${padding}`),
    );
    expect(command).toMatchObject(ASKED_AGAIN);
  });

  it('does not get a script past the person behind many others', async () => {
    const folder = newFolder();
    const names = Array.from({ length: 300 }, (_, index) => `./do-${index}`);
    for (const name of names) writeProgram(path.join(folder, name), HARMLESS);
    const operation = { operation: 'shell', script: names.join('\n'), cwd: folder };
    const command = await askSwapAllow(await startTestAgent(), operation, () =>
      writeProgram(path.join(folder, 'do-299'), HARMFUL),
    );
    expect(command).toMatchObject(ASKED_AGAIN);
  });

  it.each([
    {
      what: 'the interpreter behind #!',
      operation: { operation: 'run', argv: ['./do'] },
      prepare: (folder: string) => {
        writeProgram(path.join(folder, 'do'), `#!${folder}/interpreter\n`);
        copyFileSync('/bin/true', path.join(folder, 'interpreter'));
      },
      swap: (folder: string) => copyFileSync('/bin/echo', path.join(folder, 'interpreter')),
    },
    {
      what: 'what `env` behind #! looks for',
      operation: { operation: 'run', argv: ['./do'], env: { PATH: '.:/usr/bin:/bin' } },
      prepare: (folder: string) =>
        writeProgram(path.join(folder, 'do'), '#!/usr/bin/env sh\necho harmless\n'),
      swap: (folder: string) => copyFileSync('/bin/echo', path.join(folder, 'sh')),
    },
    {
      what: 'a program along PATH',
      operation: { operation: 'shell', script: 'true && tool harmful', env: { PATH: 'bin:/usr/bin:/bin' } },
      prepare: (folder: string) => {
        mkdirSync(path.join(folder, 'bin'));
        copyFileSync('/bin/true', path.join(folder, 'bin/tool'));
      },
      swap: (folder: string) => copyFileSync('/bin/echo', path.join(folder, 'bin/tool')),
    },
    {
      what: 'a program that goes before the one along PATH',
      operation: { operation: 'shell', script: 'uname harmful; true', env: { PATH: 'bin:/usr/bin:/bin' } },
      prepare: (folder: string) => mkdirSync(path.join(folder, 'bin')),
      swap: (folder: string) => copyFileSync('/bin/echo', path.join(folder, 'bin/uname')),
    },
    {
      what: 'a program that may not be run before',
      operation: { operation: 'shell', script: 'chmod +x tool && ./tool harmful' },
      prepare: (folder: string) => {
        copyFileSync('/bin/true', path.join(folder, 'tool'));
        chmodSync(path.join(folder, 'tool'), 0o644);
      },
      swap: (folder: string) => writeFileSync(path.join(folder, 'tool'), readFileSync('/bin/echo')),
    },
    {
      what: 'what is copied before it is run',
      operation: { operation: 'shell', script: 'cp notes tool; chmod +x tool; ./tool harmful' },
      prepare: (folder: string) => writeFileSync(path.join(folder, 'notes'), readFileSync('/bin/true')),
      swap: (folder: string) => writeFileSync(path.join(folder, 'notes'), readFileSync('/bin/echo')),
    },
    {
      what: 'the folder',
      operation: { operation: 'run', argv: ['head', 'notes'] },
      prepare: (folder: string) => writeFileSync(path.join(folder, 'notes'), 'harmless\n'),
      swap: (folder: string) => {
        renameSync(folder, `${folder}-before`);
        onTestFinished(() => rmSync(`${folder}-before`, { recursive: true, force: true }));
        mkdirSync(folder);
        writeFileSync(path.join(folder, 'notes'), 'harmful\n');
      },
    },
  ])('does not get $what past the person', async ({ operation, prepare, swap }) => {
    const folder = newFolder();
    prepare(folder);
    const command = await askSwapAllow(await startTestAgent(), { ...operation, cwd: folder }, () =>
      swap(folder),
    );
    expect(command).toMatchObject(ASKED_AGAIN);
  });

  it.each([
    {
      what: 'a script that is too large to be read',
      prepare: (file: string) => {
        writeFileSync(file, 'echo harmless\n');
        truncateSync(file, 257 * MEBIBYTE);
      },
      says: 'is too large to be bound',
    },
    {
      what: 'a pipe for a script',
      prepare: (file: string) => execFileSync('mkfifo', [file]),
      says: 'is no file',
    },
  ])('is not even asked for with $what', async ({ prepare, says }) => {
    const agent = await startTestAgent();
    const folder = newFolder();
    prepare(path.join(folder, 'x.sh'));
    const sessionId = await startSession(agent, 'supervised');
    const operation = { operation: 'run', argv: ['sh', 'x.sh'], cwd: folder };
    const refused = await call(agent, 'POST', `/api/remote/execute/${sessionId}`, operation);
    expect(refused).toMatchObject({ status: 403, body: { success: false, error: 'not_bindable' } });
    expect(refused.body.message).toContain(says);
    expect(agent.approvals.list()).toEqual([]);
    // Nobody decides there by what it names.
    const autonomous = await startSession(agent, 'autonomous');
    expect(
      (await execute(agent, autonomous, { ...operation, argv: ['wc', '-c', '/dev/null', 'x.sh'] })).hash,
    ).toBeTruthy();
  });

  it('is not even asked for with more names than can be looked at', async () => {
    const agent = await startTestAgent();
    const sessionId = await startSession(agent, 'supervised');
    const names = Array.from({ length: 4095 }, (_, index) => `-x${index}`);
    const operation = { operation: 'run', argv: ['true', ...names], cwd: '/' };
    const refused = await call(agent, 'POST', `/api/remote/execute/${sessionId}`, operation);
    expect(refused).toMatchObject({ status: 403, body: { error: 'not_bindable' } });
  });

  describe.runIf(ANYBODY !== null || process.getuid?.() !== 0)('as an ordinary user', () => {
    let bundle = '';
    beforeAll(async () => {
      bundle = await bundleAgent();
    }, 60_000);

    it('is not even asked for with a script that is closed for now', async () => {
      const agent = await startAgentProcess(bundle, ANYBODY, {});
      const folder = newFolder();
      const closed = path.join(folder, 'closed');
      mkdirSync(closed);
      writeFileSync(path.join(closed, 'x.sh'), HARMLESS);
      if (ANYBODY) chownSync(closed, ANYBODY.uid, ANYBODY.gid);
      chmodSync(folder, 0o755);
      chmodSync(closed, 0);
      const sessionId = await startSession(agent, 'supervised');
      const operation = { operation: 'shell', script: 'chmod 700 closed; sh closed/x.sh', cwd: folder };
      expect(await call(agent, 'POST', `/api/remote/execute/${sessionId}`, operation)).toMatchObject({
        status: 403,
        body: { error: 'not_bindable' },
      });
    });
  });
});
