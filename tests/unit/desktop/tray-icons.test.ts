import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseTrayIcon } from '../../../src-main/desktop/tray-icons.ts';
import type { TrayState } from '../../../src-main/desktop/tray-menu.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../../assets/tray');
const STATES: TrayState[] = ['none', 'pending', 'active', 'failed'];

describe('chooseTrayIcon', () => {
  it('names icons that are there, at 1x and 2x, one for each state and scheme', () => {
    for (const platform of ['linux', 'win32', 'darwin'] as const) {
      const files = [true, false].flatMap((isDark) =>
        STATES.map((state) => chooseTrayIcon(FOLDER, state, { platform, isDark })),
      );
      expect(new Set(files).size).toBe(platform === 'darwin' ? 7 : 8);
      for (const file of files) {
        expect(existsSync(file), file).toBe(true);
        expect(existsSync(file.replace('.png', '@2x.png')), file).toBe(true);
      }
    }
  });

  it('gives macOS a template for the idle agent alone', () => {
    const isTemplate = (state: TrayState) =>
      chooseTrayIcon(FOLDER, state, { platform: 'darwin', isDark: true }).endsWith('Template.png');
    expect(STATES.filter(isTemplate)).toEqual(['none']);
  });
});
