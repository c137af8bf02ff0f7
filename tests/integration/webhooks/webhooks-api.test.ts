import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Webhook as ReferenceWebhook } from 'standardwebhooks';
import { describe, expect, it, vi } from 'vitest';
import { webhookMessageSchema } from '../../../src-shared/webhooks.ts';
import { openRealLog } from '../attacks/support/real-log.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';
import { type Received, WebhookReceiver } from './support/webhook-receiver.ts';

interface Made {
  readonly webhook_id: string;
  readonly secret: string;
}

async function addWebhook(agent: TestAgent, url: string, events?: string[]): Promise<Made> {
  const { status, body } = await call(agent, 'POST', '/api/webhooks', { name: 'test', url, events });
  expect(status).toBe(200);
  return body as unknown as Made;
}

/** Throws unless the reference library takes the message as signed with `secret`. */
function verify(secret: string, { headers, text }: Received): void {
  new ReferenceWebhook(secret).verify(text, headers as Record<string, string>);
}

describe('webhooks of a running agent', () => {
  it('get each event as the event socket tells it, signed so that the reference library takes it', async () => {
    const [agent, receiver] = [await startTestAgent(), await WebhookReceiver.start()];
    const { secret, webhook_id } = await addWebhook(agent, `${receiver.url}/hook`);
    expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
    const { body } = await call(agent, 'POST', '/api/remote/start', { user_id: 'grace' });
    await call(agent, 'POST', `/api/remote/stop/${body.session_id}`);
    await vi.waitFor(() => expect(receiver.received).toHaveLength(3));
    expect(receiver.events).toEqual(['webhook_created', 'remote_session_started', 'remote_session_stopped']);
    for (const received of receiver.received) {
      verify(secret, received);
      expect(() => verify(secret, { ...received, text: `${received.text} ` })).toThrow();
      expect(() => verify('whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', received)).toThrow();
      expect(webhookMessageSchema.parse(received.message)).toEqual(received.message);
      expect(received.headers['webhook-id']).toBe(received.message.delivery_id);
      expect(JSON.parse(received.text)).toMatchObject({ webhook_id });
    }
    expect(receiver.received[1]?.message.data).toMatchObject({
      session_id: body.session_id,
      user_id: 'grace',
      message: 'Remote access session started (supervised mode)',
      badge: '🔓',
    });
    await vi.waitFor(async () => {
      const { body: listed } = await call(agent, 'GET', '/api/webhooks');
      expect(listed.webhooks).toMatchObject([{ pending: 0, dead: 0, failures: 0, last_error: null }]);
    });
  });

  it('are tried at once by hand, whatever waits, with the outcome in the answer', async () => {
    const [agent, receiver] = [await startTestAgent(), await WebhookReceiver.start()];
    const { webhook_id, secret } = await addWebhook(agent, receiver.url, ['rearmed']);
    const test = () => call(agent, 'POST', `/api/webhooks/${webhook_id}/test`);
    expect((await test()).body).toMatchObject({ delivered: true, response_status: 200, error: null });
    expect(receiver.events).toEqual(['webhook_test']);
    verify(secret, receiver.received[0] as Received);
    receiver.react = (response) => response.writeHead(500).end();
    expect((await test()).body).toMatchObject({
      delivered: false,
      response_status: 500,
      error: 'it answered 500',
    });
  });

  it('hold up neither each other nor the agent nor its end while one of them hangs', async () => {
    const [agent, well, hung] = [
      await startTestAgent(),
      await WebhookReceiver.start(),
      await WebhookReceiver.start(),
    ];
    hung.react = () => undefined;
    await addWebhook(agent, hung.url);
    await addWebhook(agent, well.url, ['remote_session_started']);
    for (let count = 0; count < 20; count += 1) await call(agent, 'POST', '/api/remote/start');
    await vi.waitFor(() => expect(well.received).toHaveLength(20));
    expect(hung.received).toHaveLength(1);
    expect(hung.mostOpen).toBe(1);
    await agent.close('Test finished');
    await vi.waitFor(() => expect(hung.open).toBe(0));
  });

  it('get after a restart what a receiver that was down missed, once, and in order', async () => {
    const receiver = await WebhookReceiver.start();
    receiver.react = (response) => response.writeHead(503).end();
    const first = await startTestAgent();
    await addWebhook(first, receiver.url, ['remote_session_started', 'remote_session_stopped']);
    const ids: unknown[] = [];
    for (let count = 0; count < 3; count += 1)
      ids.push((await call(first, 'POST', '/api/remote/start')).body.session_id);
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1));
    await first.close('Agent stopped');
    receiver.received.length = 0;
    receiver.react = (response) => response.end();
    await startTestAgent({ folder: first.folder });
    // Three starts, and the three ends that the first agent's own brought with it.
    await vi.waitFor(() => expect(receiver.received).toHaveLength(6));
    expect(receiver.received.slice(0, 3).map(({ message }) => message.data.session_id)).toEqual(ids);
    expect(new Set(receiver.events.slice(3))).toEqual(new Set(['remote_session_stopped']));
    const numbers = receiver.received.map(({ message }) => message.seq);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  it('open no door to this or another agent of the same user', async () => {
    const agent = await startTestAgent();
    const { body: locked } = await call(agent, 'POST', '/api/sessions/stop_all');
    expect(locked.locked).toBe(true);
    for (const target of ['/api/sessions/rearm', '/api/logout', '/api/remote/start', '/api/webhooks']) {
      const { webhook_id } = await addWebhook(agent, `${agent.url}${target}`, ['rearmed']);
      const { body } = await call(agent, 'POST', `/api/webhooks/${webhook_id}/test`);
      expect(body).toMatchObject({ delivered: false });
      if (target !== '/api/logout') expect(body).toMatchObject({ response_status: 403 });
    }
    expect((await call(agent, 'GET', '/api/agent')).body).toMatchObject({ locked: true });
  });

  it('show and log nothing of what may be a password', async () => {
    const receiver = await WebhookReceiver.start();
    receiver.react = (response) => response.writeHead(400).end();
    const folder = (await startTestAgent()).folder;
    const { log, printed, flush } = openRealLog(folder);
    const agent = await startTestAgent({ log });
    const secrets = ['user-hopper', 'pass-hopper', 'query-hopper'];
    const url = `${receiver.url.replace('//', `//${secrets[0]}:${secrets[1]}@`)}/path-hopper?q=${secrets[2]}`;
    const { webhook_id, secret } = await addWebhook(agent, url);
    const { body } = await call(agent, 'GET', '/api/webhooks');
    const shown = JSON.stringify(body);
    for (const text of [...secrets, secret]) expect(shown).not.toContain(text);
    expect(body.webhooks).toMatchObject([
      { url: expect.stringMatching(/^http:\/\/…@127.0.0.1:\d+\/path-hopper\?…$/) },
    ]);
    await call(agent, 'POST', `/api/webhooks/${webhook_id}/test`);
    await vi.waitFor(async () =>
      expect((await call(agent, 'GET', '/api/webhooks')).body.webhooks).toMatchObject([{ failures: 1 }]),
    );
    await call(agent, 'DELETE', `/api/webhooks/${webhook_id}`);
    await agent.close('Test finished');
    await flush();
    const written = printed.join('') + readFileSync(path.join(folder, 'porthole.log'), 'utf8');
    expect(written).toContain('a webhook did not take an event');
    for (const text of [...secrets, secret, 'path-hopper']) expect(written).not.toContain(text);
    const told = receiver.received.map(({ text }) => text).join('');
    for (const text of [...secrets, secret, 'path-hopper']) expect(told).not.toContain(text);
  });

  it('refuse what is no address, an event that there is not, and one too many', async () => {
    const agent = await startTestAgent();
    const add = (body: object) =>
      call(agent, 'POST', '/api/webhooks', { name: 'a', url: 'http://h/', ...body });
    for (const url of [
      '',
      'file:///etc/passwd',
      'ftp://h/',
      'h',
      'http://',
      'javascript:alert(1)',
      'http:foo',
    ]) {
      const { status, body } = await add({ url });
      expect({ url, status, error: body.error }).toEqual({ url, status: 400, error: 'invalid_request' });
    }
    for (const events of [[], ['nothing'], ['remote_command_output'], ['webhook_test']])
      expect((await add({ events })).status).toBe(400);
    for (let count = 0; count < 20; count += 1) expect((await add({ events: ['rearmed'] })).status).toBe(200);
    expect((await add({})).body.error).toBe('too_many_webhooks');
  });
});
