import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { WindowSight } from '../../../../src-main/desktop/x11/window-sight.ts';
import type { WindowStack, XRectangle, XWindow } from '../../../../src-main/desktop/x11/x-server.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';

const SCREEN = { left: 0, top: 0, width: 1280, height: 800 };
const PROMPT: XWindow = { id: 1, area: { left: 430, top: 48, width: 420, height: 360 } };
const FULL: XWindow = { id: 2, area: SCREEN };
const ASIDE: XWindow = { id: 3, area: { left: 0, top: 500, width: 300, height: 200 } };

/** An X server whose windows lie as the test says. */
class FakeStack implements WindowStack {
  windows: XWindow[] = [ASIDE, PROMPT];
  managed = new Set<number>();
  readonly raised: number[] = [];
  isGone = false;

  async list(): Promise<XWindow[]> {
    if (this.isGone) throw new Error('no connection');
    return this.windows;
  }
  async screen(): Promise<XRectangle> {
    return SCREEN;
  }
  async outermost(windowId: number): Promise<number | null> {
    return this.windows.some(({ id }) => id === windowId) ? windowId : null;
  }
  async covers({ area }: XWindow, other: XRectangle): Promise<boolean> {
    return area.left < other.left + other.width && other.top < area.top + area.height;
  }
  async isManaged(windowId: number): Promise<boolean> {
    return this.managed.has(windowId);
  }
  raise(windowId: number): void {
    this.raised.push(windowId);
    this.windows = [...this.windows.filter(({ id }) => id !== windowId), PROMPT];
  }
}

describe('WindowSight', () => {
  let clock: ManualClock;
  let stack: FakeStack;
  let told: boolean[];

  beforeEach(() => {
    clock = new ManualClock();
    stack = new FakeStack();
    told = [];
  });

  const settle = () => new Promise((resolve) => setImmediate(resolve));

  async function start(): Promise<WindowSight> {
    const sight = new WindowSight({
      stack,
      clock,
      windowId: PROMPT.id,
      onChange: (isSeen) => told.push(isSeen),
    });
    onTestFinished(() => sight.close());
    await settle();
    return sight;
  }

  async function lookAgain(): Promise<void> {
    clock.advance(100);
    await settle();
  }

  it('sees a window that is on top', async () => {
    await start();
    expect(told).toEqual([true]);
  });

  it('does not see one that is not mapped yet', async () => {
    stack.windows = [ASIDE];
    await start();
    expect(told).toEqual([]);
    stack.windows = [ASIDE, PROMPT];
    await lookAgain();
    expect(told).toEqual([true]);
  });

  it('raises it above what a window manager put there', async () => {
    stack.windows = [PROMPT, FULL];
    stack.managed.add(FULL.id);
    await start();
    expect(told).toEqual([]);
    expect(stack.raised).toEqual([PROMPT.id]);
    await lookAgain();
    expect(told).toEqual([true]);
  });

  it('stays below what put itself there, as lockers do, and is not seen there', async () => {
    await start();
    stack.windows = [PROMPT, FULL];
    await lookAgain();
    expect(told).toEqual([true, false]);
    expect(stack.raised).toEqual([]);
  });

  it('stays below a locker that lies above a window that fills the screen', async () => {
    stack.windows = [PROMPT, FULL, { ...FULL, id: 4 }];
    stack.managed.add(FULL.id);
    await start();
    expect(stack.raised).toEqual([]);
  });

  it('is not seen in whole where it leaves the screen', async () => {
    stack.windows = [{ ...PROMPT, area: { ...PROMPT.area, left: 1000 } }];
    await start();
    expect(told).toEqual([]);
  });

  it('does not mind what lies beside it', async () => {
    stack.windows = [PROMPT, { ...ASIDE, area: { left: 900, top: 420, width: 300, height: 200 } }];
    await start();
    expect(told).toEqual([true]);
  });

  it('goes by the page alone where the server cannot be asked any more', async () => {
    stack.isGone = true;
    await start();
    expect(told).toEqual([true]);
  });

  it('looks no more once it is closed', async () => {
    const sight = await start();
    sight.close();
    expect(clock.pendingTimers).toBe(0);
  });
});
