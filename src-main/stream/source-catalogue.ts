import { PortholeError } from '#shared/errors';
import type { FrameSize } from '#shared/presets';
import type { SharedSource, ShareSource } from '#shared/sources';
import { stripMisleadingCharacters } from '#shared/text';
import type { Clock } from '../clock.ts';
import { Turns } from '../turns.ts';
import type { ListedSource, ScreenSource, SourceListing } from './screen-source.ts';

/** For how long a picture of all sources is good: whoever looks on gets a new one every other second. */
const THUMBNAILS_MS = 1500;
const THUMBNAIL_SIZE: FrameSize = { widthPx: 320, heightPx: 180 };
const MAX_NAME_LENGTH = 200;
/** So much of a title is looked at; a window may have one of any length. */
const MAX_TITLE_LENGTH = 4 * MAX_NAME_LENGTH;
const MAX_SOURCES = 200;

/** Which screens and windows can be shared now, with pictures of them that are taken only when somebody looks. */
export class SourceCatalogue {
  readonly #screen: ScreenSource;
  readonly #clock: Clock;
  #pictures: Promise<SourceListing> | null = null;
  #picturesAtMs = 0;
  #isLocked = false;

  constructor(screen: ScreenSource, clock: Clock) {
    this.#screen = screen;
    this.#clock = clock;
  }

  /** What can be shared now, screens first. Throws `no_screen` and `screen_permission_denied`. */
  async list(): Promise<ShareSource[]> {
    this.#screen.assertAvailable();
    const { sources } = await this.#screen.list(null);
    const turns = new Turns();
    const listed: ShareSource[] = [];
    for (const source of sources.slice(0, MAX_SOURCES)) {
      listed.push({ ...source, name: cleanName(source), thumbnail_url: thumbnailUrl(source.id) });
      if (turns.isOver) await turns.next();
    }
    return listed;
  }

  /** The source of this id. Throws `source_not_found`, and what {@link list} throws. */
  async find(sourceId: string): Promise<SharedSource> {
    const source = (await this.list()).find(({ id }) => id === sourceId);
    if (!source) throw new PortholeError('source_not_found');
    const { id, name, kind } = source;
    return { id, name, kind };
  }

  /**
   * A JPEG of a source, at most 320x180 and 1.5 s old: all of them are taken at once, for everybody who looks. Throws
   * `source_not_found` for a source that is not there or gives no picture, as none does while the screen counts as
   * locked, and what {@link list} throws.
   */
  async thumbnail(sourceId: string): Promise<Buffer> {
    this.#screen.assertAvailable();
    const pictures = this.#isLocked ? null : await this.#lookAround();
    // It may have been locked while they were taken.
    const picture = this.#isLocked ? null : pictures?.thumbnail(sourceId);
    if (!picture) throw new PortholeError('source_not_found');
    return picture;
  }

  /** While the screen counts as locked there are no pictures: those of windows would show what the locker covers. */
  setLocked(isLocked: boolean): void {
    this.#isLocked = isLocked;
    this.#pictures = null;
  }

  #lookAround(): Promise<SourceListing> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#pictures && nowMs - this.#picturesAtMs < THUMBNAILS_MS) return this.#pictures;
    this.#picturesAtMs = nowMs;
    const taken = this.#screen.list(THUMBNAIL_SIZE);
    this.#pictures = taken;
    taken.catch(() => {
      if (this.#pictures === taken) this.#pictures = null;
    });
    return taken;
  }
}

function thumbnailUrl(sourceId: string): string {
  return `/api/screen_share/sources/${encodeURIComponent(sourceId)}/thumbnail`;
}

/** Titles come from other programs, and some windows have none. */
function cleanName({ name, kind }: ListedSource): string {
  const clean = [...stripMisleadingCharacters(name.slice(0, MAX_TITLE_LENGTH)).trim()]
    .slice(0, MAX_NAME_LENGTH)
    .join('');
  return clean || `Untitled ${kind}`;
}
