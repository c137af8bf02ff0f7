import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { isOwnEntry } from '../../../../src-main/desktop/login/autostart-entry.ts';
import { xdgAutostart } from '../../../../src-main/desktop/login/xdg-autostart.ts';

let file: string;
beforeEach(() => {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-autostart-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  file = path.join(folder, 'autostart', 'porthole.desktop');
});

describe('xdgAutostart', () => {
  it('makes its entry, keeps how the person set it, and removes it', async () => {
    const place = xdgAutostart(file, ['/opt/porthole']);
    expect(await place.set(true)).toBeNull();
    const made = readFileSync(file, 'utf8');
    expect(isOwnEntry(made)).toBe(true);
    const { ino } = statSync(file);
    expect(await place.set(true)).toBeNull();
    expect(statSync(file).ino).toBe(ino);
    expect(await xdgAutostart(file, ['/opt/moved']).set(true)).toBeNull();
    expect(readFileSync(file, 'utf8')).toContain('/opt/moved');
    expect(await place.set(false)).toBeNull();
    expect(existsSync(file)).toBe(false);
  });

  it('neither changes nor removes an entry that somebody else made', async () => {
    const foreign = '[Desktop Entry]\nType=Application\nExec=my-porthole --with-care\n';
    mkdirSync(path.dirname(file));
    writeFileSync(file, foreign);
    const place = xdgAutostart(file, ['/opt/porthole']);
    expect(await place.set(true)).toContain('left as it is');
    expect(await place.set(false)).toBeNull();
    expect(readFileSync(file, 'utf8')).toBe(foreign);
  });
});
