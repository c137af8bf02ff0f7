import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SettingsStore } from '../../../src-main/settings/settings-store.ts';
import { LockPause } from '../../../src-main/upkeep/lock-pause.ts';

let folder: string;
let settings: SettingsStore;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-lock-'));
  settings = new SettingsStore({
    file: path.join(folder, 'settings.json'),
    given: { flags: {}, environment: {} },
    onListenerError: (error) => {
      throw error;
    },
  });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('LockPause', () => {
  it('pauses on a lock, and once', () => {
    const told: boolean[] = [];
    const pause = new LockPause(settings, (isPaused) => told.push(isPaused));
    pause.setLocked(true);
    pause.setLocked(true);
    pause.setLocked(false);
    expect(told).toEqual([true, false]);
  });

  it('follows the setting while the screen is locked, until it is closed', async () => {
    const told: boolean[] = [];
    const pause = new LockPause(settings, (isPaused) => told.push(isPaused));
    await settings.change({ pauseOnLock: false });
    pause.setLocked(true);
    expect(told).toEqual([]);
    await settings.change({ pauseOnLock: true });
    await settings.change({ pauseOnLock: false });
    expect(told).toEqual([true, false]);
    pause.close();
    await settings.change({ pauseOnLock: true });
    expect(told).toEqual([true, false]);
  });
});
