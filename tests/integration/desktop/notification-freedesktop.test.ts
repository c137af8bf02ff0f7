import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../../src-main/clock.ts';
import { FreedesktopNotifier } from '../../../src-main/desktop/notification-freedesktop.ts';
import type { Notice } from '../../../src-main/events/notification-port.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { SilentLogger } from '../../fakes/silent-logger.ts';
import { FakeBus, makeSignal } from '../support/fake-bus.ts';

class CountingLogger extends SilentLogger {
  warnings = 0;
  override warn(): void {
    this.warnings += 1;
  }
}

async function setUp(options: { clock?: ManualClock; sockets?: string[] } = {}) {
  const bus = await FakeBus.start();
  const responses: unknown[] = [];
  const log = new CountingLogger();
  const notifier = new FreedesktopNotifier({
    clock: options.clock ?? systemClock,
    log,
    busSockets: options.sockets ?? [bus.path],
    iconFile: '/opt/a b/icon.png',
    onResponse: (notice, response) => responses.push([notice.tag, response]),
  });
  onTestFinished(() => notifier.close());
  const notified = (count: number) => vi.waitFor(() => expect(bus.callsOf('Notify')).toHaveLength(count));
  return { bus, notifier, responses, log, notified };
}

function notice(tag: string, changes: Partial<Notice> = {}): Notice {
  return { tag, title: 'Title', body: 'Body', urgency: 'normal', approvalId: null, ...changes };
}

