import { shortSessionId } from '#shared/sessions';
import { AgentUnreachable, readRefusal } from '../agent/api-client.ts';

/** A picture for somebody's disk. */
export interface SavedPicture {
  readonly blob: Blob;
  /** With its extension. */
  readonly fileName: string;
}

/**
 * Fetches the screen as it looks now from `url`, in full and without loss. Rejects with `AgentRefusal` or
 * `AgentUnreachable`.
 */
export async function fetchSnapshot(
  url: string,
  fetch: typeof globalThis.fetch,
  sessionId: string,
  atMs: number,
): Promise<SavedPicture> {
  const unreachable = () => new AgentUnreachable('The agent cannot be reached.');
  const response = await fetch(url, { cache: 'no-store' }).catch(() => Promise.reject(unreachable()));
  if (!response.ok) throw (await readRefusal(response)) ?? unreachable();
  return { blob: await response.blob(), fileName: nameSnapshot(sessionId, atMs, 'png') };
}

/** The picture that is shown, as it came. */
export function keepShown(jpeg: Uint8Array<ArrayBuffer>, sessionId: string, atMs: number): SavedPicture {
  return { blob: new Blob([jpeg], { type: 'image/jpeg' }), fileName: nameSnapshot(sessionId, atMs, 'jpg') };
}

/** `porthole-screen_5f6-2026-01-31T12-30-05.png`: sorts by time, and every system takes it. */
export function nameSnapshot(sessionId: string, atMs: number, extension: 'png' | 'jpg'): string {
  const time = new Date(atMs).toISOString().slice(0, 19).replaceAll(':', '-');
  return `porthole-${shortSessionId(sessionId).replaceAll(/[^\w-]/g, '')}-${time}.${extension}`;
}

/** Hands a picture to the browser's downloads. */
export function download({ blob, fileName }: SavedPicture): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // The browser has taken the address by the next turn; until then it must lead somewhere.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
