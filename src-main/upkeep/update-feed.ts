import { JSON_SCHEMA, load } from 'js-yaml';
import { gt, lt } from 'semver';
import { z } from 'zod';
import { BodyTooLarge, readBoundedBody } from '../outgoing/bounded-body.ts';
import { readRetryAfter } from '../outgoing/retry-after.ts';

/** A release that can be downloaded. */
export interface Release {
  readonly version: string;
  readonly url: URL;
  /** SHA-512 of the file in base64. */
  readonly sha512: string;
  readonly sizeBytes: number;
}

/** What an update server has, against what runs. */
export type Offer =
  | { readonly kind: 'current' }
  | { readonly kind: 'older'; readonly version: string }
  /** `release` is null where this copy cannot put it in place by itself. */
  | { readonly kind: 'newer'; readonly version: string; readonly release: Release | null };

/** The update server did or said something that is not gone along with; the message is a sentence for people. */
export class UpdateRefusal extends Error {
  override readonly name = 'UpdateRefusal';
  /** Whether the server is only out of reach, as any is at times. */
  readonly isOutage: boolean;
  /** How long the server asks to be left alone, if it does. */
  readonly retryAfterSeconds: number | null;

  constructor(
    message: string,
    more: { readonly isOutage?: boolean; readonly retryAfterSeconds?: number | null } = {},
  ) {
    super(message);
    this.isOutage = more.isOutage ?? false;
    this.retryAfterSeconds = more.retryAfterSeconds ?? null;
  }
}

/** A `fetch` as far as reading a feed needs one. */
export type FeedFetch = (url: string, init: RequestInit) => Promise<Response>;

/** Where releases are announced, and what kind of file this copy can use. */
export interface FeedOptions {
  /** The address that the person has set, a folder; HTTPS, or on this machine. */
  readonly address: string;
  /** The file in it that announces the newest release, as electron-builder writes it. */
  readonly channelFile: string;
  /** What a file must end with to be for this copy, such as `.AppImage`; null if it can use none. */
  readonly extension: string | null;
  readonly currentVersion: string;
  readonly fetch: FeedFetch;
  /** Ends the reading when it takes too long. */
  readonly signal: AbortSignal;
  /** The wall clock, to read dates against. */
  readonly nowMs: number;
}

/** Statuses that say that the server is too busy, and nothing of what it has. */
const BUSY_STATUSES: ReadonlySet<number> = new Set([429, 503]);

const MAX_FEED_BYTES = 64 * 1024;
const MAX_RELEASE_BYTES = 1024 * 1024 * 1024;

// One folder, one file: names that lead nowhere else.
const fileSchema = z.object({
  url: z.string().regex(/^[\w][\w .+-]{0,199}$/, 'names a file elsewhere'),
  sha512: z.string().regex(/^[A-Za-z0-9+/]{86}==$/, 'has no SHA-512'),
  size: z.int().positive().max(MAX_RELEASE_BYTES),
});
const feedSchema = z.object({
  version: z.string().regex(/^\d{1,5}\.\d{1,5}\.\d{1,5}(-[0-9A-Za-z.-]{1,40})?$/),
  files: z.array(fileSchema).min(1).max(50),
});

/**
 * Asks an update server what it has, and believes only what is whole and plain. Rejects with {@link UpdateRefusal} for
 * whatever else it does; nothing is downloaded but the announcement, of which no more than 64 KiB are read.
 */
export async function readOffer(options: FeedOptions): Promise<Offer> {
  const { channelFile, currentVersion, extension } = options;
  if (!URL.canParse(options.address)) throw new UpdateRefusal(`${options.address} is no address.`);
  const folder = new URL(options.address.endsWith('/') ? options.address : `${options.address}/`);
  const text = await fetchText(new URL(channelFile, folder), options);
  const { version, files } = parseFeed(text, channelFile);
  if (lt(version, currentVersion)) return { kind: 'older', version };
  if (!gt(version, currentVersion)) return { kind: 'current' };
  if (extension === null) return { kind: 'newer', version, release: null };
  const file = files.find(({ url }) => url.endsWith(extension));
  if (!file)
    throw new UpdateRefusal(`The update server has Porthole ${version}, but no ${extension} file of it.`);
  const url = new URL(encodeURIComponent(file.url), folder);
  return {
    kind: 'newer',
    version,
    release: { version, url, sha512: file.sha512, sizeBytes: file.size },
  };
}

async function fetchText(url: URL, { fetch, signal, nowMs }: FeedOptions): Promise<string> {
  let response: Response;
  try {
    // A redirect may lead to another host, or out of HTTPS.
    response = await fetch(url.href, { signal, redirect: 'error', credentials: 'omit' });
  } catch (error) {
    if (signal.aborted) throw tooLate();
    const why = explain(error);
    if (/redirect/i.test(why)) throw new UpdateRefusal('The update server sends elsewhere whoever asks it.');
    throw new UpdateRefusal(`The update server cannot be reached (${why}).`, { isOutage: true });
  }
  if (!response.ok) {
    await response.body?.cancel();
    const { headers, status } = response;
    const asked = { retryAfter: headers.get('retry-after'), date: headers.get('date') };
    throw new UpdateRefusal(describeStatus(status, url.href), {
      isOutage: BUSY_STATUSES.has(status),
      retryAfterSeconds: BUSY_STATUSES.has(status) ? readRetryAfter(asked, nowMs) : null,
    });
  }
  try {
    return (await readBoundedBody(response, MAX_FEED_BYTES)).toString('utf8');
  } catch (error) {
    if (error instanceof BodyTooLarge)
      throw new UpdateRefusal('The update server sends more than an announcement can be.');
    if (signal.aborted) throw tooLate();
    throw new UpdateRefusal(`The update server broke off its answer (${explain(error)}).`);
  }
}

/** Says in a sentence how the server answered whoever asked for `what`. */
export function describeStatus(status: number, what: string): string {
  return BUSY_STATUSES.has(status)
    ? `The update server is too busy now (it answered ${status}).`
    : `The update server answered ${status} for ${what}.`;
}

function tooLate(): UpdateRefusal {
  return new UpdateRefusal('The update server did not answer in time.', { isOutage: true });
}

function parseFeed(text: string, channelFile: string): z.infer<typeof feedSchema> {
  let content: unknown;
  try {
    content = load(text, { schema: JSON_SCHEMA });
  } catch {
    throw new UpdateRefusal(`What the update server has as ${channelFile} is no announcement of a release.`);
  }
  const parsed = feedSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') || 'all of it';
  throw new UpdateRefusal(
    `What the update server has as ${channelFile} is no announcement of a release: ${where} is not as it must be.`,
  );
}

/** Fetch says what went wrong only in what caused its failure. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
