import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MAX_EXPORTS_PER_CALLER } from '../../../src-main/http/export-desk.ts';
import { COMMAND_LIMITS } from '../../../src-main/store/command-contents.ts';
import { type Command, commandSchema } from '../../../src-shared/commands.ts';
import { bearer, makeToken } from '../access/support/callers.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';

const MEBIBYTE = 1024 * 1024;
/** Of a database beside the content: rows, indexes, events, and the log beside it. */
const OVERHEAD_BYTES = 12 * MEBIBYTE;
/** What one unread export holds here: a command's line, which controls and the like make longer. */
const LINE_BYTES = 2 * MEBIBYTE;

/** A session that may only read, of an operator's token, in an agent that opens `root` to it. */
async function startReader() {
  const root = mkdtempSync(path.join(tmpdir(), 'porthole-history-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const agent = await startTestAgent({ settings: { readableRoots: [root], askForTokenStarts: false } });
  const { secret } = await makeToken(agent, 'operator');
  const send = (method: string, target: string, body?: object): Promise<Response> =>
    fetch(`${agent.url}${target}`, {
      method,
      headers: { ...bearer(secret), 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  const started = await (await send('POST', '/api/remote/start', { safety_mode: 'read_only' })).json();
  return { agent, root, secret, send, sessionId: String(started.session_id) };
}

type Reader = Awaited<ReturnType<typeof startReader>>;

async function read({ send, sessionId }: Reader, file: string): Promise<Command> {
  const operation = { operation: 'read_file', path: file, length: MEBIBYTE };
  const asked = await (await send('POST', `/api/remote/execute/${sessionId}`, operation)).json();
  for (;;) {
    const command = await (await send('GET', `/api/remote/commands/${asked.command_id}`)).json();
    if (command.finished_at !== null) return commandSchema.parse(command);
    await new Promise(setImmediate);
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function bytesOnDisk({ folder }: TestAgent): number {
  return readdirSync(folder)
    .filter((name) => name.startsWith('porthole.db'))
    .reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
}

/** What the agent, which is in this process, holds for connections that do not take it. */
function bytesWaiting({ url }: TestAgent): number {
  const port = Number(new URL(url).port);
  const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  return handles
    .filter((handle): handle is Socket => handle instanceof Object && 'localPort' in handle)
    .filter(({ localPort }) => localPort === port)
    .reduce((sum, { writableLength }) => sum + writableLength, 0);
}

describe('a session that only reads', () => {
  it('fills no disk: of 300 reads of 1 MiB its quota stays, and each was answered whole', async () => {
    const reader = await startReader();
    const file = path.join(reader.root, 'large.txt');
    const text = 'It grows, ü. '.repeat(100_000).slice(0, 900_000);
    writeFileSync(file, text);
    const ids: string[] = [];
    for (let count = 0; count < 300; count += 1) {
      const command = await read(reader, file);
      if (command.result?.operation !== 'read_file') throw new Error(command.error?.message);
      expect(command.result.content).toBe(text);
      ids.push(command.command_id);
    }
    expect(bytesOnDisk(reader.agent)).toBeLessThan(COMMAND_LIMITS.sessionContentBytes + OVERHEAD_BYTES);
    // What is gone is known by its digest still.
    const [first] = ids;
    const oldest = await (await reader.send('GET', `/api/remote/commands/${first}`)).json();
    expect(oldest).toMatchObject({
      kept: 'digest',
      result: null,
      result_bytes: Buffer.byteLength(text),
      result_sha256: sha256(text),
    });
    const record = await (await reader.send('GET', `/api/remote/export/${reader.sessionId}`)).text();
    const lines = record.trimEnd().split('\n').slice(1);
    const commands = lines.map((line) => JSON.parse(line) as Command);
    expect(commands.map(({ command_id }) => command_id)).toEqual(ids);
    expect(new Set(commands.map(({ result_sha256 }) => result_sha256))).toEqual(new Set([sha256(text)]));
    const newest = commands.at(-1);
    expect(newest?.kept).toBe('part');
    const content = newest?.result?.operation === 'read_file' ? newest.result.content : '';
    expect(Buffer.byteLength(content)).toBeGreaterThan(65_530);
    expect(text.startsWith(content)).toBe(true);
  }, 120_000);

  it('fills none with what it is refused either', async () => {
    const reader = await startReader();
    const operation = { operation: 'write_file', path: '/tmp/x', content: 'x'.repeat(MEBIBYTE) };
    for (let count = 0; count < 60; count += 1) {
      const answer = await reader.send('POST', `/api/remote/execute/${reader.sessionId}`, operation);
      expect((await answer.json()).error).toBe('read_only_session');
    }
    expect(bytesOnDisk(reader.agent)).toBeLessThan(COMMAND_LIMITS.sessionContentBytes);
  }, 60_000);

  it('holds up nobody with exports that it does not read, of which it gets three', async () => {
    const reader = await startReader();
    const file = path.join(reader.root, 'large.txt');
    writeFileSync(file, '\n'.repeat(MEBIBYTE));
    for (let count = 0; count < 200; count += 1) await read(reader, file);
    const { hostname, port, host } = new URL(reader.agent.url);
    const statuses: number[] = [];
    for (let count = 0; count < 30; count += 1) {
      const socket = connect({ host: hostname, port: Number(port) });
      onTestFinished(() => void socket.destroy());
      socket.once('readable', () => {
        // The head, and nothing more.
        statuses.push(Number(/^HTTP\/1\.1 (\d+)/.exec(String(socket.read(12)))?.[1]));
      });
      socket.write(
        `GET /api/remote/export/${reader.sessionId} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${reader.secret}\r\n\r\n`,
      );
    }
    await expect.poll(() => statuses.length, { timeout: 20_000 }).toBe(30);
    expect(statuses.filter((status) => status === 200)).toHaveLength(MAX_EXPORTS_PER_CALLER);
    expect(statuses.filter((status) => status === 429)).toHaveLength(30 - MAX_EXPORTS_PER_CALLER);
    await expect.poll(() => bytesWaiting(reader.agent), { timeout: 20_000 }).toBeGreaterThan(0);
    expect(bytesWaiting(reader.agent)).toBeLessThan(MAX_EXPORTS_PER_CALLER * LINE_BYTES);
    // The owner is answered meanwhile, and can end it.
    expect((await call(reader.agent, 'GET', '/api/sessions/active')).body.total).toBe(1);
    expect((await call(reader.agent, 'POST', '/api/sessions/stop_all', {})).body.count).toBe(1);
    expect(bytesWaiting(reader.agent)).toBeLessThan(MAX_EXPORTS_PER_CALLER * LINE_BYTES);
  }, 60_000);

  it('gives a terminal no orders by its record', async () => {
    const reader = await startReader();
    const file = path.join(reader.root, 'orders.txt');
    const text = 'a\u009b31mb\u007fc\u202ed\u2028e';
    writeFileSync(file, text);
    const { command_id } = await read(reader, file);
    for (const target of [`/api/remote/export/${reader.sessionId}`, `/api/remote/commands/${command_id}`]) {
      const told = await (await reader.send('GET', target)).text();
      expect(told).not.toMatch(/[\u007f-\u009f\u202e\u2028]/);
      expect(told).toContain('\\u009b31m');
      const last = JSON.parse(told.trimEnd().split('\n').at(-1) ?? '') as Command;
      expect(last.result).toMatchObject({ content: text });
    }
  });
});
