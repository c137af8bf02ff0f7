import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { endChild, runProgram, startProgram, waitForOutput } from './child-process.ts';
import type { TestDisplay } from './test-display.ts';

/** A notification as the server understood it. */
export interface SeenNotification {
  readonly id: number;
  readonly application: string;
  readonly title: string;
  readonly body: string;
  readonly urgency: string;
}

/** A session bus of its own. */
export class SessionBus {
  readonly address: string;
  readonly #child: ChildProcess;

  private constructor(address: string, child: ChildProcess) {
    this.address = address;
    this.#child = child;
  }

  /**
   * Starts the bus. It starts no services by itself, so that there is a notification server only where a test puts
   * one; `activates` is a command that it shall start as one.
   */
  static async start(folder: string, activates?: string): Promise<SessionBus> {
    const service = `[D-BUS Service]\nName=org.freedesktop.Notifications\nExec=${activates}\n`;
    if (activates) writeFileSync(path.join(folder, 'notifications.service'), service);
    const config = path.join(folder, 'bus.conf');
    writeFileSync(
      config,
      `<busconfig><type>session</type><listen>unix:dir=${folder}</listen><servicedir>${folder}</servicedir>
      <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
      <allow own="*"/></policy></busconfig>`,
    );
    const child = spawn('dbus-daemon', ['--nofork', '--print-address=1', `--config-file=${config}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [, address = ''] = await waitForOutput(child, 'stdout', /^(unix:\S+)\n/);
    return new SessionBus(address, child);
  }

  async stop(): Promise<void> {
    await endChild(this.#child, 'SIGKILL');
  }
}

/** A real notification server, dunst, on a display and a bus of its own. */
export class NotificationServer {
  /** What a program must have in its environment to be heard. */
  readonly env: NodeJS.ProcessEnv;
  readonly #folder: string;
  readonly #bus: SessionBus;
  readonly #child: ChildProcess;

  private constructor(env: NodeJS.ProcessEnv, folder: string, bus: SessionBus, child: ChildProcess) {
    this.env = env;
    this.#folder = folder;
    this.#bus = bus;
    this.#child = child;
  }

  static async start(display: TestDisplay): Promise<NotificationServer> {
    const folder = mkdtempSync(path.join(tmpdir(), 'porthole-bus-'));
    const bus = await SessionBus.start(folder);
    const env = { DBUS_SESSION_BUS_ADDRESS: bus.address, PORTHOLE_TEST_SEEN: path.join(folder, 'seen') };
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
    const child = startProgram('dunst', ['-conf', config], { env: { ...display.env, ...env } });
    const server = new NotificationServer({ ...display.env, ...env }, folder, bus, child);
    await server.#untilItAnswers();
    return server;
  }

  /** Everything that was ever shown, oldest first; a replacement counts as shown again. */
  get seen(): SeenNotification[] {
    const file = path.join(this.#folder, 'seen');
    if (!existsSync(file)) return [];
    const records = readFileSync(file, 'utf8').split('\u001e').slice(0, -1);
    return records.map((record) => {
      const [id = '', application = '', title = '', body = '', urgency = ''] = record.split('\u001f');
      return { id: Number(id), application, title, body, urgency };
    });
  }

  /** What the server has put away, newest first: closed, taken back or timed out. */
  history(): { id: number; title: string; body: string }[] {
    const { data } = JSON.parse(runProgram('dunstctl', ['history'], this.env).toString());
    const [entries] = data as [Record<string, { data: string | number }>[]];
    return entries.map(({ id, summary, body }) => ({
      id: Number(id?.data),
      title: String(summary?.data),
      body: String(body?.data),
    }));
  }

  /** How many notifications can be seen on the display now. */
  displayed(): number {
    return Number(runProgram('dunstctl', ['count', 'displayed'], this.env).toString());
  }

  /** Clicks on the newest notification that is displayed. */
  activateNewest(): void {
    runProgram('dunstctl', ['action', '0'], this.env);
  }

  /** Puts all away as a person does who does not want to see them. */
  dismissAll(): void {
    runProgram('dunstctl', ['close-all'], this.env);
  }

  async stop(): Promise<void> {
    await endChild(this.#child, 'SIGKILL');
    await this.#bus.stop();
    rmSync(this.#folder, { recursive: true, force: true });
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
