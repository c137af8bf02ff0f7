import { webcrypto } from 'node:crypto';
import { type CommandResult, type Operation, operationSchema } from '#shared/commands';
import type { CommandRecord, ContentDigests } from './command-record.ts';
import { shortenOutput, withoutBrokenEnd } from './kept-output.ts';

/** The most bytes of an operation, of each output and of a result that go on record. */
export const MAX_KEPT_CONTENT_BYTES = 64 * 1024;
/** What is left of an operation when the rest of its content is gone: enough to say what it was. */
const OPERATION_WORDS_BYTES = 1024;
const LISTED_OPERATION_BYTES = 16 * 1024;
/** Texts up to this length are names and such, and never cut. */
const NAME_BYTES = 64;
const CUT_MARK = '…';

/** What a result's content was, whole; reckoned aside, so that nobody waits while it lasts. */
export async function digestResult(result: CommandResult): Promise<NonNullable<ContentDigests['result']>> {
  const content = contentOf(result);
  const digest = await webcrypto.subtle.digest('SHA-256', content);
  return { bytes: content.length, sha256: Buffer.from(digest).toString('hex') };
}

function contentOf(result: CommandResult): Buffer {
  switch (result.operation) {
    case 'read_file':
      return Buffer.from(result.content, result.encoding);
    case 'screenshot':
      return Buffer.from(result.data, 'base64');
    default:
      return Buffer.from(JSON.stringify(result));
  }
}

/**
 * A command as it goes on record: the same, or with no more than {@link MAX_KEPT_CONTENT_BYTES} of what is longer. Of
 * outputs both ends are kept, of everything else the beginning, of a picture all or nothing. Idempotent.
 */
export function keepPart(record: CommandRecord): CommandRecord {
  const parts = {
    operation: cutOperation(record.operation),
    stdout: shortenOutput(record.stdout, MAX_KEPT_CONTENT_BYTES),
    stderr: shortenOutput(record.stderr, MAX_KEPT_CONTENT_BYTES),
    result: record.result && cutResult(record.result),
  };
  const isWhole = (Object.keys(parts) as (keyof typeof parts)[]).every(
    (name) => parts[name] === record[name],
  );
  return isWhole ? record : { ...record, ...parts, kept: 'part' };
}

/** A command without content: what it was, how it went, and the digests of what is gone. */
export function keepDigest(record: CommandRecord): CommandRecord {
  return {
    ...record,
    operation: shortenOperation(record.operation, OPERATION_WORDS_BYTES),
    stdout: shortenOutput(record.stdout, 0),
    stderr: shortenOutput(record.stderr, 0),
    result: null,
    kept: 'digest',
  };
}

/** An operation as lists tell it: no more than the first 16 KiB of its texts. */
export function shortenForList(operation: Operation): Operation {
  return shortenOperation(operation, LISTED_OPERATION_BYTES);
}

/** A command is written at each step of its way; what is to be kept of one that is long is looked at once. */
const cutOperations = new WeakMap<Operation, Operation>();

function cutOperation(operation: Operation): Operation {
  const known = cutOperations.get(operation);
  if (known) return known;
  const cut = shortenOperation(operation, MAX_KEPT_CONTENT_BYTES);
  cutOperations.set(operation, cut);
  // What was read back is cut already.
  cutOperations.set(cut, cut);
  return cut;
}

interface Room {
  bytes: number;
}

function shortenOperation(operation: Operation, maxBytes: number): Operation {
  if (lengthOf(operation) <= maxBytes) return operation;
  const room: Room = { bytes: maxBytes };
  const fields = Object.entries(operation).map(([name, value]) => [name, cutValue(value, room)]);
  const cut: Record<string, unknown> = Object.fromEntries(fields);
  // Base64 comes in fours, and no mark belongs to it.
  if (operation.operation === 'write_file' && operation.encoding === 'base64') {
    const content = String(cut.content).replace(CUT_MARK, '');
    cut.content = content.slice(0, content.length - (content.length % 4));
  }
  return operationSchema.parse(cut);
}

/** About how many bytes it has as JSON, never fewer than its texts have. */
function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + lengthOf(each), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce((sum, [name, each]) => sum + name.length + lengthOf(each), 0);
}

function cutValue(value: unknown, room: Room): unknown {
  if (typeof value === 'string') return cutText(value, room);
  if (Array.isArray(value)) {
    const kept: unknown[] = [];
    for (const each of value) {
      if (kept.length > 0 && room.bytes <= 0) return [...kept, CUT_MARK];
      kept.push(cutValue(each, room));
    }
    return kept;
  }
  if (typeof value !== 'object' || value === null) return value;
  const kept: Record<string, unknown> = {};
  for (const [name, each] of Object.entries(value)) {
    if (room.bytes <= 0) break;
    room.bytes -= name.length;
    kept[name] = cutValue(each, room);
  }
  return kept;
}

function cutText(text: string, room: Room): string {
  const bytes = Buffer.byteLength(text);
  const most = Math.max(NAME_BYTES, room.bytes);
  room.bytes -= Math.min(bytes, most);
  if (bytes <= most) return text;
  return `${withoutBrokenEnd(Buffer.from(text).subarray(0, most))}${CUT_MARK}`;
}

function cutResult(result: CommandResult): CommandResult {
  switch (result.operation) {
    case 'read_file': {
      const content = cutContent(result.content, result.encoding);
      return content === result.content ? result : { ...result, content };
    }
    case 'screenshot': {
      const isShort = result.data.length <= base64Length(MAX_KEPT_CONTENT_BYTES);
      return isShort ? result : { ...result, data: '' };
    }
    case 'list_directory': {
      const entries = cutList(result.entries);
      return entries === result.entries ? result : { ...result, entries: [...entries], truncated: true };
    }
    case 'list_processes': {
      const processes = cutList(result.processes);
      return processes === result.processes
        ? result
        : { ...result, processes: [...processes], truncated: true };
    }
    default:
      return result;
  }
}

const base64Length = (bytes: number): number => Math.ceil(bytes / 3) * 4;

function cutContent(content: string, encoding: 'utf8' | 'base64'): string {
  if (encoding === 'base64') {
    const most = Math.floor(MAX_KEPT_CONTENT_BYTES / 3) * 4;
    return content.length <= base64Length(MAX_KEPT_CONTENT_BYTES) ? content : content.slice(0, most);
  }
  if (Buffer.byteLength(content) <= MAX_KEPT_CONTENT_BYTES) return content;
  return withoutBrokenEnd(Buffer.from(content).subarray(0, MAX_KEPT_CONTENT_BYTES)).toString();
}

/** The same list, or as many of its first entries as fit. */
function cutList<T>(list: readonly T[]): readonly T[] {
  let bytes = 0;
  for (const [index, each] of list.entries()) {
    bytes += Buffer.byteLength(JSON.stringify(each)) + 1;
    if (bytes > MAX_KEPT_CONTENT_BYTES) return list.slice(0, index);
  }
  return list;
}
