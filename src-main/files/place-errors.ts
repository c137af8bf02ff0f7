/** Where a file's content cannot be exchanged in one step; `message` is a sentence that says why. Nothing has changed. */
export class NotReplaceable extends Error {
  override readonly name = 'NotReplaceable';
}

/** Something was put where a new file was to be, or another file in the place of the old one. Nothing has changed. */
export class PlaceTaken extends Error {
  override readonly name = 'PlaceTaken';
}

/** A folder, a device, a pipe or a socket is there. Nothing has changed. */
export class NoFile extends Error {
  override readonly name = 'NoFile';
}

/** The system's own code of an error, such as `ENOENT`; empty for other errors. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
