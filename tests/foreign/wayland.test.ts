import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi, startShare } from '../e2e/support/api-client.ts';
import { measureSimilarity } from '../e2e/support/pictures.ts';
import { PortholeProcess } from '../e2e/support/porthole-app.ts';
import { StreamReader } from '../e2e/support/stream-reader.ts';
import { type WaylandMode, WaylandSession } from './support/wayland-session.ts';

const MODES: readonly WaylandMode[] = ['native', 'xwayland'];
const SWITCHES: Readonly<Record<WaylandMode, readonly string[]>> = {
  native: ['--ozone-platform=wayland'],
  xwayland: [],
};

describe.each(MODES)('an agent in a Wayland session, %s', (mode) => {
  let session: WaylandSession;
  let porthole: PortholeProcess;

  beforeAll(async () => {
    session = await WaylandSession.start();
    const env = session.seat(mode);
    const args = ['--hidden', ...SWITCHES[mode]];
    porthole = await PortholeProcess.start({ display: undefined, env, by: session.by, args });
  });
  afterAll(async () => {
    await porthole?.stop();
    await porthole?.discard();
    await session?.stop();
  });

  it('shows the screen as it moves and as it stands still', async () => {
    const picture = session.startMovingPicture();
    const sessionId = await startShare(porthole.url, 'high');
    const reader = await StreamReader.open(`${porthole.url}/stream/${sessionId}`);
    await reader.until(({ parts }) => parts > 20);
    expect(session.dialogs).toBeGreaterThan(0);
    picture.freeze();
    const similarity = () => measureSimilarity(reader.newest?.jpeg ?? Buffer.alloc(0), session.grab());
    await expect.poll(similarity).toBeGreaterThan(0.97);
    reader.close();
    await picture.stop();
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
  });
});
