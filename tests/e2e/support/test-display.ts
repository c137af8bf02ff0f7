import { type ChildProcess, spawnSync } from 'node:child_process';
import type { Readable } from 'node:stream';
import { OwnHome } from '../../../scripts/own-home.mjs';
import { endChild, runProgram } from './child-process.ts';

/** A virtual display of its own, with a window manager and, on demand, something that moves. */
export class TestDisplay {
  readonly name: string;
  #widthPx: number;
  #heightPx: number;
  readonly #home: OwnHome;

  private constructor(name: string, widthPx: number, heightPx: number, home: OwnHome) {
    this.name = name;
    this.#widthPx = widthPx;
    this.#heightPx = heightPx;
    this.#home = home;
  }

  /** Starts Xvfb on the next free display number, and openbox on it. */
  static start(widthPx = 1920, heightPx = 1080, depth = 24): Promise<TestDisplay> {
    const server = ['Xvfb', '-screen', '0', `${widthPx}x${heightPx}x${depth}`];
    return TestDisplay.startServer({ server, widthPx, heightPx });
  }

  /** Starts another X server, or another window manager. */
  static async startServer(options: {
    /** The program with its arguments, but for those that all X servers have. */
    readonly server: readonly string[];
    readonly widthPx: number;
    readonly heightPx: number;
    readonly windowManager?: readonly string[];
  }): Promise<TestDisplay> {
    const { widthPx, heightPx } = options;
    const [server = '', ...args] = options.server;
    const [manager = '', ...managerArgs] = options.windowManager ?? ['openbox'];
    const home = OwnHome.make('display');
    const running = home.spawn(server, [...args, '-displayfd', '3', '-nolisten', 'tcp', '-noreset'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const number = await readLine(running.stdio[3] as Readable);
    const display = new TestDisplay(`:${number}`, widthPx, heightPx, home);
    display.start(manager, managerArgs);
    return display;
  }

  /** What the environment of a program that is to appear here must say besides. */
  get seat(): {
    readonly DISPLAY: string;
    readonly WAYLAND_DISPLAY: string;
    readonly XDG_SESSION_TYPE: string;
  } {
    return { DISPLAY: this.name, WAYLAND_DISPLAY: '', XDG_SESSION_TYPE: 'x11' };
  }

  /** The whole environment of a program that is run here to its end. */
  get env(): NodeJS.ProcessEnv {
    return this.#home.environment(this.seat);
  }

  /** Starts a program here that ends with the display; `env` is what its environment says besides. */
  start(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    return this.#home.spawn(program, args, { env: { ...this.seat, ...env }, stdio: 'ignore' });
  }

  /** Shows a test pattern that moves at 60 frames per second, in the middle of the display. */
  startMovingPicture(): MovingPicture {
    const pattern = 'testsrc2=size=960x540:rate=60';
    const args = [
      '-loglevel',
      'error',
      '-noborder',
      '-left',
      '480',
      '-top',
      '270',
      '-f',
      'lavfi',
      '-i',
      pattern,
    ];
    const player = this.start('ffplay', args, { SDL_VIDEODRIVER: 'x11' });
    return {
      freeze: () => player.kill('SIGSTOP'),
      resume: () => player.kill('SIGCONT'),
      stop: () => endChild(player, 'SIGKILL'),
    };
  }

  /** The same for a window that fills the screen. */
  openFullScreenWindow(title: string): Promise<TestWindow> {
    return this.openWindow(title, '480x270', ['-fs']);
  }

  /** Opens a window with this title in which a test pattern moves; resolves when it is there. */
  async openWindow(title: string, size = '480x270', more: readonly string[] = []): Promise<TestWindow> {
    const args = ['-loglevel', 'error', '-window_title', title, '-left', '60', '-top', '60', ...more];
    const input = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=30`];
    const program = this.start('ffplay', [...args, ...input], { SDL_VIDEODRIVER: 'x11' });
    const search = ['search', '--sync', '--onlyvisible', '--name', `^${title}$`];
    const id = runProgram('xdotool', search, this.env).toString().trim();
    const act = (...what: string[]): void => {
      runProgram('xdotool', what, this.env);
    };
    return {
      id,
      minimise: () => act('windowminimize', '--sync', id),
      restore: () => act('windowmap', '--sync', id),
      close: () => endChild(program, 'SIGKILL'),
    };
  }

  /** Paints the background with a gradient from top to bottom. */
  paintBackground(): void {
    this.#paint([]);
  }

  /** The same with a red edge on the right and a green one at the bottom, six pixels wide each. */
  paintEdges(): void {
    const [right, bottom] = [this.#widthPx - 1, this.#heightPx - 1];
    const red = ['-fill', '#e01030', '-draw', `rectangle ${right - 5},0 ${right},${bottom}`];
    const green = ['-fill', '#10c040', '-draw', `rectangle 0,${bottom - 5} ${right - 6},${bottom}`];
    this.#paint([...red, ...green]);
  }

  #paint(drawing: readonly string[]): void {
    const size = `${this.#widthPx}x${this.#heightPx}`;
    const picture = runProgram('convert', ['-size', size, 'gradient:#204060-#c08040', ...drawing, 'bmp:-']);
    // Its exit code is 1 whenever it painted a root window; a picture that is not there fails the comparison.
    spawnSync('display', ['-window', 'root', 'bmp:-'], { env: this.env, input: picture });
  }

  /** Paints the whole background in one colour, such as `#ff0000`. */
  paintColour(colour: string): void {
    runProgram('xsetroot', ['-solid', colour], this.env);
  }

  /** Changes the display's size, as when its resolution is changed; it cannot become larger than it began. */
  resize(widthPx: number, heightPx: number): void {
    const name = `${widthPx}x${heightPx}`;
    const timings = [100, widthPx, widthPx + 1, widthPx + 2, widthPx + 3];
    const lines = [heightPx, heightPx + 1, heightPx + 2, heightPx + 3];
    const say = (...what: string[]): void => {
      runProgram('xrandr', what, this.env);
    };
    if (!runProgram('xrandr', [], this.env).includes(` ${name} `)) {
      say('--newmode', name, ...[...timings, ...lines].map(String));
      say('--addmode', 'screen', name);
    }
    say('--output', 'screen', '--mode', name);
    this.#widthPx = widthPx;
    this.#heightPx = heightPx;
  }

  /** Makes each half of the display a monitor of its own. */
  splitInTwo(): void {
    this.#addMonitor('left', 0, 'screen');
    this.plugRight();
  }

  /** Takes the right half of a split display away. */
  unplugRight(): void {
    runProgram('xrandr', ['--delmonitor', 'right'], this.env);
  }

  /** Brings the right half of a split display back. */
  plugRight(): void {
    this.#addMonitor('right', Math.floor(this.#widthPx / 2), 'none');
  }

  #addMonitor(name: string, leftPx: number, output: string): void {
    const size = `${Math.floor(this.#widthPx / 2)}/300x${this.#heightPx}/300`;
    runProgram('xrandr', ['--setmonitor', name, `${size}+${leftPx}+0`, output], this.env);
  }

  /** The colour of one pixel of what the display shows now: red, green and blue from 0 to 255. */
  pixel(x: number, y: number): readonly number[] {
    const area = ['-crop', `1x1+${x}+${y}`, '-depth', '8'];
    return [...runProgram('import', ['-window', 'root', ...area, 'rgb:-'], this.env)];
  }

  /** What the display shows now, as a PNG. */
  grab(): Buffer {
    // Compressed no more than need be: that is what takes the time.
    return runProgram('import', ['-window', 'root', '-quality', '11', 'png:-'], this.env);
  }

  /** The title of the window that has the keyboard. */
  activeWindowTitle(): string {
    return runProgram('xdotool', ['getactivewindow', 'getwindowname'], this.env).toString().trim();
  }

  /** The number of the top-level window that would get a click at this place. */
  windowAt(x: number, y: number): string | undefined {
    const run = (...args: string[]): string => runProgram('xdotool', args, this.env).toString();
    run('mousemove', String(x), String(y));
    return /^WINDOW=(\d+)$/m.exec(run('getmouselocation', '--shell'))?.[1];
  }

  /** Goes to another workspace; the first is 0. */
  changeWorkspace(index: number): void {
    runProgram('xdotool', ['set_desktop', String(index)], this.env);
  }

  /** The workspace that is shown; the first is 0. */
  workspace(): number {
    return Number(runProgram('xdotool', ['get_desktop'], this.env).toString());
  }

  /** Whether a window manager has said on the root window that it is there. */
  isManaged(): boolean {
    return spawnSync('xdotool', ['get_num_desktops'], { env: this.env }).status === 0;
  }

  /** Where a window lies, and how large it is. */
  areaOf(windowId: string): string {
    return runProgram('xdotool', ['getwindowgeometry', windowId], this.env).toString();
  }

  /** Moves the pointer there, as a hand does: not in one leap. */
  movePointer(x: number, y: number): void {
    const near = ['mousemove', String(x - 3), String(y - 3)];
    runProgram('xdotool', [...near, 'mousemove', String(x), String(y)], this.env);
  }

  /** Presses the pointer's first button there, without moving it where it is there already. */
  clickAt(x: number, y: number): void {
    runProgram('xdotool', ['mousemove', String(x), String(y), 'click', '1'], this.env);
  }

  /** Presses a key of the keyboard, such as `Return`. */
  pressKey(name: string): void {
    runProgram('xdotool', ['key', name], this.env);
  }

  /** Ends the display and everything that was started on it. */
  stop(): Promise<void> {
    return this.#home.remove();
  }
}

/** A window of another program. */
export interface TestWindow {
  /** Its number on the display. */
  readonly id: string;
  minimise(): void;
  restore(): void;
  close(): Promise<void>;
}

/** The moving test pattern; frozen, it stands still on the display. */
export interface MovingPicture {
  freeze(): void;
  resume(): void;
  stop(): Promise<void>;
}

function readLine(stream: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(text.trim());
    });
    stream.once('end', () => reject(new Error('Xvfb ended before it named its display')));
  });
}
