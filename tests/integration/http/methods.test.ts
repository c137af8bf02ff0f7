import { describe, expect, it } from 'vitest';
import { SERVICE_ROUTES } from '../../../src-main/access/routes.ts';
import { API } from '../../../src-shared/api.ts';
import { startShare } from '../access/support/callers.ts';
import { startTestAgent } from '../support/test-agent.ts';

const addresses = [...Object.values<{ method: string; path: string }>(API), ...Object.values(SERVICE_ROUTES)];
const paths = [...new Set(addresses.filter(({ method }) => method !== 'upgrade').map(({ path }) => path))];

describe('methods', () => {
  it.each(['PUT', 'OPTIONS'])(
    'that no address takes are refused with those that it does: %s',
    async (method) => {
      const agent = await startTestAgent();
      for (const path of paths) {
        const taken = addresses.filter((each) => each.path === path).map((each) => each.method.toUpperCase());
        const wanted = taken.filter((name) => name !== 'UPGRADE');
        if (wanted.includes('GET')) wanted.push('HEAD');
        // The MCP endpoint's GET is an endless answer, which HEAD has nothing of.
        if (path === '/mcp') wanted.splice(wanted.indexOf('HEAD'), 1);
        const url = `${agent.url}${path.replaceAll(/\{\*\}|\{\w+\}/g, 'x')}`;
        const answer = await fetch(url, { method });
        const allowed = answer.headers.get('allow')?.split(', ').sort();
        expect({ path, status: answer.status, allowed }).toEqual({
          path,
          status: 405,
          allowed: wanted.sort(),
        });
        expect(await answer.json()).toMatchObject({ success: false, error: 'method_not_allowed' });
      }
    },
  );

  it('of which HEAD tells of a stream what GET would', async () => {
    const agent = await startTestAgent();
    const url = `${agent.url}/stream/${await startShare(agent)}`;
    for (const headers of [
      {},
      { accept: 'application/octet-stream' },
      { accept: 'image/*', 'user-agent': 'Mozilla/5.0 Firefox/140.0' },
    ]) {
      const head = await fetch(url, { method: 'HEAD', headers });
      const stop = new AbortController();
      const got = await fetch(url, { headers, signal: stop.signal });
      const type = got.headers.get('content-type');
      stop.abort();
      expect([head.status, head.headers.get('content-type')]).toEqual([200, type]);
      if (!('accept' in headers) || headers.accept !== 'application/octet-stream')
        expect(type).toBe('multipart/x-mixed-replace; boundary=porthole');
    }
  });
});
