import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runProgram } from '../../e2e/support/child-process.ts';
import { TestDisplay } from '../../e2e/support/test-display.ts';

const WIDTH_PX = 640;
const HEIGHT_PX = 800;
const MODE = `${WIDTH_PX}x${HEIGHT_PX}`;

/** A card that shows nothing, and no device of the machine's own. */
const CONFIGURATION = `
Section "ServerFlags"
  Option "AutoAddDevices" "false"
  Option "AutoEnableDevices" "false"
EndSection
Section "Device"
  Identifier "card"
  Driver "dummy"
  VideoRam 65536
EndSection
Section "Monitor"
  Identifier "monitor"
  HorizSync 5-1000
  VertRefresh 5-200
EndSection
Section "Screen"
  Identifier "screen"
  Device "card"
  Monitor "monitor"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Virtual ${2 * WIDTH_PX} ${HEIGHT_PX}
  EndSubSection
EndSection
`;

/** Two monitors side by side, each 640x800, on outputs of their own as a real card has them: Xvfb has but one. */
export class TwoMonitors {
  readonly display: TestDisplay;
  readonly #folder: string;

  private constructor(display: TestDisplay, folder: string) {
    this.display = display;
    this.#folder = folder;
  }

  /** Starts an X server with both plugged in, the left one the primary, and openbox on it. */
  static async start(): Promise<TwoMonitors> {
    const folder = mkdtempSync(path.join(tmpdir(), 'porthole-monitors-'));
    const file = path.join(folder, 'xorg.conf');
    writeFileSync(file, CONFIGURATION);
    const log = path.join(folder, 'xorg.log');
    const display = await TestDisplay.startServer({
      server: ['Xorg', '-config', file, '-logfile', log, '-novtswitch', '-sharevts'],
      widthPx: 2 * WIDTH_PX,
      heightPx: HEIGHT_PX,
    });
    const monitors = new TwoMonitors(display, folder);
    const timings = [100, WIDTH_PX, 641, 642, 643, HEIGHT_PX, 801, 802, 803].map(String);
    monitors.#say('--newmode', MODE, ...timings);
    for (const output of ['DUMMY0', 'DUMMY1']) monitors.#say('--addmode', output, MODE);
    monitors.#say('--output', 'DUMMY0', '--mode', MODE, '--pos', '0x0', '--primary');
    monitors.plugRight();
    return monitors;
  }

  /** Takes the right one away. */
  unplugRight(): void {
    this.#say('--output', 'DUMMY1', '--off');
  }

  /** Brings the right one back. */
  plugRight(): void {
    this.#say('--output', 'DUMMY1', '--mode', MODE, '--pos', `${WIDTH_PX}x0`);
  }

  /** Ends the X server and everything that was started on it. */
  async stop(): Promise<void> {
    await this.display.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #say(...what: string[]): void {
    runProgram('xrandr', what, this.display.env);
    // Only a look makes the server notice whether something is plugged in now.
    runProgram('xrandr', ['--query'], this.display.env);
  }
}
