import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { OwnHome } from '../../scripts/own-home.mjs';
import { callApi, startShare } from '../e2e/support/api-client.ts';
import { endChild, waitForOutput } from '../e2e/support/child-process.ts';
import { measureSimilarity } from '../e2e/support/pictures.ts';
import { dataFolderOf, makeHome, PortholeProcess, REPOSITORY } from '../e2e/support/porthole-app.ts';
import { keepScreen } from '../e2e/support/screens.ts';
import { StreamReader } from '../e2e/support/stream-reader.ts';
import { TestDisplay } from '../e2e/support/test-display.ts';
import { type WaylandMode, WaylandSession } from './support/wayland-session.ts';

const MODES: readonly WaylandMode[] = ['native', 'xwayland'];
const SWITCHES: Readonly<Record<WaylandMode, readonly string[]>> = {
  native: ['--ozone-platform=wayland'],
  xwayland: [],
};

async function countViewers(url: string, sessionId: string): Promise<unknown> {
  const { body } = await callApi(url, 'GET', `/api/screen_share/status/${sessionId}`);
  return body.viewers;
}

async function captureOf(url: string, sessionId: string): Promise<unknown> {
  const { body } = await callApi(url, 'GET', `/api/screen_share/status/${sessionId}`);
  return body.capture;
}

async function startShareOnceReady(url: string): Promise<string> {
  const start = () => callApi(url, 'POST', '/api/screen_share/start', { quality: 'low' });
  let answer = await start();
  while (answer.status === 503) answer = await start();
  return String(answer.body.session_id);
}