describe('FreedesktopNotifier', () => {
  it('shows a notice with all that belongs to it', async () => {
    const { bus, notifier, notified } = await setUp();
    notifier.show(notice('a', { urgency: 'high', body: '<b>ann</b> & co' }));
    await notified(1);
    expect(bus.callsOf('Notify')[0]).toEqual([
      'Porthole',
      0,
      'file:///opt/a%20b/icon.png',
      'Title',
      '&lt;b&gt;ann&lt;/b&gt; &amp; co',
      ['default', 'Show'],
      [
        ['urgency', { signature: 'y', value: 2 }],
        ['desktop-entry', { signature: 's', value: 'porthole' }],
      ],
      0,
    ]);
  });

  it('speaks to a plain server in plain words', async () => {
    const { bus, notifier, notified } = await setUp();
    bus.behaviour.capabilities = ['body'];
    notifier.show(notice('a', { body: '<b>ann</b> & co' }));
    await notified(1);
    expect(bus.callsOf('Notify')[0]?.slice(4, 6)).toEqual(['<b>ann</b> & co', []]);
  });

  it('puts the newer in place of the older of a tag, and takes it back', async () => {
    const { bus, notifier, notified } = await setUp();
    notifier.show(notice('a'));
    await notified(1);
    notifier.show(notice('b'));
    await notified(2);
    notifier.show(notice('a', { title: 'Newer' }));
    await notified(3);
    expect(bus.callsOf('Notify').map(([, replaces]) => replaces)).toEqual([0, 0, 1]);
    notifier.withdraw('a');
    await vi.waitFor(() => expect(bus.callsOf('CloseNotification')).toEqual([[1]]));
    notifier.withdraw('a');
    notifier.withdraw('unknown');
    notifier.show(notice('a'));
    await notified(4);
    expect(bus.callsOf('Notify')[3]?.[1]).toBe(0);
    expect(bus.callsOf('CloseNotification')).toHaveLength(1);
  });

  it('shows only the last of what is wanted while the server is busy', async () => {
    const { bus, notifier, notified } = await setUp();
    for (let count = 0; count < 100; count += 1) notifier.show(notice('a', { title: `Number ${count}` }));
    await notified(1);
    for (let count = 0; count < 100; count += 1) notifier.show(notice('a', { title: `Then ${count}` }));
    await vi.waitFor(() => expect(bus.callsOf('Notify').at(-1)?.[3]).toBe('Then 99'));
    expect(bus.callsOf('Notify').map(([, , , title]) => title)).toEqual(['Number 99', 'Then 99']);
    notifier.show(notice('a', { title: 'Never seen' }));
    notifier.withdraw('a');
    await vi.waitFor(() => expect(bus.callsOf('CloseNotification')).toEqual([[1]]));
    expect(bus.callsOf('Notify')).toHaveLength(2);
  });

  it('passes a click on, and takes no button for an answer', async () => {
    const { bus, notifier, responses, notified } = await setUp();
    notifier.show(notice('a', { approvalId: 'approval_1' }));
    await notified(1);
    bus.signal('ActionInvoked', 'us', [1, 'allow']);
    bus.signal('ActionInvoked', 'us', [2, 'default']);
    bus.signal('ActionInvoked', 'us', [1, 'default'], ':1.66');
    bus.signal('ActionInvoked', 'us', [1, 'default']);
    await vi.waitFor(() => expect(responses).toEqual([['a', 'open']]));
  });

  it('forgets what was put away, so that its number closes nothing of others', async () => {
    const { bus, notifier, notified } = await setUp();
    notifier.show(notice('a'));
    await notified(1);
    bus.signal('NotificationClosed', 'uu', [1, 2], ':1.66');
    bus.signal('NotificationClosed', 'uu', [1, 2]);
    notifier.show(notice('b'));
    await notified(2);
    notifier.withdraw('a');
    notifier.show(notice('a'));
    await notified(3);
    expect(bus.callsOf('Notify').map(([, replaces]) => replaces)).toEqual([0, 0, 0]);
    expect(bus.callsOf('CloseNotification')).toEqual([]);
  });

  it('understands what comes right behind an answer', async () => {
    const { bus, notifier, responses, notified } = await setUp();
    bus.behaviour.behindNotify = (id) => makeSignal(':1.5', 'ActionInvoked', 'us', [id, 'default']);
    notifier.show(notice('a'));
    await notified(1);
    await vi.waitFor(() => expect(responses).toEqual([['a', 'open']]));
  });

  it('begins anew with another server', async () => {
    const { bus, notifier, responses, notified } = await setUp();
    notifier.show(notice('a'));
    await notified(1);
    bus.changeOwner(':1.9');
    await vi.waitFor(() => expect(bus.openConnections).toBe(0));
    notifier.show(notice('b'));
    await notified(2);
    expect(bus.connections).toBe(2);
    notifier.withdraw('a');
    bus.signal('ActionInvoked', 'us', [2, 'default'], ':1.5');
    bus.signal('ActionInvoked', 'us', [2, 'default']);
    await vi.waitFor(() => expect(responses).toEqual([['b', 'open']]));
    expect(bus.callsOf('CloseNotification')).toEqual([]);
  });

  it.each(['drop', 'babble'] as const)('comes back after a bus that did %s', async (failure) => {
    const { bus, notifier, notified } = await setUp();
    notifier.show(notice('a'));
    await notified(1);
    bus[failure]();
    await vi.waitFor(() => {
      notifier.show(notice('b'));
      expect(bus.connections).toBe(2);
    });
  });

  it('does without a bus, a greeting, a server or an answer, and says so once', async () => {
    const nowhere = await setUp({ sockets: ['/nonexistent/bus', '/dev/null'] });
    const none = await setUp({ sockets: [] });
    const rude = await setUp();
    rude.bus.behaviour.greeting = 'REJECTED EXTERNAL\r\n';
    const absent = await setUp();
    absent.bus.behaviour.refuses.add('GetCapabilities');
    const broken = await setUp();
    broken.bus.behaviour.refuses.add('Notify');
    for (const { notifier, log } of [nowhere, none, rude, absent, broken]) {
      notifier.show(notice('a'));
      await vi.waitFor(() => expect(log.warnings).toBe(1));
      notifier.withdraw('a');
      notifier.show(notice('b'));
      notifier.show(notice('c'));
      await notifier.close();
      expect(log.warnings).toBe(1);
    }
  });

  it('says so again after it worked in between', async () => {
    const { bus, notifier, log, notified } = await setUp();
    bus.behaviour.refuses.add('Notify');
    notifier.show(notice('a'));
    await vi.waitFor(() => expect(log.warnings).toBe(1));
    bus.behaviour.refuses.clear();
    notifier.show(notice('a'));
    await notified(2);
    bus.behaviour.refuses.add('Notify');
    await vi.waitFor(() => {
      notifier.show(notice('a'));
      expect(log.warnings).toBe(2);
    });
  });

  it.each(['Hello', 'AddMatch', 'GetCapabilities', 'Notify'])(
    'gives up on a %s without an answer',
    async (member) => {
      const clock = new ManualClock();
      const { bus, notifier, log } = await setUp({ clock });
      bus.behaviour.ignores.add(member);
      notifier.show(notice('a'));
      await vi.waitFor(() => expect(bus.callsOf(member)).toHaveLength(1));
      clock.advance(30_000);
      await vi.waitFor(() => expect(log.warnings).toBe(1));
      bus.behaviour.ignores.clear();
      notifier.show(notice('b'));
      await vi.waitFor(() => expect(bus.callsOf('Notify').at(-1)?.[3]).toBe('Title'));
    },
  );

  it('gives up on a bus that does not greet', async () => {
    const clock = new ManualClock();
    const { bus, notifier, log } = await setUp({ clock });
    bus.behaviour.greeting = null;
    notifier.show(notice('a'));
    await vi.waitFor(() => expect(bus.connections).toBe(1));
    clock.advance(2000);
    await vi.waitFor(() => expect(log.warnings).toBe(1));
  });

  it('tells the server everything before it closes, and then lets go', async () => {
    const { bus, notifier, notified } = await setUp();
    notifier.show(notice('a'));
    await notified(1);
    notifier.withdraw('a');
    notifier.show(notice('b'));
    await notifier.close();
    expect(bus.callsOf('CloseNotification')).toEqual([[1]]);
    expect(bus.callsOf('Notify')).toHaveLength(2);
  });

  it('does not wait for a server that hangs when it closes', async () => {
    const clock = new ManualClock();
    const { bus, notifier } = await setUp({ clock });
    bus.behaviour.ignores.add('Notify');
    notifier.show(notice('a'));
    await vi.waitFor(() => expect(bus.callsOf('Notify')).toHaveLength(1));
    const closed = notifier.close();
    clock.advance(500);
    await closed;
  });
});
