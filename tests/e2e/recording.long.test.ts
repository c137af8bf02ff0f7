import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LiveScreen } from '../../src-shared/sessions.ts';
import { callApi, startShare } from './support/api-client.ts';
import { PortholeProcess } from './support/porthole-app.ts';
import { findRenderers } from './support/processes.ts';
import { listRecordings, playRecording, probeRecording, record } from './support/recordings.ts';
import { keepPage, keepScreen } from './support/screens.ts';
import { TestDisplay } from './support/test-display.ts';
import { launchViewerBrowser } from './support/viewer-browser.ts';

let display: TestDisplay;
let porthole: PortholeProcess;
let browser: Browser;
let page: Page;

const PATIENCE = { timeout: 20_000, interval: 50 };

beforeAll(async () => {
  display = await TestDisplay.start();
  display.startMovingPicture();
  porthole = await PortholeProcess.start({
    display,
    args: ['--hidden', '--recording-keep-free-megabytes', '0'],
  });
  browser = await launchViewerBrowser();
  page = await browser.newPage();
  await page.goto(porthole.url);
});

afterAll(async () => {
  await browser?.close();
  await porthole?.discard();
  await display?.stop();
});

async function shareOf(sessionId: string): Promise<LiveScreen> {
  return (await (await fetch(`${porthole.url}/api/screen_share/status/${sessionId}`)).json()) as LiveScreen;
}

async function recordedSeconds(sessionId: string): Promise<number> {
  return (await shareOf(sessionId)).recording?.duration_seconds ?? 0;
}

async function untilRecorded(sessionId: string, seconds: number): Promise<void> {
  await expect.poll(() => recordedSeconds(sessionId), PATIENCE).toBeGreaterThan(seconds);
}

