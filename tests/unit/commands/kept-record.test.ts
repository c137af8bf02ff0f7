import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CommandRecord, createCommandRecord } from '../../../src-main/commands/command-record.ts';
import { KeptOutput } from '../../../src-main/commands/kept-output.ts';
import {
  digestResult,
  keepDigest,
  keepPart,
  MAX_KEPT_CONTENT_BYTES,
} from '../../../src-main/commands/kept-record.ts';
import { readPage } from '../../../src-main/commands/output-page.ts';
import { type CommandResult, type Operation, operationSchema } from '../../../src-shared/commands.ts';
import type { LiveRemote } from '../../../src-shared/sessions.ts';

function recordOf(operation: Operation, more: Partial<CommandRecord> = {}): CommandRecord {
  const bound = {
    operation,
    reading: null,
    program: null,
    target: null,
    meant: null,
    obstacle: null,
    hash: 'abc',
    shownHash: 'abc',
  };
  const session = { session_id: 'remote_00000001', user_id: 'grace' } as LiveRemote;
  return {
    ...createCommandRecord(bound, session, { reason: null, origin: 'this machine', atMs: 0 }),
    ...more,
  };
}

const long = 'x'.repeat(120_000);
const OPERATIONS: Readonly<Record<string, Operation>> = {
  'a script that begins with nothing': { operation: 'shell', script: `${' '.repeat(100_000)}ls` },
  'many arguments': { operation: 'run', argv: Array.from({ length: 4096 }, () => 'y'.repeat(100)) },
  'much environment': {
    operation: 'run',
    argv: ['env'],
    env: Object.fromEntries(Array.from({ length: 4096 }, (_, at) => [`NAME_${at}`, 'z'.repeat(200)])),
  },
  'a long path': { operation: 'stat', path: `/${long}` },
  'content in base64': {
    operation: 'write_file',
    path: '/tmp/x',
    content: Buffer.alloc(1024 * 1024, 7).toString('base64'),
    encoding: 'base64',
  },
  'content under a long path': {
    operation: 'write_file',
    path: `/${long}`,
    content: 'ü'.repeat(300_000),
    encoding: 'utf8',
  },
};

describe('keepPart', () => {
  it.each(Object.entries(OPERATIONS))('keeps an operation of %s short and readable', (_, operation) => {
    for (const kept of [keepPart(recordOf(operation)), keepDigest(recordOf(operation))]) {
      const most = kept.kept === 'part' ? MAX_KEPT_CONTENT_BYTES : 1024;
      expect(Buffer.byteLength(JSON.stringify(kept.operation))).toBeLessThan(most * 1.5 + 1024);
      // As it is read back from the disk.
      expect(operationSchema.parse(JSON.parse(JSON.stringify(kept.operation)))).toEqual(kept.operation);
    }
  });

  it('leaves alone what is short', () => {
    const record = recordOf({ operation: 'run', argv: ['ls'] });
    expect(keepPart(record)).toBe(record);
  });

  it('changes nothing the second time', () => {
    for (const operation of Object.values(OPERATIONS)) {
      const kept = keepPart(recordOf(operation));
      expect(keepPart(JSON.parse(JSON.stringify(kept)))).toEqual(kept);
      const gone = keepDigest(kept);
      expect(keepDigest(gone)).toEqual(gone);
    }
  });

  it('keeps both ends of an output, whose offsets stay those of what was written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), {
          minLength: 1,
          maxLength: 30,
        }),
        fc.integer({ min: 1, max: 6000 }),
        (pieces, times) => {
          const text = pieces.join('').repeat(times).slice(0, 400_000);
          const output = new KeptOutput(256 * 1024);
          output.append(Buffer.from(text));
          const whole = output.toText();
          const { stdout } = keepPart(recordOf({ operation: 'run', argv: ['x'] }, { stdout: whole }));
          expect(Buffer.byteLength(stdout.text)).toBeLessThanOrEqual(MAX_KEPT_CONTENT_BYTES + 100);
          const all = Buffer.from(text).toString();
          const bytes = Buffer.from(text);
          for (let offset = 0; ; ) {
            const page = readPage(stdout, offset, 10_000);
            expect(page.totalBytes).toBe(bytes.length);
            expect(page.text).toBe(bytes.subarray(page.offset, page.nextOffset).toString());
            if (page.nextOffset === page.totalBytes) break;
            offset = page.nextOffset;
          }
          expect(all.startsWith(stdout.text.slice(0, 100)) || all.length < 100).toBe(true);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('keeps the beginning of files and lists, and no part of a picture', () => {
    const file: CommandResult = {
      operation: 'read_file',
      path: '/x',
      content: Buffer.alloc(200_000, 255).toString('base64'),
      encoding: 'base64',
      offset: 0,
      bytes: 200_000,
      size_bytes: 200_000,
      end_of_file: true,
    };
    const entry = {
      name: 'n'.repeat(200),
      kind: 'file' as const,
      size_bytes: 1,
      modified_at: null,
      mode: null,
    };
    const list: CommandResult = {
      operation: 'list_directory',
      path: '/x',
      entries: Array.from({ length: 2000 }, () => entry),
      total: 2000,
      truncated: false,
    };
    const picture: CommandResult = {
      operation: 'screenshot',
      format: 'jpeg',
      width: 1,
      height: 1,
      data: 'A'.repeat(100_000),
    };
    const keptOf = (result: CommandResult) => keepPart(recordOf({ operation: 'system_info' }, { result }));
    const keptFile = keptOf(file);
    expect(keptFile.kept).toBe('part');
    expect(
      keptFile.result?.operation === 'read_file' && Buffer.from(keptFile.result.content, 'base64'),
    ).toEqual(Buffer.alloc(65_535, 255));
    const keptList = keptOf(list).result;
    expect(keptList).toMatchObject({ truncated: true, total: 2000 });
    expect(JSON.stringify(keptList).length).toBeLessThan(MAX_KEPT_CONTENT_BYTES + 200);
    expect(keptOf(picture).result).toEqual({ ...picture, data: '' });
  });

  it('knows a file by the digest of its bytes', async () => {
    const bytes = Buffer.from([1, 2, 255]);
    const result: CommandResult = {
      operation: 'read_file',
      path: '/x',
      content: bytes.toString('base64'),
      encoding: 'base64',
      offset: 0,
      bytes: 3,
      size_bytes: 3,
      end_of_file: true,
    };
    expect(await digestResult(result)).toEqual({
      bytes: 3,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
  });
});
