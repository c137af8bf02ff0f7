import type { Logger } from '../../logger.ts';
import { XServer } from './x-server.ts';

/** The way to this session's X server: connected when it is first needed, and anew when that has broken. */
export class XLink {
  readonly #log: Logger;
  readonly #display: string | undefined;
  #server: Promise<XServer | null> | null = null;
  #closed = false;

  /** `display` is such as `:0`; undefined where nothing is drawn to an X server. */
  constructor(display: string | undefined, log: Logger) {
    this.#display = display;
    this.#log = log;
  }

  /** The server; null where there is none, or where it cannot be asked, which is tried again the next time. */
  async connect(): Promise<XServer | null> {
    if (this.#closed || !this.#display) return null;
    this.#server ??= XServer.connect(this.#display).catch((error: unknown) => {
      this.#log.warn({ err: error }, 'the X server could not be asked');
      return null;
    });
    const asked = this.#server;
    const server = await asked;
    if (server?.isOpen) return server;
    if (this.#server === asked) this.#server = null;
    return null;
  }

  /** Ends the connection. Idempotent. */
  close(): void {
    this.#closed = true;
    void this.#server?.then((server) => server?.close());
  }
}