async function countCaptured(url: string, sessionId: string): Promise<number> {
  const { body } = await callApi(url, 'GET', `/api/screen_share/status/${sessionId}`);
  return Number(body.frames_captured);
}

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
    picture.freeze();
    const similarity = () => measureSimilarity(reader.newest?.jpeg ?? Buffer.alloc(0), session.grab());
    await expect.poll(similarity).toBeGreaterThan(0.97);
    reader.close();
    await picture.stop();
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
  });

  it('asks the person once for each share, whoever comes and goes', async () => {
    const before = session.dialogs;
    const picture = session.startMovingPicture();
    const sessionId = await startShare(porthole.url, 'low');
    for (let turn = 0; turn < 100; turn += 1) {
      const reader = await StreamReader.open(`${porthole.url}/stream/${sessionId}`);
      await reader.until(({ parts }) => parts > turn % 4);
      reader.close();
      // Now and then nobody watches for long enough for the capture to slow down.
      if (turn % 10 === 0) await expect.poll(() => countViewers(porthole.url, sessionId)).toBe(0);
    }
    expect(session.dialogs).toBe(before + 1);
    await picture.stop();
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
  });

  it('opens the prompt and goes on', async () => {
    const { status, body } = await callApi(porthole.url, 'POST', '/api/remote/start', {
      safety_mode: 'autonomous',
    });
    expect(status).toBe(200);
    const title = 'Porthole: approval needed';
    // To the compositor a window that manages itself is none of its own.
    if (mode === 'native') await expect.poll(() => session.kindOfWindow(title)).toBe('floating_con');
    else session.run('xdotool', 'search', '--sync', '--onlyvisible', '--name', `^${title}$`);
    const remote = await callApi(porthole.url, 'GET', `/api/remote/status/${body.session_id}`);
    expect(remote.body).toMatchObject({ status: 'pending_approval' });
    keepScreen(`prompt-sway-${mode}`, session.grab());
    await callApi(porthole.url, 'POST', `/api/remote/stop/${body.session_id}`);
  });

  it('follows the screen to another shape', async () => {
    const before = session.dialogs;
    const picture = session.startMovingPicture();
    const sessionId = await startShare(porthole.url, 'high');
    const shape = async (): Promise<number> => {
      const { body } = await callApi(porthole.url, 'GET', `/api/screen_share/status/${sessionId}`);
      const { width, height } = (body.frame_size ?? { width: 0, height: 1 }) as Record<string, number>;
      return Number(width) / Number(height);
    };
    await expect.poll(shape).toBe(16 / 9);
    session.setSize(1024, 768);
    onTestFinished(() => session.setSize(1280, 720));
    // All of it; Chromium makes it no larger than the screen was when the share began.
    await expect.poll(shape).toBe(4 / 3);
    await picture.stop();
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
    expect(session.dialogs).toBe(before + 1);
  });

  it('takes no for an answer, and ends the share', async () => {
    const before = session.dialogs;
    session.answer('no');
    const stop_reason = 'Sharing was refused, or stopped, from the desktop';
    for (let share = 1; share <= 5; share += 1) {
      const sessionId = await startShare(porthole.url, 'low');
      const status = async () =>
        (await callApi(porthole.url, 'GET', `/api/screen_share/status/${sessionId}`)).body;
      await expect.poll(status).toMatchObject({ status: 'stopped', stop_reason });
      expect(session.dialogs).toBe(before + share);
    }
    session.answer('yes');
  });

  it.each(['portalBackend', 'portal', 'pipewire'] as const)(
    'tells viewers when the %s is gone, and shares again when it is back',
    async (part) => {
      const picture = session.startMovingPicture();
      const sessionId = await startShare(porthole.url, 'low');
      await expect.poll(() => captureOf(porthole.url, sessionId)).toMatchObject({ state: 'live' });
      const before = session.dialogs;
      await session.kill(part);
      await expect
        .poll(() => captureOf(porthole.url, sessionId))
        .toMatchObject({
          state: 'failed',
          message: expect.stringContaining('Start the share again'),
        });
      expect(session.dialogs).toBe(before);
      await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
      await session.restart();
      const again = await startShareOnceReady(porthole.url);
      await expect.poll(() => captureOf(porthole.url, again)).toMatchObject({ state: 'live' });
      await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: again });
      await picture.stop();
    },
  );

  it('shows what the screen came to while nobody watched', async () => {
    const picture = session.startMovingPicture();
    const sessionId = await startShare(porthole.url, 'medium');
    const watch = () => StreamReader.open(`${porthole.url}/stream/${sessionId}`);
    const first = await watch();
    await first.until(({ parts }) => parts > 5);
    first.close();
    await expect.poll(() => countViewers(porthole.url, sessionId)).toBe(0);
    const before = await countCaptured(porthole.url, sessionId);
    await expect.poll(() => countCaptured(porthole.url, sessionId)).toBeGreaterThan(before + 2);
    picture.freeze();
    const reader = await watch();
    const similarity = () => measureSimilarity(reader.newest?.jpeg ?? Buffer.alloc(0), session.grab());
    await reader.until(({ parts }) => parts > 0);
    await expect.poll(similarity).toBeGreaterThan(0.995);
    reader.close();
    await picture.stop();
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
  });
});

