import { PortholeError } from '#shared/errors';
import type { UpdateState } from '#shared/updates';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { SettingsStore } from '../settings/settings-store.ts';
import type { AdvisoryBoard } from './advisory-board.ts';
import { type FeedFetch, type Release, readOffer, UpdateRefusal } from './update-feed.ts';

/** How the desktop, which knows how this copy was installed, updates it. */
export interface Updater {
  /** Why this copy is never updated, as a sentence; null if it may be. */
  readonly unavailable: string | null;
  /** The file in the server's folder that announces releases for this system. */
  readonly channelFile: string;
  /** What a file must end with to replace this copy; null where that is left to the person. */
  readonly extension: string | null;
  readonly fetch: FeedFetch;
  /**
   * Downloads `release` and holds it against its hash; resolves once it is ready to be installed at the end of this run.
   * Rejects with {@link UpdateRefusal} for a server that does not keep to what it announced.
   */
  download(release: Release, signal: AbortSignal, onProgress: (part: number) => void): Promise<void>;
}

/** For a copy that nobody has said anything of. */
export const NO_UPDATER: Updater = {
  unavailable: 'This copy of Porthole is not updated by itself.',
  channelFile: '',
  extension: null,
  fetch: () => Promise.reject(new Error('there are no updates')),
  download: () => Promise.reject(new Error('there are no updates')),
};

/** What an {@link UpdateService} works with. */
export interface UpdateServiceOptions {
  readonly settings: SettingsStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly updater: Updater;
  readonly version: string;
  readonly advisories: AdvisoryBoard;
  /** Tells the person at the machine. */
  readonly tell: (title: string, body: string) => void;
}

const FIRST_CHECK_MS = 15_000;
const CHECK_EVERY_MS = 24 * 60 * 60_000;
/** However soon a busy server wants to be asked again. */
const SOONEST_CHECK_MS = 60_000;
const CHECK_TIMEOUT_MS = 20_000;
// Nothing came for so long: the server hangs.
const STALL_TIMEOUT_MS = 60_000;

/**
 * Looks for updates once a day where an address is set, says what it found, downloads only when the person says so.
 * Whatever the server does, the agent stays as it is.
 */
export class UpdateService {
  readonly #options: UpdateServiceOptions;
  readonly #unsubscribe: () => void;
  #state: Omit<UpdateState, 'version'>;
  #release: Release | null = null;
  /** The version that the person has been told of. */
  #told: string | null = null;
  #cancelCheck: () => void = () => undefined;
  #work: AbortController | null = null;
  #address: string;

  constructor(options: UpdateServiceOptions) {
    this.#options = options;
    this.#address = options.settings.current.updateUrl;
    this.#state = this.#idleState();
    this.#unsubscribe = options.settings.subscribe(({ updateUrl }) => this.#follow(updateUrl));
    this.#schedule(FIRST_CHECK_MS);
  }

  get state(): UpdateState {
    return { ...this.#state, version: this.#options.version };
  }

  /** Asks the update server now; settles when it has answered or is given up on. Throws `updates_unavailable`. */
  async check(): Promise<UpdateState> {
    this.#assertAvailable();
    if (!['downloading', 'ready', 'checking'].includes(this.#state.state)) await this.#check();
    return this.state;
  }

  /** Begins to download what was found, and answers at once. Throws `updates_unavailable` and `no_update`. */
  download(): UpdateState {
    this.#assertAvailable();
    if (this.#state.state === 'downloading' || this.#state.state === 'ready') return this.state;
    const release = this.#release;
    if (!release) throw new PortholeError('no_update');
    void this.#download(release);
    return this.state;
  }

  /** Ends whatever is under way. */
  close(): void {
    this.#unsubscribe();
    this.#cancelCheck();
    this.#drop();
  }

  /** What was under way has nothing more to say. */
  #drop(): void {
    const work = this.#work;
    this.#work = null;
    work?.abort();
  }

  #assertAvailable(): void {
    const { state, message } = this.#state;
    if (state === 'off' || state === 'unavailable') throw new PortholeError('updates_unavailable', message);
  }

  #idleState(): Omit<UpdateState, 'version'> {
    const nothing = { latest: null, progress: null, checked_at: null };
    if (this.#address === '')
      return { ...nothing, state: 'off', message: 'No address of an update server is set.' };
    const { unavailable } = this.#options.updater;
    if (unavailable !== null) return { ...nothing, state: 'unavailable', message: unavailable };
    return { ...nothing, state: 'current', message: 'Updates have not been looked for yet.' };
  }

  #follow(address: string): void {
    if (address === this.#address) return;
    this.#address = address;
    this.#drop();
    this.#release = null;
    this.#show(this.#idleState());
    this.#schedule(0);
  }

  #schedule(delayMs: number): void {
    this.#cancelCheck();
    if (this.#state.state === 'off' || this.#state.state === 'unavailable') return;
    this.#cancelCheck = this.#options.clock.after(delayMs, () => {
      this.#schedule(CHECK_EVERY_MS);
      void this.check();
    });
  }

