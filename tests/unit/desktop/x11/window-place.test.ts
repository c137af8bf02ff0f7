import { describe, expect, it } from 'vitest';
import { placeWindow } from '../../../../src-main/desktop/x11/window-place.ts';

const HIDDEN = 77;
const ROOT = { _NET_CURRENT_DESKTOP: [2] };

interface Said {
  readonly isViewable: boolean;
  readonly properties?: Readonly<Record<string, readonly number[]>>;
}

/** Where a window is of which the X server says this; `root` is what the window manager says. */
const place = (said: Said | null, root: Readonly<Record<string, readonly number[]>> = ROOT) =>
  placeWindow(
    {
      isViewable: async () => {
        if (!said) throw new Error('Bad window');
        return said.isViewable;
      },
      numbers: async (windowId, property) => [
        ...((windowId === null ? root : said?.properties)?.[property] ?? []),
      ],
      atom: async (name) => (name === '_NET_WM_STATE_HIDDEN' ? HIDDEN : 0),
    },
    7,
  );

const off = (workspace: number, states: number[] = []) => ({
  isViewable: false,
  properties: { _NET_WM_DESKTOP: [workspace], _NET_WM_STATE: states },
});

describe('placeWindow', () => {
  it('sees what is on the screen, whatever is said of workspaces', async () => {
    expect(await place({ isViewable: true, properties: { _NET_WM_DESKTOP: [0] } })).toBe('seen');
    expect(await place({ isViewable: true }, {})).toBe('seen');
  });

  it('knows another workspace from a window that is minimised, there or here', async () => {
    expect(await place(off(0))).toBe('elsewhere');
    expect(await place(off(0, [5, HIDDEN]))).toBe('hidden');
    expect(await place(off(2, [5]))).toBe('hidden');
    expect(await place(off(0xffffffff))).toBe('hidden');
  });

  it('guesses no workspace where nobody tells of any, and knows what is gone', async () => {
    expect(await place({ isViewable: false })).toBe('hidden');
    expect(await place(off(0), {})).toBe('hidden');
    expect(await place(null)).toBeNull();
  });
});
