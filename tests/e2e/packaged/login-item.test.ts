import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { OwnHome } from '../../../scripts/own-home.mjs';
import { callApi } from '../support/api-client.ts';
import { runProgram } from '../support/child-process.ts';
import { makeHome, PortholeProcess } from '../support/porthole-app.ts';
import { TestDisplay } from '../support/test-display.ts';

let display: TestDisplay;
let home: OwnHome;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 720);
  home = makeHome();
});

afterAll(async () => {
  await home?.remove();
  await display?.stop();
});

describe('an installed Porthole', () => {
  it('starts at login by an entry that works, hidden if that is set, and takes it away again', async () => {
    const dataDir = home.place('data of $HOME %f');
    // What holds at every start; the flags of this one are not repeated.
    writeFileSync(path.join(dataDir, 'settings.json'), '{"port": 0, "hidden": true}');
    const first = await PortholeProcess.start({ display, home, dataDir, args: ['--hidden'] });
    const asked = await callApi(first.url, 'POST', '/api/settings', { startAtLogin: true });
    expect(asked.status).toBe(200);
    const { body } = await callApi(first.url, 'GET', '/api/advisories');
    expect(body.advisories).toEqual([]);
    const autostart = path.join(home.place('config'), 'autostart');
    const [name = ''] = readdirSync(autostart);
    const file = path.join(autostart, name);
    const text = readFileSync(file, 'utf8');
    runProgram('desktop-file-validate', [file], display.env);
    expect(await first.stop()).toBe(0);

    // As a session starts it: by GLib's reading of the entry.
    // The app holds what it inherits of this program, so nothing of that is waited for.
    home.spawn('gio', ['launch', file], { env: display.seat, stdio: 'ignore' });
    const running = path.join(dataDir, 'running.json');
    const second = await vi.waitFor(
      () => JSON.parse(readFileSync(running, 'utf8')) as { url: string; pid: number },
      { timeout: 20_000, interval: 100 },
    );
    const info = await callApi(second.url, 'GET', '/api/settings');
    expect(info.body.settings).toMatchObject({ hidden: { in_use: true, source: 'file' } });
    expect(
      runProgram(
        'sh',
        ['-c', 'xdotool search --onlyvisible --name Porthole || true'],
        display.env,
      ).toString(),
    ).toBe('');

    // An entry that was edited elsewhere is ours to take away all the same.
    writeFileSync(file, text.replace('enabled=true', 'enabled=false'));
    await callApi(second.url, 'POST', '/api/settings', { startAtLogin: false });
    expect(() => readFileSync(file)).toThrow('ENOENT');
    process.kill(second.pid, 'SIGTERM');
    await vi.waitFor(() => expect(() => readFileSync(running)).toThrow('ENOENT'), { timeout: 10_000 });
  });
});
