import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { OwnHome } from '../../../scripts/own-home.mjs';
import { runProgram, waitForOutput } from './child-process.ts';
import type { TestDisplay } from './test-display.ts';

/** A notification as the server understood it. */
export interface SeenNotification {
  readonly id: number;
  readonly application: string;
  readonly title: string;
  readonly body: string;
  readonly urgency: string;
}

/** A session bus of its own, in a home that belongs to what is started on it too. */
export class SessionBus {
  readonly address: string;
  readonly home: OwnHome;

  private constructor(address: string, home: OwnHome) {
    this.address = address;
    this.home = home;
  }

  /**
   * Starts the bus. It starts no services by itself, so that there is a notification server only where a test puts
   * one; `activates` is a command that it shall start as one.
   */
  static async start(activates?: string): Promise<SessionBus> {
    const home = OwnHome.make('bus');
    const folder = home.place('services');
    const service = `[D-BUS Service]\nName=org.freedesktop.Notifications\nExec=${activates}\n`;
    if (activates) writeFileSync(path.join(folder, 'notifications.service'), service);
    const config = path.join(folder, 'bus.conf');
    writeFileSync(
      config,
      `<busconfig><type>session</type><listen>unix:dir=${folder}</listen><servicedir>${folder}</servicedir>
      <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
      <allow own="*"/></policy></busconfig>`,
    );
    const child = home.spawn('dbus-daemon', ['--nofork', '--print-address=1', `--config-file=${config}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [, address = ''] = await waitForOutput(child, 'stdout', /^(unix:\S+)\n/);
    return new SessionBus(address, home);
  }

  /** Ends it with all that it has started. */
  stop(): Promise<void> {
    return this.home.remove();
  }
}

/** A real notification server, dunst, on a display and a bus of its own. */
export class NotificationServer {
  /** What the environment of a program must say besides for it to be heard. */
  readonly env: { readonly DBUS_SESSION_BUS_ADDRESS: string };
  readonly #seen: string;
  readonly #bus: SessionBus;
  readonly #child: ChildProcess;

  private constructor(bus: SessionBus, seen: string, child: ChildProcess) {
    this.env = { DBUS_SESSION_BUS_ADDRESS: bus.address };
    this.#seen = seen;
    this.#bus = bus;
    this.#child = child;
  }

  static async start(display: TestDisplay): Promise<NotificationServer> {
    const bus = await SessionBus.start();
    const folder = bus.home.place('dunst');
    const seen = path.join(folder, 'seen');
    const env = { ...display.seat, DBUS_SESSION_BUS_ADDRESS: bus.address, PORTHOLE_TEST_SEEN: seen };
    const script = path.join(folder, 'note.sh');
    const fields = ['ID', 'APP_NAME', 'SUMMARY', 'BODY', 'URGENCY'].map((name) => `"$DUNST_${name}"`);
    writeFileSync(
      script,
      `#!/bin/sh\nprintf '%s\\037%s\\037%s\\037%s\\037%s\\036' ${fields.join(' ')} >> "$PORTHOLE_TEST_SEEN"\n`,
      {
        mode: 0o755,
      },
    );
    const config = path.join(folder, 'dunstrc');
    writeFileSync(
      config,
      `[global]\nfont = DejaVu Sans 10\nwidth = 380\nheight = 200\norigin = top-right\nnotification_limit = 20\nmarkup = full
format = "<b>%s</b>\\n%b"\nhistory_length = 100\n[seen]\nscript = ${script}\n`,
    );
    const child = bus.home.spawn('dunst', ['-conf', config], { env, stdio: 'ignore' });
    const server = new NotificationServer(bus, seen, child);
    await server.#untilItAnswers();
    return server;
  }

  /** Everything that was ever shown, oldest first; a replacement counts as shown again. */
  get seen(): SeenNotification[] {
    if (!existsSync(this.#seen)) return [];
    const records = readFileSync(this.#seen, 'utf8').split('\u001e').slice(0, -1);
    return records.map((record) => {
      const [id = '', application = '', title = '', body = '', urgency = ''] = record.split('\u001f');
      return { id: Number(id), application, title, body, urgency };
    });
  }

  /** What the server has put away, newest first: closed, taken back or timed out. */
  history(): { id: number; title: string; body: string }[] {
    const { data } = JSON.parse(this.#control('history').toString());
    const [entries] = data as [Record<string, { data: string | number }>[]];
    return entries.map(({ id, summary, body }) => ({
      id: Number(id?.data),
      title: String(summary?.data),
      body: String(body?.data),
    }));
  }

  /** How many notifications can be seen on the display now. */
  displayed(): number {
    return Number(this.#control('count', 'displayed').toString());
  }

  /** Clicks on the newest notification that is displayed. */
  activateNewest(): void {
    this.#control('action', '0');
  }

  /** Puts all away as a person does who does not want to see them. */
  dismissAll(): void {
    this.#control('close-all');
  }

  stop(): Promise<void> {
    return this.#bus.stop();
  }

  #control(...args: readonly string[]): Buffer {
    return runProgram('dunstctl', args, this.#bus.home.environment(this.env));
  }

  async #untilItAnswers(): Promise<void> {
    while (this.#child.exitCode === null) {
      try {
        this.displayed();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    throw new Error(`dunst ended with ${this.#child.exitCode}`);
  }
}
