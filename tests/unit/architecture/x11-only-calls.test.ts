import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../../src-main', import.meta.url));

/**
 * What must not be called of Electron where windows are drawn to a Wayland compositor, or its screens captured through the
 * portal: each with what happens then, the files that call it, and what keeps them from it there.
 */
const CALLS: readonly {
  readonly call: string;
  readonly otherwise: string;
  readonly guards: Readonly<Record<string, string>>;
}[] = [
  {
    call: 'screen.getCursorScreenPoint(',
    otherwise: 'ends the process',
    guards: {
      'desktop/prompt-sight.ts': 'if (!tellsPointer())',
      'desktop/prompt-window.ts': 'tellsPointer()\n      ?',
    },
  },
  {
    call: 'desktopCapturer.getSources(',
    otherwise: 'opens a dialog of the portal',
    guards: {
      'desktop/border/share-borders.ts': '!isWaylandSession()',
      'desktop/capture-session.ts': 'if (isWaylandSession()) return PORTAL_SOURCE',
      // The list of windows is asked for by what watches them, which `electron-screen-source.ts` starts on X11 alone.
      'desktop/source-list.ts': 'if (isWaylandSession()) {',
    },
  },
  {
    call: '.getNativeWindowHandle(',
    otherwise: 'is no number of an X window',
    guards: { 'desktop/prompt-sight.ts': 'if (!drawsToX()) return' },
  },
];

const files = readdirSync(MAIN, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => path.join(entry.parentPath, entry.name))
  .map((file) => ({
    name: path.relative(MAIN, file).split(path.sep).join('/'),
    code: readFileSync(file, 'utf8'),
  }));

describe('calls that Wayland does not take', () => {
  it.each(CALLS)('$call, which $otherwise, is made behind its guards alone', ({ call, guards }) => {
    const callers = files.filter(({ code }) => code.includes(call));
    expect(callers.map(({ name }) => name).sort()).toEqual(Object.keys(guards).sort());
    for (const { name, code } of callers) expect(code, name).toContain(guards[name]);
  });
});
