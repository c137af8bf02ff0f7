import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { OwnHome } from '../../../scripts/own-home.mjs';
import { endChild, runProgram, waitForOutput } from '../../e2e/support/child-process.ts';
import type { MovingPicture } from '../../e2e/support/test-display.ts';

/** How a program opens its windows there: as a Wayland client, or through Xwayland. */
export type WaylandMode = 'native' | 'xwayland';

/** What of a session can be ended by itself. */
export type SessionPart = 'compositor' | 'pipewire' | 'portal' | 'portalBackend';

/** The user's number in a session that root starts: of nobody outside, but in a namespace of its own. */
const USER = 1000;
const READY_WITHIN_S = 20;

/** Ten rows of colours that change some twenty times per second. */
const MOVING = `i=0; while sleep 0.05; do i=$((i+1)); printf '\\033[H'; for r in 1 2 3 4 5 6 7 8 9 10; do
for c in 0 1 2 3 4 5 6 7 8 9 10 11; do printf '\\033[48;5;%dm      ' $(((i+c+r)%216+16)); done; printf '\\033[0m\\n'; done; done`;

/** Whether the processes of a session need a namespace to be an ordinary user's. */
const isRoot = process.getuid?.() === 0;

/**
 * A Wayland session without hardware: sway on a screen of its own, with a session bus, PipeWire and both portals, all as
 * an ordinary user's, which sway insists on. The portal's dialog is answered by a script, which counts.
 */
export class WaylandSession {
  readonly #home: OwnHome;
  readonly #by: readonly string[];
  readonly #parts = new Map<SessionPart, ChildProcess>();
  #display = '';
  #waylandDisplay = '';

  private constructor(home: OwnHome, by: readonly string[]) {
    this.#home = home;
    this.#by = by;
  }

  /** Starts all of it; `portal: false` leaves both portals out. Rejects, with the reason, where that is impossible. */
  static async start({ portal = true, widthPx = 1280, heightPx = 720 } = {}): Promise<WaylandSession> {
    const portalBackend = process.env.PORTHOLE_TEST_PORTAL_WLR;
    if (!portalBackend)
      throw new Error(process.env.PORTHOLE_TEST_NO_PORTAL_WLR ?? 'run npm run test:foreign');
    const home = OwnHome.make('wayland');
    try {
      const session = new WaylandSession(home, isRoot ? await openNamespace(home) : []);
      await session.#startBus();
      await session.#startCompositor(widthPx, heightPx);
      await session.#startSound();
      if (portal) await session.startPortal();
      return session;
    } catch (error) {
      await home.remove();
      throw error;
    }
  }

  /** What has to come before a program for it to be of the session's user. */
  get by(): readonly string[] {
    return this.#by;
  }

  /** What the environment of a program that belongs to the session must say besides. */
  seat(mode: WaylandMode): Record<string, string> {
    return {
      ...this.#common,
      WAYLAND_DISPLAY: this.#waylandDisplay,
      DISPLAY: mode === 'xwayland' ? this.#display : '',
    };
  }

  /** How many dialogs the portal has opened. */
  get dialogs(): number {
    const file = this.#file('dialogs');
    return existsSync(file) ? readFileSync(file, 'utf8').length : 0;
  }

