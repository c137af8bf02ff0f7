import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { OwnHome } from '../../scripts/own-home.mjs';
import { BLOCKS_NOT_RUN, type CommandBlock, listCommandBlocks } from '../support/command-blocks.ts';
import { callApi } from './support/api-client.ts';
import { installClient, installProgram } from './support/installed-client.ts';
import { PortholeProcess, REPOSITORY } from './support/porthole-app.ts';
import { TestDisplay } from './support/test-display.ts';

let display: TestDisplay;
let porthole: PortholeProcess;
let home: OwnHome;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 720);
  porthole = await PortholeProcess.start({ display, args: ['--hidden'] });
  home = OwnHome.make('docs');
  // What the package installs, and npm in the repository: what commands write must not land there.
  const programs = home.place('programs');
  installClient(programs);
  installProgram(programs, 'npm', `PATH=\${PATH#*:} exec npm --prefix '${REPOSITORY}' "$@"`);
});

afterAll(async () => {
  await porthole?.discard();
  await display?.stop();
  await home?.remove();
});

afterEach(async () => {
  await callApi(porthole.url, 'POST', '/api/sessions/stop_all', {});
  await callApi(porthole.url, 'POST', '/api/sessions/rearm', {});
});

/** The ids that came up last, by what they begin with: what a page's `remote_a1b2c3d4` or `command_…` stand for. */
class KnownIds {
  readonly #ids = new Map<string, string>();

  note(output: string): void {
    for (const [id, kind = ''] of output.matchAll(/\b(remote|screen|command|webhook)_[0-9a-f]{8,}\b/g))
      this.#ids.set(kind, id);
  }

  putInto(command: string): string {
    return command.replace(
      /\b(remote|screen|command)_(?:a1b2c3d4|…)/g,
      (_, kind: string) => this.#ids.get(kind) ?? '',
    );
  }

  /** As `$SCREEN_ID` and the like. */
  get env(): NodeJS.ProcessEnv {
    return Object.fromEntries([...this.#ids].map(([kind, id]) => [`${kind.toUpperCase()}_ID`, id]));
  }
}

/** The commands of a block; one that goes on in the next line is one. */
function commandsOf({ text }: CommandBlock): string[] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
}

/** Types a command as a person at the machine would, and fails where it fails or the agent refuses what it asks. */
async function type(command: string, ids: KnownIds): Promise<void> {
  const own = ids.putInto(command).replaceAll('localhost:8000', new URL(porthole.url).host);
  // An id that nothing has brought up must not become an empty text.
  const script = `set -u\n${own}`;
  const PATH = `${home.place('programs')}:${process.env.PATH}`;
  const env = { ...ids.env, PATH, PORTHOLE_URL: porthole.url };
  const child = home.spawn('sh', ['-c', script], {
    cwd: home.place('home'),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let complaints = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const [code] = await once(child, 'close');
  expect({ own, code, complaints: code === 0 ? '' : complaints }).toEqual({ own, code: 0, complaints: '' });
  expect(output, own).not.toBe('');
  expect(output, own).not.toMatch(/"success": ?false/);
  ids.note(output);
}

const blocks = listCommandBlocks().filter(({ name }) => !(name in BLOCKS_NOT_RUN));

describe('the commands of', () => {
  it.each([...new Set(blocks.map(({ file }) => file))])('%s do what they are shown for', async (file) => {
    const ids = new KnownIds();
    for (const block of blocks.filter((each) => each.file === file))
      for (const command of commandsOf(block)) await type(command, ids);
  });
});