describe('an agent in a Wayland session, with variables that say otherwise', () => {
  let session: WaylandSession;
  let display: TestDisplay;
  let porthole: PortholeProcess;

  beforeAll(async () => {
    session = await WaylandSession.start();
    display = await TestDisplay.start(1280, 720);
  });
  afterEach(async () => {
    await porthole?.stop();
    await porthole?.discard();
  });
  afterAll(async () => {
    await display?.stop();
    await session?.stop();
  });

  /** What a viewer sees of an agent that was started so; `looksAs` is polled until it says enough. */
  async function show(env: NodeJS.ProcessEnv, looksAs: (jpeg: Buffer) => number): Promise<void> {
    porthole = await PortholeProcess.start({ display: undefined, env, by: session.by, args: ['--hidden'] });
    const sessionId = await startShare(porthole.url, 'high');
    const reader = await StreamReader.open(`${porthole.url}/stream/${sessionId}`);
    await expect.poll(() => (reader.newest ? looksAs(reader.newest.jpeg) : 0)).toBeGreaterThan(0.97);
    reader.close();
  }

  it.each([
    ['tty', {}],
    ['', {}],
    ['', { WAYLAND_DISPLAY: '' }],
  ])('never shares the black screen of Xwayland: XDG_SESSION_TYPE=%s %o', async (type, without) => {
    const picture = session.startMovingPicture();
    const before = session.dialogs;
    const env = { ...session.seat('xwayland'), XDG_SESSION_TYPE: type, ...without };
    const freeze = setTimeout(() => picture.freeze(), 3000);
    await show(env, (jpeg) => measureSimilarity(jpeg, session.grab()));
    clearTimeout(freeze);
    expect(session.dialogs).toBe(before + 1);
    await picture.stop();
  });

  it('shares a display of its own within the session as it is', async () => {
    display.paintBackground();
    const before = session.dialogs;
    await show({ ...session.seat('xwayland'), DISPLAY: display.name }, (jpeg) =>
      measureSimilarity(jpeg, display.grab()),
    );
    expect(session.dialogs).toBe(before);
  });

  it('refuses a share where there is Xwayland and nothing else', async () => {
    const seat = {
      ...session.seat('xwayland'),
      WAYLAND_DISPLAY: '',
      XDG_RUNTIME_DIR: '',
      XDG_SESSION_TYPE: '',
    };
    porthole = await PortholeProcess.start({
      display: undefined,
      env: seat,
      by: session.by,
      args: ['--hidden'],
    });
    const { status, body } = await callApi(porthole.url, 'POST', '/api/screen_share/start', {});
    expect(status).toBe(503);
    expect(body).toMatchObject({ error: 'no_screen', message: expect.stringContaining('Xwayland') });
  });
});

describe('npm start in a Wayland session without an X display', () => {
  let session: WaylandSession;
  let home: OwnHome;

  beforeAll(async () => {
    session = await WaylandSession.start({ portal: false });
    home = makeHome();
  });
  afterAll(async () => {
    await home?.remove();
    await session?.stop();
  });

  it('chooses Wayland by itself', async () => {
    const script = path.join(REPOSITORY, 'scripts/start.mjs');
    const flags = ['--port', '0', '--hidden', '--no-sandbox', '--data-dir', dataFolderOf(home)];
    const [program = '', ...args] = [...session.by, process.execPath, script, ...flags];
    const child = home.spawn(program, args, {
      env: session.seat('native'),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stderr?.resume();
    await waitForOutput(child, 'stdout', /porthole listening on (\S+)\n/);
    await endChild(child);
    expect(child.exitCode).toBe(0);
  });
});

describe('an agent in a Wayland session without a portal', () => {
  let session: WaylandSession;
  let porthole: PortholeProcess;

  beforeAll(async () => {
    session = await WaylandSession.start({ portal: false });
    const args = ['--hidden', ...SWITCHES.native];
    porthole = await PortholeProcess.start({
      display: undefined,
      env: session.seat('native'),
      by: session.by,
      args,
    });
  });
  afterAll(async () => {
    await porthole?.stop();
    await porthole?.discard();
    await session?.stop();
  });

  it('refuses a share with what is to be installed, and starts it once that answers', async () => {
    const start = () => callApi(porthole.url, 'POST', '/api/screen_share/start', { quality: 'low' });
    // For a moment after its start the agent does not know yet.
    await expect.poll(async () => (await start()).status).toBe(503);
    const { body } = await start();
    expect(body).toMatchObject({ error: 'portal_unavailable' });
    expect(body.message).toContain('org.freedesktop.portal.Desktop');
    expect(body.message).toContain('xdg-desktop-portal-wlr');
    await session.startPortal();
    await expect.poll(async () => (await start()).status).toBe(200);
  });
});
