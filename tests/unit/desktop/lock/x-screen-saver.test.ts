import { expect, it } from 'vitest';
import { watchXScreenSaver } from '../../../../src-main/desktop/lock/x-screen-saver.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';

const LOCK = 253;

const settled = (): Promise<unknown> => new Promise(setImmediate);

/** An X server on whose root window a saver says what a test wants. */
function createRig() {
  const clock = new ManualClock();
  const saver = { status: [] as number[], isThere: true, isGone: false };
  const heard: boolean[] = [];
  const listeners = new Set<() => void>();
  const unwatch = watchXScreenSaver({
    facts: {
      numbers: async (_windowId, property) => {
        if (saver.isGone) throw new Error('no connection');
        return property === '_SCREENSAVER_STATUS' ? saver.status : [];
      },
      hasChildWith: async (property) => property === '_SCREENSAVER_VERSION' && saver.isThere,
      onRootChange: (property, listener) => {
        if (property === '_SCREENSAVER_STATUS') listeners.add(listener);
        listener();
        return () => listeners.delete(listener);
      },
    },
    clock,
    onChange: (isActive) => heard.push(isActive),
  });
  const say = async (...status: number[]): Promise<void> => {
    saver.status = status;
    for (const listener of listeners) listener();
    await settled();
  };
  return { clock, saver, heard, listeners, unwatch, say };
}

it('hears the saver lock or blank the screen, and uncover it', async () => {
  const rig = createRig();
  await rig.say(0, 1000, 0);
  expect(rig.heard).toEqual([]);
  await rig.say(LOCK, 1001, 0);
  await rig.say(LOCK, 1001, 3);
  expect(rig.heard).toEqual([true]);
  await rig.say(0, 1002, 0);
  expect(rig.heard).toEqual([true, false]);
  expect(rig.clock.pendingTimers).toBe(0);
});

it('believes the last of several changes that come at once', async () => {
  const rig = createRig();
  await settled();
  void rig.say(LOCK, 1001, 0);
  void rig.say(0, 1001, 0);
  await rig.say(LOCK, 1001, 0);
  await settled();
  expect(rig.heard).toEqual([true]);
});

it('forgets what a saver said that has ended', async () => {
  const rig = createRig();
  await rig.say(LOCK, 1001, 0);
  rig.saver.isThere = false;
  rig.clock.advance(2000);
  await settled();
  expect(rig.heard).toEqual([true, false]);
});

it('takes it to be as it was while the server cannot be asked, and ends with its last timer', async () => {
  const rig = createRig();
  await rig.say(LOCK, 1001, 0);
  rig.saver.isGone = true;
  rig.clock.advance(2000);
  await settled();
  expect(rig.heard).toEqual([true]);
  rig.unwatch();
  expect(rig.clock.pendingTimers).toBe(0);
  expect(rig.listeners.size).toBe(0);
});
