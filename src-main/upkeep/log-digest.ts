import { z } from 'zod';
import { scrubSecrets } from '../scrub-secrets.ts';

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

/**
 * The last `maxLines` of a log as JSON lines, without what people wrote: of events, which hold reasons and names, the
 * message is left out, and of every line each field that is not known to be the agent's own. `home` is written as `~`.
 */
export function digestLog(text: string, maxLines: number, home: string): string {
  const lines = text.split('\n').filter((line) => line !== '');
  const kept = lines.slice(-maxLines).flatMap((line) => {
    const digest = digestLine(line);
    return digest === null ? [] : [JSON.stringify(digest)];
  });
  return withoutPrivate(kept.join('\n'), home);
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
