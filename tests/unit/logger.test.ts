import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createLogger, GatheredLines } from '../../src-main/logger.ts';

/** A disk that takes its time: each piece is written when the test says so. */
function openSlowDisk() {
  const pieces: string[] = [];
  let finish: ((error?: Error) => void) | null = null;
  const stream = new Writable({
    decodeStrings: false,
    write: (piece: string, _encoding, done) => {
      pieces.push(piece);
      finish = done;
    },
  });
  const errors: Error[] = [];
  stream.on('error', (error) => errors.push(error));
  const turn = async (error?: Error): Promise<void> => {
    finish?.(error);
    await new Promise(setImmediate);
  };
  return { stream, pieces, errors, turn };
}

describe('gatheredLines', () => {
  it('writes the first line at once, and those that come meanwhile together', async () => {
    const { stream, pieces, turn } = openSlowDisk();
    const lines = new GatheredLines(stream);
    lines.write('1\n');
    expect(pieces).toEqual(['1\n']);
    for (const line of ['2\n', '3\n', '4\n']) lines.write(line);
    expect(pieces).toEqual(['1\n']);
    await turn();
    expect(pieces).toEqual(['1\n', '2\n3\n4\n']);
    await turn();
    lines.write('5\n');
    expect(pieces.at(-1)).toBe('5\n');
  });

  it('loses nothing at the end, whatever is being written', async () => {
    const { stream, pieces, turn } = openSlowDisk();
    const lines = new GatheredLines(stream);
    for (const line of ['1\n', '2\n', '3\n']) lines.write(line);
    const ended = lines.end();
    await turn();
    await turn();
    await ended;
    expect(pieces.join('')).toBe('1\n2\n3\n');
  });

  it('hands over what is not certainly written, once', async () => {
    const { stream, turn } = openSlowDisk();
    const lines = new GatheredLines(stream);
    lines.write('1\n');
    await turn();
    for (const line of ['2\n', '3\n']) lines.write(line);
    expect(lines.takeAll()).toBe('2\n3\n');
    expect(lines.takeAll()).toBe('');
  });

  it('ends when the disk has refused, and goes on being written to', async () => {
    const { stream, errors, turn } = openSlowDisk();
    const lines = new GatheredLines(stream);
    lines.write('1\n');
    lines.write('2\n');
    await turn(new Error('no space'));
    lines.write('3\n');
    await lines.end();
    expect(errors.map(({ message }) => message)).toContain('no space');
  });
});

describe('createLogger', () => {
  it('has every line in the file once it is flushed, in order', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'porthole-log-'));
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    onTestFinished(() => {
      stderr.mockRestore();
      rmSync(folder, { recursive: true, force: true });
    });
    const { log, flush } = createLogger(folder);
    for (let number = 0; number < 500; number += 1) log.info({ number }, 'it went on');
    await flush();
    const written = readFileSync(path.join(folder, 'porthole.log'), 'utf8').trimEnd().split('\n');
    expect(written.map((line) => JSON.parse(line).number)).toEqual(
      Array.from({ length: 500 }, (_, index) => index),
    );
    expect(stderr).toHaveBeenCalledTimes(500);
  });
});