  /** What the person answers to every dialog from now on: "share this screen", or "no". */
  answer(answer: 'yes' | 'no'): void {
    writeFileSync(this.#file('answer'), answer);
  }

  /** Starts a program in the session; it ends with the session. */
  spawn(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    return this.#spawn(program, args, { ...this.seat('xwayland'), ...env });
  }

  /** Runs a program in the session to its end and answers its output. */
  run(program: string, ...args: string[]): Buffer {
    const [command = program, ...rest] = [...this.#by, program, ...args];
    return runProgram(command, rest, this.#home.environment(this.seat('xwayland')));
  }

  /** Opens a terminal that shows changing colours; frozen, it stands still on the screen. */
  startMovingPicture(): MovingPicture {
    const terminal = this.spawn('foot', ['--title', 'moving', 'sh', '-c', MOVING]);
    return {
      freeze: () => terminal.kill('SIGSTOP'),
      resume: () => terminal.kill('SIGCONT'),
      stop: () => endChild(terminal, 'SIGKILL'),
    };
  }

  /** What the session's screen shows now, as a PNG. */
  grab(): Buffer {
    return this.run('grim', '-t', 'png', '-l', '1', '-');
  }

  /** Starts both portals, also anew; resolves when they answer. */
  async startPortal(): Promise<void> {
    const chooser = this.#file('choose.sh');
    writeFileSync(
      chooser,
      `#!/bin/sh\nprintf x >> '${this.#file('dialogs')}'\n[ "$(cat '${this.#file('answer')}')" = yes ] || exit 1\necho HEADLESS-1\n`,
      { mode: 0o755 },
    );
    if (!existsSync(this.#file('answer'))) this.answer('yes');
    const config = this.#file('portal.ini');
    writeFileSync(config, `[screencast]\nmax_fps=60\nchooser_type=simple\nchooser_cmd=${chooser}\n`);
    const env = this.seat('native');
    const backend = process.env.PORTHOLE_TEST_PORTAL_WLR ?? '';
    this.#parts.set('portalBackend', this.#spawn(backend, ['-r', '-c', config], env));
    this.#untilOwned('org.freedesktop.impl.portal.desktop.wlr');
    this.#parts.set('portal', this.#spawn('/usr/libexec/xdg-desktop-portal', ['-r'], env));
    this.#untilOwned('org.freedesktop.portal.Desktop');
  }

  /** Gives the session's screen another size. */
  setSize(widthPx: number, heightPx: number): void {
    this.#tell('output', 'HEADLESS-1', 'resolution', `${widthPx}x${heightPx}`);
  }

  /** How the compositor treats the window with this title: tiled (`con`) or `floating_con`; undefined if it manages none. */
  kindOfWindow(title: string): string | undefined {
    return findNode(JSON.parse(this.#tell('--type', 'get_tree', '--raw').toString()), title)?.type;
  }

  #tell(...what: string[]): Buffer {
    const run = this.#home.place('run');
    const socket = readdirSync(run).find((name) => name.startsWith('sway-ipc.')) ?? '';
    return this.run('swaymsg', '--socket', path.join(run, socket), ...what);
  }

  /** Kills a part of the session, as a fault would. */
  async kill(part: SessionPart): Promise<void> {
    const child = this.#parts.get(part);
    if (child) await endChild(child, 'SIGKILL');
  }

  /** Brings back PipeWire and the portals, all anew, as a service manager would. */
  async restart(): Promise<void> {
    for (const part of ['portal', 'portalBackend', 'pipewire'] as const) await this.kill(part);
    rmSync(path.join(this.#home.place('run'), 'pipewire-0'), { force: true });
    await this.#startSound();
    await this.startPortal();
  }

  /** Ends all that belongs to the session. */
  async stop(): Promise<void> {
    // Told rather than killed, it takes the socket and the lock of its X display away, which are in no home.
    const compositor = this.#parts.get('compositor');
    if (compositor) await endChild(compositor);
    await this.#home.remove();
  }

  get #common(): Record<string, string> {
    const run = this.#home.place('run');
    return {
      XDG_RUNTIME_DIR: run,
      XDG_SESSION_TYPE: 'wayland',
      XDG_CURRENT_DESKTOP: 'sway',
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${run}/bus`,
      // Nothing here draws with a graphics card.
      LIBGL_ALWAYS_SOFTWARE: '1',
    };
  }

  #file(name: string): string {
    return path.join(this.#home.place('session'), name);
  }

  #spawn(program: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    const [command = program, ...rest] = [...this.#by, program, ...args];
    return this.#home.spawn(command, rest, { env, stdio: 'ignore' });
  }

  async #startBus(): Promise<void> {
    const { DBUS_SESSION_BUS_ADDRESS } = this.#common;
    const services = this.#home.place('services');
    const config = this.#file('bus.conf');
    // It starts nothing by itself: what answers here is what was started here.
    writeFileSync(
      config,
      `<busconfig><type>session</type><listen>${DBUS_SESSION_BUS_ADDRESS}</listen><servicedir>${services}</servicedir>
      <auth>EXTERNAL</auth><policy context="default"><allow send_destination="*" eavesdrop="true"/>
      <allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`,
    );
    this.#spawn('dbus-daemon', ['--nofork', `--config-file=${config}`], this.#common);
    await this.#untilThere('bus');
  }

  async #startCompositor(widthPx: number, heightPx: number): Promise<void> {
    const said = this.#file('displays');
    const config = this.#file('sway.conf');
    writeFileSync(
      config,
      [
        'xwayland enable',
        `output HEADLESS-1 resolution ${widthPx}x${heightPx} position 0 0`,
        'output * background #204060 solid_color',
        'default_border none',
        `exec printf '%s %s ' "$WAYLAND_DISPLAY" "$DISPLAY" > ${said}`,
        '',
      ].join('\n'),
    );
    const sway = this.#spawn('sway', ['--config', config], {
      ...this.#common,
      WAYLAND_DISPLAY: '',
      DISPLAY: '',
      WLR_BACKENDS: 'headless',
      WLR_LIBINPUT_NO_DEVICES: '1',
      WLR_RENDERER: 'pixman',
    });
    this.#parts.set('compositor', sway);
    const isSaid = (): boolean => existsSync(said) && readFileSync(said, 'utf8').endsWith(' ');
    await until(isSaid, 'sway did not name its displays');
    const [wayland = '', x11 = ''] = readFileSync(said, 'utf8').split(' ');
    this.#waylandDisplay = wayland;
    this.#display = x11;
  }

  async #startSound(): Promise<void> {
    const env = this.seat('native');
    this.#parts.set('pipewire', this.#spawn('pipewire', [], env));
    await this.#untilThere('pipewire-0');
    this.#spawn('wireplumber', [], env);
  }

  #untilThere(socket: string): Promise<void> {
    const file = path.join(this.#home.place('run'), socket);
    return until(() => existsSync(file), `${socket} of the session did not come`);
  }

  #untilOwned(name: string): void {
    this.run('gdbus', 'wait', '--session', '--timeout', String(READY_WITHIN_S), name);
  }
}

/** A window, or what holds windows, as sway describes it. */
interface Node {
  readonly type: string;
  readonly name: string | null;
  readonly nodes?: readonly Node[];
  readonly floating_nodes?: readonly Node[];
}

function findNode(node: Node, title: string): Node | undefined {
  if (node.name === title) return node;
  const below = [...(node.nodes ?? []), ...(node.floating_nodes ?? [])];
  return below.map((child) => findNode(child, title)).find((found) => found !== undefined);
}

/**
 * Opens a user namespace in which root is an ordinary user, and answers what puts a program into it. All of a session
 * are in the same one: across two of them neither a bus nor a portal believes who somebody is.
 */
async function openNamespace(home: OwnHome): Promise<readonly string[]> {
  const ids = [`--map-user=${USER}`, `--map-group=${USER}`];
  const holder = home.spawn('unshare', ['--user', ...ids, 'sh', '-c', 'echo open; exec sleep infinity'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await waitForOutput(holder, 'stdout', /open\n/);
  return ['nsenter', '--user', `--target=${holder.pid}`, '--preserve-credentials', '--'];
}

async function until(condition: () => boolean, complaint: string): Promise<void> {
  const endMs = performance.now() + READY_WITHIN_S * 1000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(complaint);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
