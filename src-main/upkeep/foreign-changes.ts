import type { Advisory } from '#shared/advisories';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { SettingsStore } from '../settings/settings-store.ts';

/** What {@link ForeignChanges} watch over. */
export interface ForeignChangesOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether the database was written to by somebody else since that was asked last, or another put in its place. */
  readonly database: { readonly haveWritten: () => boolean; readonly haveReplaced: () => boolean };
  /** What gives rights there, each by its name: puts back what others have changed, and answers how much that was. */
  readonly rights: Readonly<Record<string, () => number>>;
  readonly settings: SettingsStore;
  /** Whether a command that could write the settings file has run. */
  readonly maySettingsBeWritten: () => boolean;
  /** Told of each time that something was put back. */
  readonly onFound: (advisory: Omit<Advisory, 'advisory_id'>) => void;
}

/** More often than anybody restarts an agent; one look costs microseconds. */
const LOOK_MS = 1000;

/**
 * What others write into the agent's files while it runs does not count: what the agent itself has written there is put
 * back, and the person is told. It is no wall: who ends the agent first can write what they like. Where commands do not
 * see the files there is nothing to find.
 */
export class ForeignChanges {
  readonly #options: ForeignChangesOptions;
  readonly #unguard: () => void;
  #cancelLook: () => void = () => undefined;
  #isClosed = false;

  constructor(options: ForeignChangesOptions) {
    this.#options = options;
    this.#unguard = options.settings.guard(options.maySettingsBeWritten, (keys, aside) => {
      const kept = aside === null ? '' : ` What it said is kept as ${aside}.`;
      this.#tell(
        `Something else than Porthole has changed the settings file (${keys.join(', ')}), after a command had run that could. Porthole’s own was put back.${kept} If it was you: change settings here, or in the file while Porthole does not run.`,
      );
    });
    this.#lookLater();
  }

  /** Looks for the last time. To be called when no command runs any more, before the database is closed. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelLook();
    this.#lookAtRights();
    await this.#options.settings.holdFile();
    this.#unguard();
  }

  #lookLater(): void {
    this.#cancelLook = this.#options.clock.after(LOOK_MS, () => {
      this.#lookAtRights();
      void this.#options.settings.holdFile().then(() => {
        if (!this.#isClosed) this.#lookLater();
      });
    });
  }

  #lookAtRights(): void {
    const { database, rights, log } = this.#options;
    try {
      if (database.haveReplaced())
        this.#tell(
          'Something else than Porthole has put another file in the place of its database. What that says counts from the next start: look at tokens and webhooks then.',
        );
      if (!database.haveWritten()) return;
      const found = Object.entries(rights)
        .map(([name, putBack]) => ({ name, count: putBack() }))
        .filter(({ count }) => count > 0);
      if (found.length === 0) return;
      const what = found.map(({ name, count }) => `${name} (${count})`).join(', ');
      this.#tell(
        `Something else than Porthole has changed its database: ${what}. It was put back as it was.`,
      );
    } catch (error) {
      log.error({ err: error }, 'whether others have changed the database could not be looked at');
    }
  }

  #tell(message: string): void {
    const title = 'Another program has changed Porthole’s files.';
    this.#options.log.warn({ advisory: 'foreign_changes' }, `${title} ${message}`);
    this.#options.onFound({ level: 'problem', title, message, action: null });
  }
}
