import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startShare } from './support/api-client.ts';
import { PortholeProcess } from './support/porthole-app.ts';
import { findRenderers } from './support/processes.ts';
import { StreamReader } from './support/stream-reader.ts';
import { TestDisplay } from './support/test-display.ts';

let display: TestDisplay;
let porthole: PortholeProcess;

beforeAll(async () => {
  display = await TestDisplay.start();
  display.startMovingPicture();
  // Hidden, so that the only renderer process is the one that captures.
  porthole = await PortholeProcess.start({ display, args: ['--hidden'] });
});

afterAll(async () => {
  await porthole?.discard();
  await display?.stop();
});

describe('a share whose capture process is killed', () => {
  it('goes on by itself, with the viewer still connected', async () => {
    const sessionId = await startShare(porthole.url, 'medium');
    const reader = await StreamReader.open(`${porthole.url}/stream/${sessionId}`);
    await reader.until(() => reader.parts > 10);
    for (let round = 0; round < 3; round += 1) {
      const killed = findRenderers(porthole.child.pid ?? 0);
      expect(killed.length).toBeGreaterThan(0);
      for (const pid of killed) process.kill(pid, 'SIGKILL');
      await expect
        .poll(() => findRenderers(porthole.child.pid ?? 0).some((pid) => !killed.includes(pid)), {
          timeout: 10_000,
        })
        .toBe(true);
      const partsBefore = reader.parts;
      // More than keep-alives and slates could be: only moving pictures come this often.
      await reader.until(() => reader.parts > partsBefore + 30);
    }
    reader.close();
  });
});

describe('SIGTERM while streaming', () => {
  it('ends the streams, exits with 0 and frees the port', async () => {
    const sessionId = await startShare(porthole.url, 'high');
    const reader = await StreamReader.open(`${porthole.url}/stream/${sessionId}`);
    await reader.until(() => reader.parts > 10);
    expect(await porthole.stop('SIGTERM')).toBe(0);
    await reader.untilEnd();
    await expect(fetch(`${porthole.url}/healthz`)).rejects.toThrow();

    const port = new URL(porthole.url).port;
    const again = await PortholeProcess.start({
      display,
      args: ['--hidden', '--port', port],
      home: porthole.home,
    });
    expect(again.url).toBe(porthole.url);
    const history = await fetch(`${again.url}/api/sessions/history`);
    const { history: entries } = (await history.json()) as {
      history: { session_id: string; stop_reason: string }[];
    };
    expect(entries.find((entry) => entry.session_id === sessionId)?.stop_reason).toBe('Agent stopped');
    expect(await again.stop()).toBe(0);
  });
});
