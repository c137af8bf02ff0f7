import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeOwnFile } from '../files/own-file.ts';

/** Before a command ran, or after. */
export type Moment = 'before' | 'after';

const FILE_NAME = /^command_[0-9a-f]+-(?:before|after)\.jpg$/;

/** Keeps the pictures that were taken of commands, a file each. */
export class PictureFolder {
  readonly #folder: string;

  /** `folder` is made when the first picture comes. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Where a picture is kept, whether or not there is one. */
  fileOf(commandId: string, moment: Moment): string {
    return path.join(this.#folder, `${commandId}-${moment}.jpg`);
  }

  /** Keeps a picture; it is on the disk when this resolves. */
  async save(commandId: string, moment: Moment, jpeg: Buffer): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeOwnFile(this.fileOf(commandId, moment), jpeg);
  }

  /** Removes the pictures that were taken before `wallMs`; answers how many. */
  async prune(wallMs: number): Promise<number> {
    const names = await readdir(this.#folder).catch(() => []);
    let removed = 0;
    for (const name of names.filter((candidate) => FILE_NAME.test(candidate))) {
      const file = path.join(this.#folder, name);
      if ((await stat(file)).mtimeMs >= wallMs) continue;
      await rm(file, { force: true });
      removed += 1;
    }
    return removed;
  }
}
