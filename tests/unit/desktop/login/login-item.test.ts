import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followLoginItem, type LoginPlace } from '../../../../src-main/desktop/login/login-item.ts';
import { SettingsStore } from '../../../../src-main/settings/settings-store.ts';
import { AdvisoryBoard } from '../../../../src-main/upkeep/advisory-board.ts';
import { SilentLogger } from '../../../fakes/silent-logger.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-login-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

class FakePlace implements LoginPlace {
  readonly asked: boolean[] = [];
  switchedOff = false;
  fault: string | Error | null = null;

  async set(isOn: boolean): Promise<string | null> {
    this.asked.push(isOn);
    if (this.fault instanceof Error) throw this.fault;
    this.switchedOff = false;
    return this.fault;
  }

  isSwitchedOff(): boolean {
    return this.switchedOff;
  }
}

function follow(place: LoginPlace | null, startAtLogin: boolean) {
  const file = path.join(folder, 'settings.json');
  writeFileSync(file, JSON.stringify({ startAtLogin }));
  const settings = new SettingsStore({
    file,
    given: { flags: {}, environment: {} },
    onListenerError: (error) => {
      throw error;
    },
  });
  const advisories = new AdvisoryBoard(() => undefined);
  const end = followLoginItem({ settings, log: new SilentLogger(), advisories, place });
  return { settings, end, messages: () => advisories.list().map(({ message }) => message) };
}

describe('followLoginItem', () => {
  it('does as the settings say, at the start and after each change', async () => {
    const place = new FakePlace();
    const { settings, end, messages } = follow(place, true);
    await settings.change({ notifications: 'none' });
    await settings.change({ startAtLogin: false });
    await settings.change({ startAtLogin: true });
    await expect.poll(() => place.asked).toEqual([true, false, true]);
    await expect.poll(messages).toEqual([]);
    end();
    await settings.change({ startAtLogin: false });
    expect(place.asked).toHaveLength(3);
  });

  it('leaves what the person switched off elsewhere, says so, and does it when they ask for it here', async () => {
    const place = new FakePlace();
    place.switchedOff = true;
    const { settings, messages } = follow(place, true);
    await expect.poll(() => place.asked).toEqual([]);
    await expect.poll(() => messages()[0]).toMatch(/switched off in the system’s own settings/);
    await settings.change({ startAtLogin: false });
    await settings.change({ startAtLogin: true });
    await expect.poll(() => place.asked).toEqual([false, true]);
    await expect.poll(messages).toEqual([]);
  });

  it('says what does not work, and goes on', async () => {
    const place = new FakePlace();
    place.fault = new Error('EROFS');
    const broken = follow(place, true);
    await expect.poll(() => broken.messages()[0]).toMatch(/cannot be written/);
    place.fault = 'The system did not take it.';
    await broken.settings.change({ startAtLogin: false });
    await expect.poll(broken.messages).toEqual(['The system did not take it.']);
    const source = follow(null, true);
    await expect.poll(() => source.messages()[0]).toMatch(/runs from source/);
    await source.settings.change({ startAtLogin: false });
    await expect.poll(source.messages).toEqual([]);
  });
});
