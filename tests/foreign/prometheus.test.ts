import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OwnHome } from '../../scripts/own-home.mjs';
import { startShare } from '../e2e/support/api-client.ts';
import { runProgram } from '../e2e/support/child-process.ts';
import { installClient } from '../e2e/support/installed-client.ts';
import { PortholeProcess, REPOSITORY } from '../e2e/support/porthole-app.ts';
import { TestDisplay } from '../e2e/support/test-display.ts';
import { adapt } from '../support/page-blocks.ts';
import { findFreePort, untilListening } from './support/ports.ts';

const EXAMPLE = readFileSync(path.join(REPOSITORY, 'examples/prometheus.yml'), 'utf8');

let display: TestDisplay;
let porthole: PortholeProcess;
let home: OwnHome;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 720);
  porthole = await PortholeProcess.start({ display, args: ['--hidden'] });
  home = OwnHome.make('prometheus');
});

afterAll(async () => {
  await home?.remove();
  await porthole?.discard();
  await display?.stop();
});

/** Does what the example says, word for word but for the agent's port. */
function setUp(): string {
  const [, command = ''] = /^# {3}(porthole .+)$/m.exec(EXAMPLE) ?? [];
  const programs = home.place('programs');
  installClient(programs);
  const env = { ...process.env, PATH: `${programs}:${process.env.PATH}`, PORTHOLE_URL: porthole.url };
  runProgram('sh', ['-c', `cd '${home.folder}' && ${command}`], env);
  const file = path.join(home.folder, 'prometheus.yml');
  writeFileSync(file, adapt(EXAMPLE, { 'localhost:8000': `localhost:${new URL(porthole.url).port}` }));
  return file;
}

/** Runs Prometheus and resolves when it can be asked, with its address. */
async function startPrometheus(config: string): Promise<string> {
  const port = await findFreePort();
  const storage = home.place('storage');
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${storage}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = home.spawn('prometheus', args, { stdio: 'ignore' });
  await untilListening(port, child);
  return `http://127.0.0.1:${port}`;
}

interface Sample {
  readonly value: readonly [at: number, value: string];
}

describe('Prometheus by the example', () => {
  it('scrapes the agent with the token that the client put into a file, and knows what is live', async () => {
    await startShare(porthole.url, 'low');
    const prometheus = await startPrometheus(setUp());
    const ask = async (query: string): Promise<Record<string, unknown>> => {
      const response = await fetch(`${prometheus}/api/v1/${query}`);
      // It answers only when it is ready, which is a moment after it listens.
      return response.ok ? (await response.json()).data : {};
    };
    // Each target gets its turn somewhere within the interval of the example.
    const scraped = async () => (await ask('targets')).activeTargets;
    const atFirst = { interval: 200, timeout: 60_000 };
    await expect
      .poll(scraped, atFirst)
      .toMatchObject([{ health: expect.stringMatching(/^(up|down)$/), scrapePool: 'porthole' }]);
    expect(await scraped()).toMatchObject([{ health: 'up', lastError: '' }]);
    const readValues = async (series: string) => {
      const { result } = (await ask(`query?query=${encodeURIComponent(series)}`)) as { result?: Sample[] };
      return result?.map(({ value }) => value[1]);
    };
    await expect.poll(() => readValues('up{job="porthole"}')).toEqual(['1']);
    await expect
      .poll(() => readValues('porthole_sessions{type="screen_share",status="active"}'))
      .toEqual(['1']);
    expect(await readValues('porthole_session_starts_total{type="screen_share"}')).toEqual(['1']);
  });
});
