import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { EventBus } from '../../../src-main/events/event-bus.ts';
import { closeDatabase, openDatabase } from '../../../src-main/store/database.ts';
import { SqliteSessionJournal } from '../../../src-main/store/sqlite-session-journal.ts';
import { SqliteWebhookJournal } from '../../../src-main/store/sqlite-webhook-journal.ts';
import { RETRY_WAITS_SECONDS } from '../../../src-main/webhooks/webhook-queue.ts';
import type { OutgoingMessage, SendOutcome } from '../../../src-main/webhooks/webhook-sender.ts';
import { WebhookService } from '../../../src-main/webhooks/webhook-service.ts';
import type { AgentEventName } from '../../../src-shared/events.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { SilentLogger } from '../../fakes/silent-logger.ts';

const TAKEN: SendOutcome = { responseStatus: 204, error: null, retryAfterSeconds: null };
const LOST: SendOutcome = { responseStatus: null, error: 'it is gone', retryAfterSeconds: null };
const refusedWith = (responseStatus: number): SendOutcome => ({
  responseStatus,
  error: `it answered ${responseStatus}`,
  retryAfterSeconds: null,
});
const HOUR_MS = 3_600_000;

let folder: string;
let clock: ManualClock;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-webhooks-'));
  clock = new ManualClock();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

/** A service on a database on disk, whose receivers do as the test says. */
function open() {
  const database = openDatabase(path.join(folder, 'porthole.db'));
  const archive = new SqliteSessionJournal(database);
  const journal = new SqliteWebhookJournal(database, archive);
  const log = new SilentLogger();
  const bus = new EventBus((error) => log.error({ err: error }, 'listener'));
  /** Every attempt, by the address that it went to. */
  const attempts: { url: string; event: string; at: number; id: string }[] = [];
  const receivers = new Map<string, (message: OutgoingMessage) => SendOutcome | Promise<SendOutcome>>();
  const send = async (message: OutgoingMessage): Promise<SendOutcome> => {
    const { event, delivery_id: id } = JSON.parse(message.body);
    attempts.push({ url: message.url, event, at: clock.wallMs(), id });
    return (await receivers.get(message.url)?.(message)) ?? TAKEN;
  };
  const service = new WebhookService({
    clock,
    log,
    bus,
    journal,
    send,
    sendTest: send,
    record: (draft) => bus.publish(archive.recordEvent(draft)),
    random: () => 0,
  });
  const happen = (event: AgentEventName, message: string = event): void => {
    const timestamp = new Date(clock.wallMs()).toISOString();
    bus.publish(archive.recordEvent({ event, data: { message, badge: '', timestamp } }));
  };
  const settle = async (): Promise<void> => {
    clock.advance(0);
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  };
  let isOpen = true;
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    service.close();
    closeDatabase(database);
  };
  onTestFinished(close);
  const eventsTo = (url: string): string[] =>
    attempts.filter((attempt) => attempt.url === url).map(({ event }) => event);
  return { service, journal, archive, log, attempts, receivers, happen, settle, close, eventsTo };
}

const A = 'https://a.example/hook';
const B = 'https://b.example/hook';
const SESSIONS: AgentEventName[] = ['remote_session_started', 'remote_session_stopped'];

