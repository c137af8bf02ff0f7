import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { isOwnEntry, writeAutostartEntry } from '../../../../src-main/desktop/login/autostart-entry.ts';
import { xdgAutostart } from '../../../../src-main/desktop/login/xdg-autostart.ts';

const FOREIGN = '[Desktop Entry]\nType=Application\nExec=my-porthole --with-care\n';

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

  it.each([
    ['that somebody else made', () => FOREIGN],
    [
      'larger than any that it made',
      () => `${writeAutostartEntry(['/opt/porthole'])}${'#'.repeat(64 * 1024)}`,
    ],
  ])('neither changes nor removes an entry %s', async (_, contentOf) => {
    const foreign = contentOf();
    mkdirSync(path.dirname(file));
    writeFileSync(file, foreign);
    const place = xdgAutostart(file, ['/opt/porthole']);
    expect(await place.set(true)).toContain('left as it is');
    expect(await place.set(false)).toBeNull();
    expect(place.isSwitchedOff()).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe(foreign);
  });
});
