import { describe, expect, it } from 'vitest';
import { type TraySessionCalls, TraySessions } from '../../../src-main/desktop/tray-sessions.ts';
import { PortholeError } from '../../../src-shared/errors.ts';
import type { LiveRemote, LiveScreen } from '../../../src-shared/sessions.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

/** Sessions as the registry keeps them, without its rules. */
class FakeRegistry implements TraySessionCalls {
  readonly live: string[] = [];
  readonly heartbeats: string[] = [];
  readonly calls: unknown[][] = [];
  refuses = false;

  listLive = () => this.live.map((session_id) => ({ session_id })) as (LiveRemote | LiveScreen)[];
  startRemote: TraySessionCalls['startRemote'] = (...given) =>
    this.#start('remote_00000001', given) as LiveRemote;
  startScreen: TraySessionCalls['startScreen'] = (...given) =>
    this.#start('screen_00000001', given) as LiveScreen;
  stopRemote: TraySessionCalls['stopRemote'] = (...given) => this.#stop(given) as never;
  stopScreen: TraySessionCalls['stopScreen'] = (...given) => this.#stop(given) as never;
  heartbeat = (sessionId: string) => this.heartbeats.push(sessionId);

  #start(session_id: string, given: unknown[]): { session_id: string } {
    if (this.refuses) throw new PortholeError('locked_by_owner');
    this.calls.push(given);
    this.live.push(session_id);
    return { session_id };
  }

  #stop(given: unknown[]): void {
    this.calls.push(given);
    this.live.splice(this.live.indexOf(String(given[0])), 1);
  }
}

function setUp() {
  const registry = new FakeRegistry();
  const clock = new ManualClock();
  const sessions = new TraySessions({ sessions: registry, clock, heartbeatIntervalMs: 30_000 });
  return { registry, clock, sessions };
}

describe('TraySessions', () => {
  it('starts supervised remote access and a medium share, told as the tray', () => {
    const { registry, sessions } = setUp();
    sessions.start('remote_access');
    sessions.start('screen_share');
    expect(sessions.live).toEqual({ remote_access: 'remote_00000001', screen_share: 'screen_00000001' });
    expect(registry.calls).toEqual([
      [expect.objectContaining({ safety_mode: 'supervised' }), 'this machine', 'tray'],
      [expect.objectContaining({ quality: 'medium' }), 'this machine', 'tray'],
    ]);
  });

  it('keeps its own alive every interval, and stops when none is left', () => {
    const { registry, clock, sessions } = setUp();
    sessions.start('remote_access');
    clock.advance(60_000);
    expect(registry.heartbeats).toEqual(['remote_00000001', 'remote_00000001']);
    sessions.stop('remote_access', 'remote_00000001');
    clock.advance(60_000);
    expect(registry.heartbeats).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it('knows when one of its own was ended elsewhere', () => {
    const { registry, sessions } = setUp();
    sessions.start('screen_share');
    registry.live.length = 0;
    expect(sessions.live.screen_share).toBeNull();
  });

  it('stops sessions of others too', () => {
    const { registry, sessions } = setUp();
    registry.live.push('screen_ffffffff');
    sessions.stop('screen_share', 'screen_ffffffff');
    expect(registry.calls).toEqual([['screen_ffffffff', 'User requested', 'tray']]);
  });

  it('passes on why a start was refused, and leaves no timer behind', () => {
    const { registry, clock, sessions } = setUp();
    registry.refuses = true;
    expect(() => sessions.start('remote_access')).toThrow('Everything was stopped');
    expect(clock.pendingTimers).toBe(0);
    registry.refuses = false;
    sessions.start('remote_access');
    sessions.close();
    expect(clock.pendingTimers).toBe(0);
  });
});