describe('a recording', () => {
  it('is a film of the screen that plays and can be jumped in, without the time that was paused', async () => {
    const sessionId = await startShare(porthole.url, 'medium');
    const { recording_id: id } = await record(porthole.url, sessionId, 'recording');
    await untilRecorded(sessionId, 2);
    const viewer = await browser.newPage({ viewport: { width: 640, height: 420 } });
    await viewer.goto(`${porthole.url}/view/${sessionId}`);
    await viewer.getByText('Recording', { exact: true }).waitFor();
    keepScreen('recording-viewer', await viewer.screenshot());
    await viewer.close();
    await record(porthole.url, sessionId, 'paused');
    const { duration_seconds: pausedAt } = await shareOf(sessionId);
    await expect
      .poll(async () => (await shareOf(sessionId)).duration_seconds, PATIENCE)
      .toBeGreaterThan(pausedAt + 2);
    await record(porthole.url, sessionId, 'recording');
    await untilRecorded(sessionId, 4);
    const ended = await record(porthole.url, sessionId, 'stopped');
    const { duration_seconds: sharedSeconds, capture } = await shareOf(sessionId);
    expect(capture.state).toBe('live');
    expect(ended).toMatchObject({ recording_id: id, state: 'finished' });
    expect(ended.duration_seconds).toBeLessThan(sharedSeconds - 2);

    const film = await probeRecording(porthole.url, id);
    expect(film).toMatchObject({ codec: 'vp9', widthPx: 1280, heightPx: 720 });
    expect(film.durationSeconds).toBeCloseTo(ended.duration_seconds, 2);
    expect(film.times.length).toBeGreaterThan(10);
    const gaps = film.times.slice(1).map((time, index) => time - (film.times[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(0);
    expect(Math.max(...gaps)).toBeLessThan(1.5);

    const parts = [0.1, 0.9, 0.5];
    const played = await playRecording(page, id, parts);
    expect(played.durationSeconds).toBeCloseTo(ended.duration_seconds, 2);
    parts.forEach((part, index) => {
      expect(played.landed[index]).toBeCloseTo(part * played.durationSeconds, 1);
    });
    const [one = [], two = []] = played.pictures;
    expect(one.filter((value, index) => Math.abs(value - (two[index] ?? 0)) > 30).length).toBeGreaterThan(50);
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
  });

  it('goes on when the capture process is killed, and ends with its share', async () => {
    const sessionId = await startShare(porthole.url, 'low', { record: true });
    await untilRecorded(sessionId, 1);
    for (const pid of findRenderers(porthole.child.pid ?? 0)) process.kill(pid, 'SIGKILL');
    await untilRecorded(sessionId, 2.5);
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
    await expect.poll(async () => (await listRecordings(porthole.url))[0]?.state, PATIENCE).toBe('finished');
    const [ended] = await listRecordings(porthole.url);
    const film = await probeRecording(porthole.url, ended?.recording_id ?? '');
    // No larger than what viewers saw.
    expect(film).toMatchObject({ codec: 'vp9', widthPx: 640, heightPx: 360 });
    expect(film.durationSeconds).toBeCloseTo(ended?.duration_seconds ?? 0, 2);
    const { landed } = await playRecording(page, ended?.recording_id ?? '', [0.95, 0.05]);
    expect(landed[0]).toBeGreaterThan(2);
  });

  it('plays after the agent was killed', async () => {
    const sessionId = await startShare(porthole.url, 'medium', { record: true });
    await untilRecorded(sessionId, 1.5);
    const { port } = new URL(porthole.url);
    await porthole.stop('SIGKILL');
    porthole = await PortholeProcess.start({
      display,
      args: ['--hidden', '--port', port, '--recording-keep-free-megabytes', '0'],
      home: porthole.home,
    });
    const [cutOff] = await listRecordings(porthole.url);
    expect(cutOff).toMatchObject({ session_id: sessionId, state: 'interrupted' });
    const film = await probeRecording(porthole.url, cutOff?.recording_id ?? '');
    expect(film.durationSeconds).toBeGreaterThan(1.2);
    await page.goto(porthole.url);
    const { landed } = await playRecording(page, cutOff?.recording_id ?? '', [0.9]);
    expect(landed[0]).toBeCloseTo(0.9 * (film.durationSeconds ?? 0), 1);
  });

  it('is begun, paused, ended, played and deleted in the panel, which shows it all the while', async () => {
    const panel = await browser.newPage({ viewport: { width: 420, height: 900 } });
    await panel.goto(porthole.url);
    await panel.getByRole('button', { name: /Screen Share/ }).click();
    const card = panel.getByRole('region', { name: 'Screen share' });
    const controls = card.getByRole('region', { name: 'Recording' });
    await controls.getByText('This share is not being recorded.').waitFor();
    await controls.getByRole('button', { name: 'Record', exact: true }).click();
    await controls.getByText('Recording', { exact: true }).waitFor();
    await controls.getByText(/^[1-9]\d* s · \d/).waitFor();
    await keepPage('recording-card', panel);
    await controls.getByRole('button', { name: 'Pause recording' }).click();
    await controls.getByText('Recording paused').waitFor();
    await keepPage('recording-card-paused', panel);
    await controls.getByRole('button', { name: 'Go on recording' }).click();
    await controls.getByText('Recording', { exact: true }).waitFor();
    await controls.getByRole('button', { name: 'End recording' }).click();
    await controls.getByRole('link', { name: /^Recorded/ }).click();

    const list = panel.getByRole('list', { name: 'Recordings' });
    const [newest] = await listRecordings(porthole.url);
    await list.getByRole('button', { name: 'Play' }).first().click();
    const video = list.locator('video');
    await expect
      .poll(() => video.evaluate((film: HTMLVideoElement) => film.currentTime), PATIENCE)
      .toBeGreaterThan(0);
    await keepPage('recording-list', panel);
    await panel.setViewportSize({ width: 1100, height: 900 });
    await keepPage('recording-list-wide', panel);
    await panel.setViewportSize({ width: 320, height: 700 });
    await keepPage('recording-list-narrow', panel);
    const entry = list
      .locator('.recording-entry')
      .filter({ has: panel.locator(`a[download="${newest?.recording_id}.webm"]`) });
    await entry.getByRole('button', { name: 'Delete…' }).click();
    await entry.getByRole('button', { name: 'Delete', exact: true }).click();
    await entry.waitFor({ state: 'detached' });
    expect((await listRecordings(porthole.url)).map(({ recording_id }) => recording_id)).not.toContain(
      newest?.recording_id,
    );
    await panel.close();
  });

  it('on a full disk fails and says so, plays as far as it came, and the share goes on', async ({ skip }) => {
    const folder = path.join(porthole.dataDir, 'recordings');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
    if (mounted.status !== 0) {
      process.stdout.write(`skipped: no small disk can be mounted here (${String(mounted.stderr).trim()})\n`);
      skip();
    }
    try {
      const sessionId = await startShare(porthole.url, 'high', { record: true });
      await expect.poll(async () => (await shareOf(sessionId)).recording?.state, PATIENCE).toBe('failed');
      const { recording, frames_captured: before } = await shareOf(sessionId);
      expect(recording?.reason).toBe('The disk is full');
      await expect
        .poll(async () => (await shareOf(sessionId)).frames_captured, PATIENCE)
        .toBeGreaterThan(before);
      expect(await shareOf(sessionId)).toMatchObject({ status: 'active', capture: { state: 'live' } });
      const [failed] = await listRecordings(porthole.url);
      expect(failed).toMatchObject({ state: 'failed', reason: 'The disk is full' });
      const film = await probeRecording(porthole.url, failed?.recording_id ?? '');
      expect(film.durationSeconds).toBeCloseTo(failed?.duration_seconds ?? 0, 2);
      const { landed } = await playRecording(page, failed?.recording_id ?? '', [0.8]);
      expect(landed[0]).toBeCloseTo(0.8 * (film.durationSeconds ?? 0), 1);
      await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
    } finally {
      spawnSync('umount', ['-l', folder]);
    }
  });
});
