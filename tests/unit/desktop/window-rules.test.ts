import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');

/** The sources of the main process, preloads included, in which `pattern` is found. */
function sourcesWith(pattern: RegExp): string[] {
  return readdirSync(path.join(ROOT, 'src-main'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => pattern.test(readFileSync(path.join(ROOT, 'src-main', file), 'utf8')))
    .map((file) => file.split(path.sep).join('/'))
    .sort();
}

describe('every window', () => {
  it('is made by the one function that cannot forget to harden it', () => {
    expect(sourcesWith(/new\s+BrowserWindow\b/)).toEqual(['desktop/hardened-window.ts']);
    expect(sourcesWith(/\b(BrowserView|WebContentsView)\b/)).toEqual([]);
    // Windows that hold no page, and so nothing to harden.
    expect(sourcesWith(/new\s+BaseWindow\b/)).toEqual(['desktop/border/screen-border.ts']);
  });

  it('is sandboxed, but for the one that captures and shows nothing foreign', () => {
    expect(sourcesWith(/sandbox:\s*false/)).toEqual(['desktop/capture-window.ts']);
    expect(sourcesWith(/contextIsolation:\s*false|nodeIntegration\w*:\s*true|webviewTag:\s*true/)).toEqual(
      [],
    );
    expect(sourcesWith(/webSecurity:\s*false|allowRunningInsecureContent:\s*true/)).toEqual([]);
  });

  it('has no way into the main process that all windows share', () => {
    expect(sourcesWith(/\bipcMain\b/)).toEqual([]);
    expect(sourcesWith(/contextBridge|exposeInMainWorld/)).toEqual([]);
    expect(sourcesWith(/@electron\/remote|enableRemoteModule/)).toEqual([]);
  });

  it('is asked who speaks wherever a window of its own may', () => {
    const listening = sourcesWith(/\.ipc\s*\.\s*(on|once|handle|handleOnce)\(/);
    expect(listening).toEqual(['desktop/capture-window.ts']);
    for (const file of listening) expect(sourcesWith(/isTrustedSender\(/)).toContain(file);
  });

  it('leads out of the app by one way, which checks where to', () => {
    // And by one to a place that is fixed: the system's own settings.
    expect(sourcesWith(/shell\s*\.\s*openExternal/)).toEqual([
      'desktop/panel-window.ts',
      'desktop/screen-settings.ts',
    ]);
    expect(sourcesWith(/shell\.openExternal\(PANE\)/)).toEqual(['desktop/screen-settings.ts']);
    expect(sourcesWith(/shell\s*\.\s*(openPath|beep|trashItem)/)).toEqual([]);
  });
});