  async #check(): Promise<void> {
    const { updater, version, clock } = this.#options;
    const address = this.#address;
    const work = this.#begin(CHECK_TIMEOUT_MS);
    this.#show({ ...this.#state, state: 'checking', message: 'Looking for updates…' });
    try {
      const { channelFile, extension, fetch } = updater;
      const { signal } = work.controller;
      const offer = await readOffer({
        address,
        channelFile,
        extension,
        currentVersion: version,
        fetch,
        signal,
        nowMs: clock.wallMs(),
      });
      if (this.#work !== work.controller) return;
      const checked = { progress: null, checked_at: new Date(clock.wallMs()).toISOString() };
      this.#release = offer.kind === 'newer' ? offer.release : null;
      switch (offer.kind) {
        case 'current':
          this.#show({
            ...checked,
            state: 'current',
            latest: null,
            message: `Porthole ${version} is the newest.`,
          });
          break;
        case 'older': {
          const message = `The update server offers Porthole ${offer.version}, which is older than ${version}; it is not taken.`;
          this.#fail(message, { ...checked, latest: null });
          break;
        }
        case 'newer':
          this.#found(offer.version, checked);
      }
    } catch (error) {
      if (this.#work !== work.controller) return;
      this.#release = null;
      this.#fail(this.#explain(error), { ...this.#state, latest: null });
      if (!(error instanceof UpdateRefusal)) return;
      // Whoever is offline knows that without a banner.
      if (error.isOutage) this.#options.advisories.put('update', null);
      // Nobody asks sooner than the server wants, but the person, who may.
      if (error.retryAfterSeconds !== null)
        this.#schedule(Math.max(SOONEST_CHECK_MS, error.retryAfterSeconds * 1000));
    } finally {
      work.end();
    }
  }

  #found(latest: string, checked: Pick<UpdateState, 'progress' | 'checked_at'>): void {
    const how = this.#release
      ? 'It is downloaded when you say so.'
      : `Get it where you got this one, or from ${this.#address}.`;
    const message = `Porthole ${latest} is there. ${how}`;
    this.#show({ ...checked, state: 'available', latest, message });
    if (this.#told === latest) return;
    this.#told = latest;
    this.#options.tell(`⬆️ Porthole ${latest} is there`, `You have ${this.#options.version}. ${how}`);
  }

  async #download(release: Release): Promise<void> {
    const { version: latest } = release;
    const work = this.#begin(STALL_TIMEOUT_MS);
    const downloading = (progress: number): void => {
      if (this.#work !== work.controller) return;
      work.prolong();
      const message = `Porthole ${latest} is being downloaded: ${Math.floor(progress * 100)} %.`;
      this.#show({ ...this.#state, state: 'downloading', latest, progress, message });
    };
    downloading(0);
    try {
      await Promise.race([
        this.#options.updater.download(release, work.controller.signal, downloading),
        rejectOnAbort(work.controller.signal),
      ]);
      if (this.#work !== work.controller) return;
      const message = `Porthole ${latest} is ready. It is installed when you quit this one.`;
      this.#show({ ...this.#state, state: 'ready', latest, progress: null, message });
      this.#options.tell(`⬆️ Porthole ${latest} is ready`, 'It is installed when you quit this one.');
    } catch (error) {
      if (this.#work === work.controller) this.#fail(this.#explain(error), this.#state);
    } finally {
      work.end();
    }
  }

  /** Work that is given up on after `timeoutMs`, counted anew each time that it is prolonged. */
  #begin(timeoutMs: number): { controller: AbortController; prolong(): void; end(): void } {
    const controller = new AbortController();
    this.#drop();
    this.#work = controller;
    let cancel = (): void => undefined;
    const prolong = (): void => {
      cancel();
      cancel = this.#options.clock.after(timeoutMs, () => controller.abort());
    };
    prolong();
    return { controller, prolong, end: () => cancel() };
  }

  #explain(error: unknown): string {
    if (error instanceof UpdateRefusal) return error.message;
    this.#options.log.error({ err: error }, 'an update failed');
    return 'The update failed; the log says why.';
  }

  #fail(message: string, rest: Pick<UpdateState, 'latest' | 'checked_at'>): void {
    this.#options.log.warn({}, message);
    const { latest, checked_at } = rest;
    this.#show({ latest, checked_at, progress: null, state: 'failed', message });
  }

  #show(state: Omit<UpdateState, 'version'>): void {
    this.#state = state;
    const { message } = state;
    const { advisories } = this.#options;
    switch (state.state) {
      case 'available': {
        const action = this.#release ? 'download_update' : null;
        advisories.put('update', { level: 'info', title: 'An update.', message, action });
        break;
      }
      case 'downloading':
      case 'ready':
        advisories.put('update', { level: 'info', title: 'An update.', message, action: null });
        break;
      case 'failed': {
        // The person wanted it, or is to know that somebody tries to put something else in its place.
        const action = this.#release ? 'download_update' : null;
        advisories.put('update', { level: 'problem', title: 'No update.', message, action });
        break;
      }
      case 'checking':
        break;
      default:
        advisories.put('update', null);
    }
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const refuse = (): void => reject(new UpdateRefusal('The update server stopped sending.'));
    if (signal.aborted) refuse();
    else signal.addEventListener('abort', refuse, { once: true });
  });
}
