import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { callApi } from '../e2e/support/api-client.ts';
import { PortholeProcess } from '../e2e/support/porthole-app.ts';
import { TwoMonitors } from './support/two-monitors.ts';

const RED = [0xc2, 0x2f, 0x2a];
/** A place at the edge of each monitor that is no edge of the other, on none of which a label lies. */
const EDGES = [
  [1, 400],
  [1278, 400],
] as const;
/** A place on each monitor's label. */
const LABELS = [
  [320, 24],
  [960, 24],
] as const;

let monitors: TwoMonitors;
let porthole: PortholeProcess;

beforeAll(async () => {
  monitors = await TwoMonitors.start();
  porthole = await PortholeProcess.start({ display: monitors.display, args: ['--hidden'] });
  await callApi(porthole.url, 'POST', '/api/settings', { shareBorder: 'always' });
});

afterAll(async () => {
  await porthole?.discard();
  await monitors?.stop();
});

const until = <T>(assertion: () => T | Promise<T>) =>
  vi.waitFor(assertion, { timeout: 15_000, interval: 50 });

const areRed = (places: readonly (readonly [number, number])[]): boolean[] =>
  places.map(([x, y]) => String(monitors.display.pixel(x, y)) === String(RED));

interface Screen {
  readonly id: string;
  readonly kind: string;
  readonly is_primary: boolean;
}

async function listScreens(): Promise<Screen[]> {
  const { body } = await callApi(porthole.url, 'GET', '/api/screen_share/sources');
  return (body.sources as Screen[]).filter(({ kind }) => kind === 'screen');
}

describe('a share of the second of two monitors', () => {
  it('has its border there, none anywhere while that is unplugged, and there again', async () => {
    await until(async () => expect(await listScreens()).toHaveLength(2));
    const source_id = (await listScreens()).find(({ is_primary }) => !is_primary)?.id;
    const started = await callApi(porthole.url, 'POST', '/api/screen_share/start', { source_id });
    const { session_id } = started.body;
    const capture = async (): Promise<unknown> =>
      (await callApi(porthole.url, 'GET', `/api/screen_share/status/${session_id}`)).body.capture;
    await until(async () => expect(await capture()).toEqual({ state: 'live' }));
    await until(() =>
      expect([areRed(EDGES), areRed(LABELS)]).toEqual([
        [false, true],
        [false, true],
      ]),
    );

    monitors.unplugRight();
    await until(async () =>
      expect(await capture()).toEqual({
        state: 'failed',
        message: 'No picture from the screen: the shared screen is no longer there. Trying again…',
      }),
    );
    expect([areRed(EDGES), areRed(LABELS)]).toEqual([
      [false, false],
      [false, false],
    ]);

    monitors.plugRight();
    await until(async () => expect(await capture()).toEqual({ state: 'live' }));
    await until(() =>
      expect([areRed(EDGES), areRed(LABELS)]).toEqual([
        [false, true],
        [false, true],
      ]),
    );
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id });
    await until(() =>
      expect([areRed(EDGES), areRed(LABELS)]).toEqual([
        [false, false],
        [false, false],
      ]),
    );
  });
});
