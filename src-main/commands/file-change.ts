import type { DiffLine } from '#shared/command-details';
import { describeChange } from './line-diff.ts';

/** A file as it is, and as it would become. */
export interface FileVersions {
  /** Empty for a file that does not exist; null for one that cannot be shown. */
  readonly before: Uint8Array | null;
  readonly after: Uint8Array;
}

/** What a person is told of a change before they allow it. */
export interface FileChange {
  /** Null where there is no text to be shown. */
  readonly diff: DiffLine[] | null;
  /** A sentence each. */
  readonly warnings: readonly string[];
}

/** Describes changes of files: {@link describeFileChange}, somewhere where it may take its time. Never rejects. */
export type ChangeDescriber = (versions: FileVersions) => Promise<FileChange>;

/** What of a change is shown that was not compared. */
const BEGINNING_BYTES = 64 * 1024;

/** What would change in a file. */
export function describeFileChange({ before, after }: FileVersions): FileChange {
  const warnings: string[] = [];
  const newText = asText(after);
  const oldText = before && asText(before);
  if (newText === null) warnings.push('What it would write is no text and cannot be shown.');
  if (oldText === null) warnings.push('What it would replace cannot be shown.');
  return { diff: newText === null ? null : describeChange(oldText ?? '', newText), warnings };
}

/** The same where there was no time to compare: the beginning of what would be written. */
export function describeWithoutComparing({ after }: FileVersions): FileChange {
  const beginning = asText(after.subarray(0, BEGINNING_BYTES), after.length > BEGINNING_BYTES);
  return {
    diff: beginning === null ? null : describeChange('', beginning),
    warnings: [
      'What would change is too much to be compared in time. Only the beginning of what would be written is shown.',
    ],
  };
}

function asText(bytes: Uint8Array, isCutOff = false): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCutOff });
  } catch {
    return null;
  }
}
