import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  bearer,
  GUEST_HEADERS,
  makeToken,
  makeViewKey,
  type Sent,
  sendWith,
  startShare,
} from '../access/support/callers.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';

const WIDTH = 320;
const HEIGHT = 180;

/** A JPEG with something on it. */
function draw(background: string): Promise<Buffer> {
  return sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background } })
    .jpeg({ quality: 70 })
    .toBuffer();
}

/** An agent that shares a screen with `jpeg` on it. */
async function startSharing(): Promise<{ agent: TestAgent; share: string; jpeg: Buffer }> {
  const agent = await startTestAgent();
  const jpeg = await draw('#335577');
  agent.screen.still = { jpeg, widthPx: WIDTH, heightPx: HEIGHT, capturedAtMs: 0 };
  return { agent, share: await startShare(agent), jpeg };
}

/** Fetches as a stranger does, by a key or without. */
function fetchAsGuest(agent: TestAgent, target: string, headers = {}): Promise<Response> {
  return fetch(`${agent.url}${target}`, { headers: { ...GUEST_HEADERS, ...headers } });
}

const get = (target: string): Sent => ({ method: 'GET', target });

describe('GET /stream/{session_id}/snapshot', () => {
  it('answers the very bytes of the newest frame, for nobody to keep', async () => {
    const { agent, share, jpeg } = await startSharing();
    const answer = await fetch(`${agent.url}/stream/${share}/snapshot`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('image/jpeg');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(Number(answer.headers.get('x-timestamp'))).toBeGreaterThan(0);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(jpeg);
    const next = await draw('#ffcc00');
    agent.screen.captures[0]?.observer.onFrame({
      jpeg: next,
      widthPx: WIDTH,
      heightPx: HEIGHT,
      capturedAtMs: 1,
    });
    const asWideAsItIs = await fetch(`${agent.url}/stream/${share}/snapshot?width=16000&format=jpeg`);
    expect(Buffer.from(await asWideAsItIs.arrayBuffer())).toEqual(next);
    expect(agent.pictures.wishes).toEqual([]);
    const head = await fetch(`${agent.url}/stream/${share}/snapshot`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
  });

  it.each(['jpeg', 'png', 'webp'] as const)('makes a %s of the width that is wished for', async (format) => {
    const { agent, share } = await startSharing();
    const target = `/stream/${share}/snapshot?width=160&format=${format}`;
    const answer = await fetch(`${agent.url}${target}`);
    expect(answer.headers.get('content-type')).toBe(`image/${format}`);
    const picture = await sharp(Buffer.from(await answer.arrayBuffer())).metadata();
    expect(picture).toMatchObject({ format, width: 160, height: 90 });
  });

  it('names the field of a wish that cannot be met', async () => {
    const { agent, share } = await startSharing();
    for (const query of [
      'width=15',
      'width=16385',
      'width=1e3',
      'quality=0',
      'quality=101',
      'format=gif',
      'x=1',
    ]) {
      const { status, body } = await call(agent, 'GET', `/stream/${share}/snapshot?${query}`);
      expect([status, body.error], query).toEqual([400, 'invalid_request']);
      expect(body.message).toContain(`"${query.split('=')[0]}"`);
    }
  });

  it('makes one picture for all who want the same of one frame, and no queue of others without end', async () => {
    const { agent, share } = await startSharing();
    let release = (): void => {};
    agent.pictures.hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    const same = Array.from({ length: 20 }, () => fetch(`${agent.url}/stream/${share}/snapshot?width=160`));
    await expect.poll(() => agent.pictures.wishes).toEqual([{ widthPx: 160, format: 'jpeg', quality: null }]);
    const others = Array.from({ length: 20 }, (_, index) =>
      fetch(`${agent.url}/stream/${share}/snapshot?width=${100 + index}`),
    );
    // Whoever comes after the release finds room again.
    let answered = 0;
    for (const other of others)
      void other.then(() => {
        answered += 1;
      });
    await expect.poll(() => answered).toBe(9);
    const refused = await Promise.race(others);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await refused.json()).toMatchObject({ error: 'too_many_snapshots' });
    expect(agent.pictures.wishes).toHaveLength(1);
    release();
    const statuses = (await Promise.all(others)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(11);
    expect((await Promise.all(same)).map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(agent.pictures.wishes).toHaveLength(12);
  });

  it('lets a key in, on pages of other sites too, and nobody without', async () => {
    const { agent, share, jpeg } = await startSharing();
    const { secret, id } = await makeViewKey(agent, share);
    const target = `/stream/${share}/snapshot?key=${secret}`;
    const embedded = await fetchAsGuest(agent, target, { 'sec-fetch-site': 'cross-site' });
    expect(embedded.status).toBe(200);
    expect(embedded.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(Buffer.from(await embedded.arrayBuffer())).toEqual(jpeg);
    const own = await fetch(`${agent.url}/stream/${share}/snapshot`);
    expect(own.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    await own.arrayBuffer();

    const other = await startShare(agent);
    const guest = sendWith(agent, GUEST_HEADERS);
    const outcomes = await guest([
      get(`/stream/${share}/snapshot`),
      get(`/stream/${share}/snapshot?key=guess`),
      get(`/stream/${other}/snapshot?key=${secret}`),
    ]);
    expect(outcomes.map(({ error }) => error)).toEqual([
      'viewer_approval_required',
      'invalid_credentials',
      'session_not_found',
    ]);
    const { secret: stranger } = await makeToken(agent, 'operator');
    const [hidden] = await sendWith(agent, bearer(stranger))([get(`/stream/${share}/snapshot`)]);
    expect(hidden?.error).toBe('session_not_found');
    await call(agent, 'DELETE', `/api/screen_share/${share}/keys/${id}`);
    expect((await guest([get(target)]))[0]?.error).toBe('invalid_credentials');
  });

  it('makes whoever takes pictures a viewer, to be seen and sent away', async () => {
    const { agent, share } = await startSharing();
    const events: string[] = [];
    agent.bus.subscribe({ onEvent: ({ event }) => events.push(event) });
    const { secret } = await makeViewKey(agent, share, { name: 'Ada' });
    const target = `/stream/${share}/snapshot?key=${secret}`;
    for (let count = 0; count < 3; count++) await (await fetchAsGuest(agent, target)).arrayBuffer();
    const { body } = await call(agent, 'GET', `/api/viewers?session_id=${share}`);
    const [viewer] = body.viewers as { viewer_id: string }[];
    expect(body).toMatchObject({ total: 1, viewers: [{ name: 'Ada', takes: 'snapshots', frames: 3 }] });
    expect(events.filter((event) => event === 'viewer_joined')).toHaveLength(1);
    expect(agent.screen.captures[0]?.demand).toBe('unwatched');

    let release = (): void => {};
    agent.pictures.hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    const inTheMaking = fetchAsGuest(agent, `${target}&width=100`);
    await expect.poll(() => agent.pictures.wishes.length).toBe(1);
    await call(agent, 'POST', `/api/viewers/${viewer?.viewer_id}/kick`);
    release();
    expect(await (await inTheMaking).json()).toMatchObject({ error: 'stream_ended' });
    expect((await fetchAsGuest(agent, target)).status).toBe(401);
    expect(events).toContain('viewer_left');
    expect(agent.viewers()).toEqual([]);
  });

  it('says so while there is nothing to see, and when it is over', async () => {
    const { agent, share } = await startSharing();
    const observer = agent.screen.captures[0]?.observer;
    observer?.onStatus({ state: 'failed', message: 'No picture.' });
    const none = await fetch(`${agent.url}/stream/${share}/snapshot`);
    expect([none.status, none.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await none.json()).toMatchObject({ error: 'no_picture' });
    await call(agent, 'POST', `/api/screen_share/update/${share}`, { paused: true });
    const paused = await call(agent, 'GET', `/stream/${share}/snapshot`);
    expect(paused).toMatchObject({ status: 503, body: { error: 'no_picture' } });
    expect(paused.body.message).toContain('paused');

    agent.screen.still = null;
    await call(agent, 'POST', `/api/screen_share/update/${share}`, { paused: false });
    const waiting = fetch(`${agent.url}/stream/${share}/snapshot`);
    await call(agent, 'POST', '/api/screen_share/stop', { session_id: share });
    expect((await waiting).status).toBe(410);
    const { status, body } = await call(agent, 'GET', `/stream/${share}/snapshot`);
    expect([status, body.error]).toEqual([410, 'stream_ended']);
    expect((await call(agent, 'GET', '/stream/screen_00000000/snapshot')).body.error).toBe(
      'session_not_found',
    );
  });
});
