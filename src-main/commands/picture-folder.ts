import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeOwnFile } from '../files/own-file.ts';

/** Before a command ran, or after. */
export type Moment = 'before' | 'after';

/** The most bytes that all pictures may take. */
export const MAX_PICTURE_BYTES = 500_000_000;
/** When new ones take this part of it, all of them are added up. */
const LOOKS = 20;

const FILE_NAME = /^command_[0-9a-f]+-(?:before|after)\.jpg$/;

interface KeptPicture {
  readonly file: string;
  readonly bytes: number;
  readonly takenAtMs: number;
}

/** Keeps the pictures that were taken of commands, a file each; the oldest make room for new ones. */
export class PictureFolder {
  readonly #folder: string;
  readonly #maxBytes: number;
  /** Since all were added up. */
  #newBytes = 0;

  /** `folder` is made when the first picture comes. */
  constructor(folder: string, maxBytes = MAX_PICTURE_BYTES) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /** Where a picture is kept, whether or not there is one. */
  fileOf(commandId: string, moment: Moment): string {
    return path.join(this.#folder, `${commandId}-${moment}.jpg`);
  }

  /** Keeps a picture; it is on the disk when this resolves. */
  async save(commandId: string, moment: Moment, jpeg: Buffer): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeOwnFile(this.fileOf(commandId, moment), jpeg);
    this.#newBytes += jpeg.length;
    if (this.#newBytes > this.#maxBytes / LOOKS) await this.prune(0);
  }

  /** Removes the pictures that were taken before `wallMs`, and the oldest of too many; answers how many. */
  async prune(wallMs: number): Promise<number> {
    this.#newBytes = 0;
    const pictures = await this.#list();
    let bytes = pictures.reduce((sum, picture) => sum + picture.bytes, 0);
    let removed = 0;
    for (const picture of pictures.sort((one, other) => one.takenAtMs - other.takenAtMs)) {
      if (picture.takenAtMs >= wallMs && bytes <= this.#maxBytes) break;
      await rm(picture.file, { force: true });
      bytes -= picture.bytes;
      removed += 1;
    }
    return removed;
  }

  async #list(): Promise<KeptPicture[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const pictures: KeptPicture[] = [];
    for (const name of names.filter((candidate) => FILE_NAME.test(candidate))) {
      const file = path.join(this.#folder, name);
      // Another look may have removed it.
      const found = await stat(file).catch(() => null);
      if (found) pictures.push({ file, bytes: found.size, takenAtMs: found.mtimeMs });
    }
    return pictures;
  }
}
