import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EventClient } from '../support/event-client.ts';
import { startTestAgent, type TestAgent } from '../support/test-agent.ts';

/** What `ssh -L` does: carries bytes from a port of its own to the agent's. Answers the address at this end. */
async function openTunnel(agent: TestAgent): Promise<string> {
  const { hostname, port } = new URL(agent.url);
  const tunnel = createServer((here) => {
    const there = connect({ host: hostname, port: Number(port) });
    here.pipe(there).pipe(here);
    for (const end of [here, there]) end.on('error', () => end.destroy());
    onTestFinished(() => {
      for (const end of [here, there]) end.destroy();
    });
  });
  tunnel.listen(0, '127.0.0.1');
  await once(tunnel, 'listening');
  onTestFinished(() => {
    tunnel.close();
  });
  return `http://localhost:${(tunnel.address() as AddressInfo).port}`;
}

/** What a browser says of a request by the page that it has open at `base`. */
const asPage = (base: string) => ({ origin: base, 'sec-fetch-site': 'same-origin' });

describe('through a tunnel that listens at another port', () => {
  it('the person’s own page works as it does without', async () => {
    const agent = await startTestAgent();
    const base = await openTunnel(agent);
    const navigation = {
      'sec-fetch-site': 'none',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    expect((await fetch(`${base}/healthz`, { headers: navigation })).status).toBe(200);
    const json = { ...asPage(base), 'content-type': 'application/json' };
    const started = await fetch(`${base}/api/screen_share/start`, {
      method: 'POST',
      headers: json,
      body: '{}',
    });
    const { session_id, stream_url } = await started.json();
    expect(started.status).toBe(200);
    const made = await fetch(`${base}/api/screen_share/${session_id}/keys`, {
      method: 'POST',
      headers: json,
    });
    // Links are relative to wherever they were asked for.
    const { stream_url: link } = await made.json();
    for (const target of [stream_url, link]) {
      const watching = new AbortController();
      const stream = await fetch(new URL(target, base), {
        headers: { 'sec-fetch-site': 'same-origin' },
        signal: watching.signal,
      });
      expect(stream.headers.get('content-type')).toMatch(/^multipart\/x-mixed-replace/);
      watching.abort();
    }
    const listening = await EventClient.connect({ ...agent, url: base }, '', { headers: { origin: base } });
    await listening.until(() => listening.snapshots.length > 0);
    expect(listening.snapshots[0]?.data.total).toBe(1);
  });

  it('a token logs a browser in, page, WebSocket and all', async () => {
    const agent = await startTestAgent();
    const made = await fetch(`${agent.url}/api/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'phone', role: 'admin' }),
    });
    const { token } = await made.json();
    const base = await openTunnel(agent);
    const login = await fetch(`${base}/api/login`, {
      method: 'POST',
      headers: { ...asPage(base), authorization: `Bearer ${token}` },
    });
    expect(login.status).toBe(200);
    const [cookie = ''] = (login.headers.getSetCookie()[0] ?? '').split(';');
    // As from another machine, where being a program of the agent's user counts for nothing.
    const far = { cookie, 'x-forwarded-for': '192.0.2.1' };
    expect((await fetch(`${base}/api/tokens`, { headers: { ...asPage(base), ...far } })).status).toBe(200);
    expect((await fetch(`${base}/api/tokens`, { headers: { 'x-forwarded-for': '192.0.2.1' } })).status).toBe(
      403,
    );
    const listening = await EventClient.connect({ ...agent, url: base }, '', {
      headers: { origin: base, ...far },
    });
    await listening.until(() => listening.snapshots.length > 0);
  });

  it('a page of another port of that machine gets nothing', async () => {
    const agent = await startTestAgent();
    const base = await openTunnel(agent);
    for (const headers of [
      { origin: 'http://localhost:3000' },
      { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' },
      { origin: agent.url },
      { 'sec-fetch-site': 'same-site' },
    ])
      expect((await fetch(`${base}/api/agent`, { headers })).status).toBe(403);
    await expect(
      EventClient.connect({ ...agent, url: base }, '', { headers: { origin: 'http://localhost:3000' } }),
    ).rejects.toThrow('403');
  });
});
