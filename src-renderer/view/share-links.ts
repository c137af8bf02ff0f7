import type { ShareAddress } from './share-address.ts';

/** What a snapshot is asked for with. */
export interface SnapshotWish {
  readonly format: 'jpeg' | 'png';
  /** The largest width in pixels; the picture's own if it is left out. */
  readonly widthPx?: number;
}

/** The addresses at which the agent serves one share, each with the key if there is one. */
export function createShareLinks({ sessionId, key }: ShareAddress) {
  const stream = `/stream/${encodeURIComponent(sessionId)}`;
  const withQuery = (path: string, more: Readonly<Record<string, string>> = {}): string => {
    const query = new URLSearchParams({ ...more, ...(key === null ? {} : { key }) });
    return query.size === 0 ? path : `${path}?${query}`;
  };
  return {
    /** Without the key: what the others begin with. */
    streamPath: stream,
    // Over a slow link the page takes small pictures while something moves.
    stream: withQuery(stream, { adaptive: '1' }),
    snapshot: ({ format, widthPx }: SnapshotWish): string =>
      withQuery(`${stream}/snapshot`, {
        format,
        ...(widthPx === undefined ? {} : { width: String(Math.round(widthPx)) }),
      }),
    /** What the event socket is asked with. */
    events: { session_id: sessionId, ...(key === null ? {} : { key }) },
  };
}

/** See {@link createShareLinks}. */
export type ShareLinks = ReturnType<typeof createShareLinks>;