describe('webhook service', () => {
  it('tells each webhook of the events that it wants, in their order', async () => {
    const { service, happen, settle, eventsTo } = open();
    service.create({ name: 'a', url: A, events: SESSIONS }, 'api');
    service.create({ name: 'b', url: B, events: ['rearmed'] }, 'api');
    happen('remote_session_started');
    happen('rearmed');
    happen('remote_session_stopped');
    await settle();
    expect(eventsTo(A)).toEqual(['remote_session_started', 'remote_session_stopped']);
    expect(eventsTo(B)).toEqual(['rearmed']);
    expect(service.list().map(({ counts }) => counts.pending)).toEqual([0, 0]);
  });

  it('begins with its own making and tells nothing of what was before', async () => {
    const { service, happen, settle, eventsTo } = open();
    happen('rearmed');
    service.create({ name: 'a', url: A }, 'panel');
    await settle();
    expect(eventsTo(A)).toEqual(['webhook_created']);
  });

  it('keeps the order while the first fails, with waits that grow to a day together', async () => {
    const { service, receivers, happen, settle, attempts } = open();
    let isLost = true;
    receivers.set(A, () => (isLost ? LOST : TAKEN));
    service.create({ name: 'a', url: A, events: SESSIONS }, 'api');
    happen('remote_session_started');
    happen('remote_session_stopped');
    await settle();
    for (const seconds of RETRY_WAITS_SECONDS.slice(0, -1)) {
      clock.advance(seconds * 1000 - 1);
      await settle();
      clock.advance(1);
      await settle();
    }
    const waits = attempts.slice(1).map(({ at }, index) => (at - (attempts[index]?.at ?? 0)) / 1000);
    expect(waits).toEqual(RETRY_WAITS_SECONDS.slice(0, -1));
    expect(new Set(attempts.map(({ event }) => event))).toEqual(new Set(['remote_session_started']));
    expect(new Set(attempts.map(({ id }) => id)).size).toBe(1);
    isLost = false;
    clock.advance((RETRY_WAITS_SECONDS.at(-1) ?? 0) * 1000);
    await settle();
    expect(attempts.slice(-2).map(({ event }) => event)).toEqual(SESSIONS);
    expect(service.list()[0]).toMatchObject({
      webhook: { failures: 0, lastError: null },
      counts: { dead: 0 },
    });
  });

  it('gives up what a lost receiver missed for a day, keeps the rest and goes on trying', async () => {
    const { service, receivers, happen, settle, eventsTo } = open();
    receivers.set(A, () => LOST);
    const { webhook } = service.create({ name: 'a', url: A, events: SESSIONS }, 'api');
    happen('remote_session_started');
    happen('remote_session_started');
    await settle();
    for (const seconds of RETRY_WAITS_SECONDS.slice(0, -1)) {
      clock.advance(seconds * 1000);
      await settle();
    }
    happen('remote_session_stopped');
    clock.advance(9 * HOUR_MS);
    await settle();
    const { webhookId } = webhook;
    const dead = service.listDeliveries({ webhookId, state: 'dead', limit: 10, offset: 0 });
    expect(dead.deliveries.map(({ event, error }) => ({ event, error }))).toEqual([
      { event: 'remote_session_started', error: 'for a day it is gone' },
      { event: 'remote_session_started', error: 'it is gone' },
    ]);
    receivers.delete(A);
    clock.advance(9 * HOUR_MS);
    await settle();
    expect(eventsTo(A).at(-1)).toBe('remote_session_stopped');
    expect(service.list()[0]?.counts).toMatchObject({ pending: 0, dead: 2, delivered: 1 });
  });

  it('gives up a message that the receiver will not have, after which comes the next', async () => {
    const { service, receivers, happen, settle, eventsTo } = open();
    receivers.set(A, ({ body }) => (body.includes('started') ? refusedWith(400) : TAKEN));
    service.create({ name: 'a', url: A, events: SESSIONS }, 'api');
    happen('remote_session_started');
    happen('remote_session_stopped');
    await settle();
    for (let count = 0; count < 4; count += 1) {
      clock.advance(HOUR_MS);
      await settle();
    }
    expect(eventsTo(A)).toEqual([...Array(5).fill('remote_session_started'), 'remote_session_stopped']);
    expect(service.list()[0]?.counts).toMatchObject({ pending: 0, dead: 1, delivered: 1 });
  });

  it('switches a receiver off that says it is gone, tells of it, and sends it nothing more', async () => {
    const first = open();
    first.receivers.set(A, () => refusedWith(410));
    first.service.create({ name: 'a', url: A, events: SESSIONS }, 'api');
    // They are listed by age.
    clock.advance(1);
    first.service.create({ name: 'b', url: B, events: ['webhook_disabled'] }, 'api');
    for (let count = 0; count < 3; count += 1) first.happen('remote_session_started');
    await first.settle();
    await first.settle();
    expect(first.eventsTo(A)).toEqual(['remote_session_started']);
    expect(first.eventsTo(B)).toEqual(['webhook_disabled']);
    const off = { disabledAtMs: clock.wallMs(), failures: 0, lastError: 'it answered 410' };
    expect(first.service.list()[0]).toMatchObject({ webhook: off, counts: { pending: 0, dead: 3 } });
    const [newest] = first.archive.listEvents(first.archive.lastSeq() - 1, 1);
    expect(newest).toMatchObject({
      event: 'webhook_disabled',
      data: { by: 'agent', message: expect.stringContaining('https://a.example; it answered 410') },
    });
    first.close();

    const second = open();
    second.happen('remote_session_stopped');
    clock.advance(48 * HOUR_MS);
    await second.settle();
    expect(second.eventsTo(A)).toEqual([]);
    expect(second.service.list()[0]).toMatchObject({ webhook: off, counts: { pending: 0, dead: 3 } });
  });

  it('sends again what happens from then on when somebody switches it on, and the old by hand', async () => {
    const { service, receivers, happen, settle, eventsTo, attempts } = open();
    receivers.set(A, () => refusedWith(410));
    const { webhookId } = service.create({ name: 'a', url: A, events: SESSIONS }, 'api').webhook;
    happen('remote_session_started');
    await settle();
    const [dead] = service.listDeliveries({ webhookId, state: 'dead', limit: 1, offset: 0 }).deliveries;
    expect(() => service.retry(webhookId, dead?.deliveryId ?? '')).toThrow('enable it first');
    receivers.delete(A);
    expect((await service.test(webhookId)).error).toBeNull();
    // Not a moment of its own lies between this and the switch.
    happen('remote_session_started');
    expect(service.enable(webhookId, 'panel').webhook).toMatchObject({ disabledAtMs: null, lastError: null });
    happen('remote_session_stopped');
    await settle();
    expect(eventsTo(A)).toEqual(['remote_session_started', 'webhook_test', 'remote_session_stopped']);
    service.retry(webhookId, dead?.deliveryId ?? '');
    await settle();
    expect(attempts.at(-1)).toMatchObject({ id: dead?.deliveryId });
    expect(service.enable(webhookId, 'panel').webhook.disabledAtMs).toBeNull();
    expect(() => service.enable('webhook_0', 'panel')).toThrow('No webhook');
  });

  it.each([301, 308, 400, 401, 403, 404, 405, 501])(
    'goes on with a receiver that answers %d, which may have been put wrong for a while',
    async (status) => {
      const { service, receivers, happen, settle } = open();
      receivers.set(A, () => refusedWith(status));
      service.create({ name: 'a', url: A, events: SESSIONS }, 'api');
      happen('remote_session_started');
      for (let count = 0; count < 12; count += 1) {
        await settle();
        clock.advance(9 * HOUR_MS);
      }
      receivers.delete(A);
      happen('remote_session_stopped');
      await settle();
      clock.advance(9 * HOUR_MS);
      await settle();
      expect(service.list()[0]).toMatchObject({ webhook: { disabledAtMs: null }, counts: { pending: 0 } });
      expect(service.list()[0]?.counts.delivered).toBeGreaterThan(0);
    },
  );

  it('leaves a receiver alone for as long as it asks', async () => {
    const { service, receivers, happen, settle, attempts } = open();
    receivers.set(A, () => ({ ...refusedWith(429), retryAfterSeconds: 600 }));
    service.create({ name: 'a', url: A, events: SESSIONS }, 'api');
    happen('remote_session_started');
    await settle();
    clock.advance(599_999);
    await settle();
    expect(attempts).toHaveLength(1);
    clock.advance(1);
    await settle();
    expect(attempts).toHaveLength(2);
  });

  it('is held up by no receiver that hangs: not the others, not the events, not the end', async () => {
    const { service, receivers, happen, settle, eventsTo, close } = open();
    receivers.set(A, () => new Promise(() => undefined));
    service.create({ name: 'a', url: A, events: SESSIONS }, 'api');
    service.create({ name: 'b', url: B, events: SESSIONS }, 'api');
    for (let count = 0; count < 5; count += 1) {
      happen('remote_session_started');
      await settle();
    }
    expect(eventsTo(A)).toHaveLength(1);
    expect(eventsTo(B)).toHaveLength(5);
    close();
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets no queue grow without end: the oldest are given up, and told as such', async () => {
    const { service, receivers, happen, settle } = open();
    receivers.set(A, () => LOST);
    const { webhook } = service.create({ name: 'a', url: A, events: SESSIONS }, 'api');
    for (let count = 0; count < 1010; count += 1) happen('remote_session_started', `event ${count}`);
    await settle();
    const { webhookId } = webhook;
    expect(service.list()[0]?.counts).toMatchObject({ pending: 1000, dead: 10 });
    const { deliveries } = service.listDeliveries({ webhookId, state: 'dead', limit: 1000, offset: 0 });
    expect(deliveries.map(({ body }) => JSON.parse(body).data.message)).toEqual(
      Array.from({ length: 10 }, (_, index) => `event ${9 - index}`),
    );
    expect(new Set(deliveries.map(({ error }) => error))).toEqual(new Set(['too many newer events waited']));
  });

  it('goes on after a kill where it was, and tells what happened between an event and its queueing', async () => {
    const first = open();
    first.receivers.set(A, () => LOST);
    first.service.create({ name: 'a', url: A, events: SESSIONS }, 'api');
    first.happen('remote_session_started');
    await first.settle();
    const { id } = first.attempts[0] ?? {};
    // On record, and cut off before anything heard of it.
    const timestamp = new Date(clock.wallMs()).toISOString();
    const data = { message: 'stopped', badge: '', timestamp };
    first.archive.recordEvent({ event: 'remote_session_stopped', data });
    first.close();

    const second = open();
    await second.settle();
    expect(second.attempts.map(({ event }) => event)).toEqual(SESSIONS);
    expect(second.attempts[0]?.id).toBe(id);
  });

  it('says once that a receiver is lost, until it was found again', async () => {
    const { service, receivers, happen, settle, eventsTo } = open();
    receivers.set(A, () => LOST);
    service.create({ name: 'a', url: A, events: SESSIONS }, 'api');
    service.create({ name: 'b', url: B, events: ['webhook_failing'] }, 'api');
    happen('remote_session_started');
    await settle();
    for (let count = 0; count < 6; count += 1) {
      clock.advance(HOUR_MS);
      await settle();
    }
    expect(eventsTo(B)).toEqual(['webhook_failing']);
    receivers.delete(A);
    clock.advance(10 * HOUR_MS);
    await settle();
    receivers.set(A, () => LOST);
    happen('remote_session_started');
    await settle();
    for (let count = 0; count < 3; count += 1) {
      clock.advance(HOUR_MS);
      await settle();
    }
    expect(eventsTo(B)).toEqual(['webhook_failing', 'webhook_failing']);
  });

  it('queues again by hand what was given up, under its own id', async () => {
    const { service, receivers, happen, settle, attempts } = open();
    receivers.set(A, () => refusedWith(404));
    const { webhookId } = service.create({ name: 'a', url: A, events: SESSIONS }, 'api').webhook;
    happen('remote_session_started');
    await settle();
    for (let count = 0; count < 5; count += 1) {
      clock.advance(HOUR_MS);
      await settle();
    }
    const [dead] = service.listDeliveries({ webhookId, state: 'dead', limit: 1, offset: 0 }).deliveries;
    receivers.delete(A);
    const deliveryId = dead?.deliveryId ?? '';
    expect(service.retry(webhookId, deliveryId)).toMatchObject({
      state: 'pending',
      attempts: 0,
      error: null,
    });
    await settle();
    expect(attempts.at(-1)?.id).toBe(deliveryId);
    expect(service.list()[0]?.counts).toMatchObject({ pending: 0, dead: 0, delivered: 1 });
    expect(() => service.retry(webhookId, deliveryId)).toThrow('given up');
    expect(() => service.retry(webhookId, 'msg_0')).toThrow('no delivery');
    expect(() => service.retry('webhook_0', deliveryId)).toThrow('No webhook');
  });

  it('sends nothing more to a webhook that was removed', async () => {
    const { service, happen, settle, journal, eventsTo } = open();
    const { webhookId } = service.create({ name: 'a', url: A, events: SESSIONS }, 'api').webhook;
    happen('remote_session_started');
    service.remove(webhookId, 'panel');
    happen('remote_session_stopped');
    await settle();
    expect(eventsTo(A)).toEqual([]);
    expect(service.list()).toEqual([]);
    expect(journal.countDeliveries(webhookId)).toEqual({ pending: 0, delivered: 0, dead: 0 });
    expect(() => service.remove(webhookId, 'panel')).toThrow('No webhook');
  });

  it('keeps a hundred of what was delivered', async () => {
    const { service, happen, settle } = open();
    service.create({ name: 'a', url: A, events: SESSIONS }, 'api');
    for (let count = 0; count < 150; count += 1) {
      happen('remote_session_started');
      await settle();
    }
    const kept = service.list()[0]?.counts.delivered ?? 0;
    expect(kept).toBeGreaterThanOrEqual(100);
    expect(kept).toBeLessThanOrEqual(101);
  });

  it('survives a disk that fails, and sends no message twice in a row without a pause', async () => {
    const { service, happen, settle, journal, log, attempts } = open();
    service.create({ name: 'a', url: A, events: SESSIONS }, 'api');
    const save = vi.spyOn(journal, 'save').mockImplementation(() => {
      throw new Error('disk full');
    });
    happen('remote_session_started');
    await settle();
    expect(attempts).toHaveLength(1);
    expect(log.errors.map(({ message }) => message)).toEqual(['a webhook cannot be served']);
    save.mockRestore();
    clock.advance(HOUR_MS);
    await settle();
    expect(attempts).toHaveLength(2);
    expect(attempts[0]?.id).toBe(attempts[1]?.id);
    expect(service.list()[0]?.counts).toMatchObject({ pending: 0, delivered: 1 });
  });
});
