import { describe, expect, it } from 'vitest';
import { hasBorders, planBorders } from '../../../../src-main/desktop/border/border-plan.ts';
import type { LiveScreen } from '../../../../src-shared/sessions.ts';
import { liveRemote, liveScreen } from '../../renderer/fakes/sessions.ts';

const LIVE = { state: 'live' } as const;
const share = (session_id: string, differences: Partial<LiveScreen> = {}): LiveScreen =>
  liveScreen({ session_id, capture: LIVE, ...differences });
const viewer = (sessionId: string, name: string | null, remoteAddress = '192.0.2.7') => ({
  sessionId,
  remoteAddress,
  userAgent: 'Mozilla/5.0',
  grant: { admission: 'key', grantId: 'key_1', name } as const,
});
const NOBODY = 'This screen is shared; nobody watches';

describe('planBorders', () => {
  it('marks each screen once that is shared, and names who watches any of its shares', () => {
    const second = { id: 'screen:2:0', name: 'Screen 2', kind: 'screen' } as const;
    const sessions = [
      liveRemote(),
      share('screen_1'),
      share('screen_2', { quality: 'high' }),
      share('screen_3', { source: second }),
    ];
    const viewers = [viewer('screen_1', 'Ann'), viewer('screen_2', null), viewer('screen_2', 'Ann')];
    expect(planBorders(sessions, viewers)).toEqual([
      { sourceId: null, text: 'This screen is watched by Ann, 192.0.2.7' },
      { sourceId: 'screen:2:0', text: NOBODY },
    ]);
  });

  it('tells the person of themselves as such', () => {
    const own = { ...viewer('screen_1', null, '::1'), grant: null };
    expect(planBorders([share('screen_1')], [own])[0]?.text).toBe(
      'This screen is watched by you, in a browser',
    );
  });

  it('marks a screen before its first picture and while its capture restarts', () => {
    for (const capture of [{ state: 'starting' }, { state: 'recovering', message: 'It restarts.' }] as const)
      expect(planBorders([share('screen_1', { capture })], [])).toEqual([{ sourceId: null, text: NOBODY }]);
  });

  it('counts those that there is no room to name', () => {
    const viewers = ['A', 'B', 'C', 'D', 'E'].map((name) => viewer('screen_1', name));
    expect(planBorders([share('screen_1')], viewers)[0]?.text).toBe(
      'This screen is watched by A, B, C, 2 more',
    );
  });

  it('marks nothing of which nothing is seen, and no window', () => {
    const window = { id: 'window:7:0', name: 'Editor', kind: 'window' } as const;
    expect(
      planBorders(
        [
          share('screen_1', { status: 'pending_approval' }),
          share('screen_2', { paused: true, capture: { state: 'paused' } }),
          share('screen_3', { source: window }),
          share('screen_4', { capture: { state: 'failed', message: 'No picture from the screen.' } }),
        ],
        [],
      ),
    ).toEqual([]);
  });

  it('is wanted where viewers do not see it, or as it is set', () => {
    expect((['win32', 'darwin', 'linux'] as const).map((platform) => hasBorders('unseen', platform))).toEqual(
      [true, true, false],
    );
    expect(hasBorders('always', 'linux')).toBe(true);
    expect(hasBorders('never', 'darwin')).toBe(false);
  });
});
