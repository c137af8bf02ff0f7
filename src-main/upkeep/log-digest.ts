import { z } from 'zod';
import { scrubSecrets } from '../scrub-secrets.ts';
import { Turns } from '../turns.ts';

/** What of a line is no text of anybody's: the agent's own words, names and numbers. */
const LINE_FIELDS = [
  'time',
  'level',
  'seq',
  'event',
  'session_id',
  'approval_id',
  'viewer_id',
  'command_id',
  'safety_mode',
  'quality',
  'by',
  'decided_by',
  'code',
  'part',
  'key',
  'keys',
  'failures',
  'retryInMs',
  'exitCode',
  'removed',
  'containment',
] as const;

// As long as our secrets are, and as no word or id is.
const LIKE_A_SECRET = /[\w+=-]{40,}/g;

const lineSchema = z.looseObject({ msg: z.string().optional(), event: z.string().optional() });
const errorSchema = z.looseObject({
  type: z.string().optional(),
  message: z.string().optional(),
  stack: z.string().optional(),
  code: z.union([z.string(), z.number()]).optional(),
});

/** So many lines are passed over between two looks at the time. */
const LOOKS_BETWEEN_TURNS = 1024;
/** Longer lines are left out: none of the agent's own words are that long. */
const MAX_LINE_LENGTH = 32 * 1024;
/** So much is cleaned at once. */
const BATCH_LENGTH = 32 * 1024;

/**
 * The last `maxLines` of a log as JSON lines, without what people wrote: of events, which hold reasons and names, the
 * message is left out, and of every line each field that is not known to be the agent's own. `home` is written as `~`.
 * Lets others have their turn meanwhile.
 */
export async function digestLog(text: string, maxLines: number, home: string): Promise<string> {
  const turns = new Turns();
  const digests: string[] = [];
  let batch: string[] = [];
  let length = 0;
  const finishBatch = (): void => {
    if (batch.length > 0) digests.push(withoutPrivate(batch.join('\n'), home));
    batch = [];
    length = 0;
  };
  for (const line of await lastLines(text, maxLines, turns)) {
    const digest = line.length > MAX_LINE_LENGTH ? null : digestLine(line);
    if (digest !== null) {
      batch.push(JSON.stringify(digest));
      length += line.length + 1;
    }
    if (length >= BATCH_LENGTH) finishBatch();
    if (turns.isOver) await turns.next();
  }
  finishBatch();
  return digests.join('\n');
}

/** The last lines that are not empty, in their order. */
async function lastLines(text: string, most: number, turns: Turns): Promise<string[]> {
  const lines: string[] = [];
  let looks = 0;
  for (let end = text.length; end > 0 && lines.length < most; ) {
    const start = text.lastIndexOf('\n', end - 1) + 1;
    if (start < end) lines.push(text.slice(start, end));
    end = start - 1;
    looks += 1;
    if (looks % LOOKS_BETWEEN_TURNS === 0 && turns.isOver) await turns.next();
  }
  return lines.reverse();
}

/** `text` without secrets, and without the name that a home folder tells. */
export function withoutPrivate(text: string, home: string): string {
  const scrubbed = scrubSecrets(text).replace(LIKE_A_SECRET, '[secret]');
  return home === '' || home === '/' ? scrubbed : scrubbed.replaceAll(home, '~');
}

function digestLine(line: string): object | null {
  const parsed = lineSchema.safeParse(parseJson(line));
  // The end of a line that the process was killed in.
  if (!parsed.success) return null;
  const fields = new Map(Object.entries(parsed.data));
  const digest: Record<string, unknown> = {};
  for (const name of LINE_FIELDS) if (fields.has(name)) digest[name] = fields.get(name);
  const error = errorSchema.safeParse(fields.get('err'));
  if (error.success) {
    const { type, code, stack } = error.data;
    // The stack without its first line: the message, which may repeat what somebody sent.
    const frames = stack?.split('\n').filter((frame) => /^\s+at /.test(frame));
    digest.err = { type, code, frames };
  }
  if (parsed.data.event === undefined) digest.msg = parsed.data.msg;
  return digest;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
