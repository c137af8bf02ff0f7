import { describe, expect, it } from 'vitest';
import { bearer, makeToken, makeViewKey, startShare } from '../access/support/callers.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';
import { createOtherUser, type OtherUser } from './support/other-user.ts';

/** What curl as another user is answered with: the status, and the code of the refusal if it is one. */
async function curl(user: OtherUser, agent: TestAgent, target: string, ...args: string[]): Promise<string> {
  const output = await user.run(
    'curl',
    '-s',
    '--max-time',
    '5',
    '-w',
    '\n%{http_code}',
    ...args,
    `${agent.url}${target}`,
  );
  const status = output.slice(output.lastIndexOf('\n') + 1);
  const error = /"error":"(\w+)"/.exec(output)?.[1];
  return error ? `${status} ${error}` : status;
}

const JSON_TYPE = ['-H', 'content-type: application/json'];

// The agent runs as root here, whose user id is also what the system says of sockets that nobody holds.
describe.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
  'another user of this machine',
  () => {
    it('gets nothing on the strength of being on it', async () => {
      const agent = await startTestAgent();
      const user = createOtherUser();
      const share = await startShare(agent);
      const { body: pending } = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
      const tried: Record<string, string> = {};
      const posts = [
        '/api/remote/start',
        `/api/remote/approve/${pending.session_id}`,
        `/api/approvals/${pending.approval_id}/allow`,
        '/api/sessions/stop_all',
        '/api/sessions/rearm',
        '/api/tokens',
        `/api/remote/execute/${pending.session_id}`,
        `/api/screen_share/${share}/keys`,
      ];
      for (const target of posts)
        tried[target] = await curl(user, agent, target, '-X', 'POST', ...JSON_TYPE, '-d', '{}');
      for (const target of [
        '/api/agent',
        '/api/sessions/active',
        '/api/sessions/history',
        '/api/tokens',
        '/api/viewers',
      ])
        tried[target] = await curl(user, agent, target);
      expect(new Set(Object.values(tried)), JSON.stringify(tried)).toEqual(new Set(['403 access_denied']));
      expect(await curl(user, agent, `/stream/${share}`)).toBe('403 viewer_approval_required');
      const upgrade = [
        '-H',
        'Connection: Upgrade',
        '-H',
        'Upgrade: websocket',
        '-H',
        'Sec-WebSocket-Version: 13',
      ];
      const key = ['-H', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
      expect(await curl(user, agent, '/api/events', ...upgrade, ...key)).toBe('403 access_denied');
      expect(await call(agent, 'GET', '/api/sessions/active')).toMatchObject({ body: { total: 2 } });
      expect(await call(agent, 'GET', '/api/approvals')).toMatchObject({ body: { total: 1 } });
      expect(agent.sessions.locked).toBe(false);
    });

    it('gets what a token or a key of its own gives it, over every loopback address', async () => {
      const agent = await startTestAgent();
      const user = createOtherUser();
      const { secret } = await makeToken(agent, 'operator');
      const header = `authorization: ${bearer(secret).authorization}`;
      expect(await curl(user, agent, '/api/agent', '-H', header)).toBe('200');
      const share = await startShare(agent);
      const key = await makeViewKey(agent, share);
      expect(await curl(user, agent, `/stream/${share}?key=${key.secret}`, '-I')).toBe('200');
      expect(await curl(user, agent, '/api/agent', '--interface', '127.0.0.7')).toBe('403 access_denied');
    });

    it('is not taken for the agent’s own user when it hangs up at once', async () => {
      const agent = await startTestAgent();
      const user = createOtherUser();
      const { hostname, port, host } = new URL(agent.url);
      // Sends a whole request and is gone: the kernel then says that the socket belongs to root.
      const script = `
      const { connect } = require('node:net');
      const [host, port, request] = process.argv.slice(1);
      for (let attempt = 0; attempt < 40; attempt += 1) {
        const socket = connect({ host, port: Number(port) }, () => {
          socket.write(request, () => socket.destroy());
          if (attempt % 2) socket.end();
        });
        socket.on('error', () => undefined);
      }`;
      const body = '{"safety_mode":"supervised"}';
      const request =
        `POST /api/remote/start HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${body}`;
      await user.run(process.execPath, '-e', script, hostname, port, request);
      // What was sent before this has been dealt with by the time that this is answered.
      await call(agent, 'GET', '/api/agent');
      expect(agent.sessions.listLive()).toEqual([]);
      expect(agent.sessions.listHistory({ limit: 10, offset: 0 }).total).toBe(0);
    });

    it('locks nobody but itself out, from whatever address it guesses', async () => {
      const agent = await startTestAgent();
      const [guesser, other] = [createOtherUser(), createOtherUser()];
      const { secret } = await makeToken(agent, 'operator');
      const right = `authorization: Bearer ${secret}`;
      const answers: string[] = [];
      for (let guess = 0; guess < 7; guess += 1) {
        const from = ['--interface', `127.0.1.${guess + 1}`];
        answers.push(
          await curl(guesser, agent, '/api/agent', '-H', `authorization: Bearer pht_${guess}`, ...from),
        );
      }
      expect(answers).toEqual([
        ...Array(5).fill('401 invalid_credentials'),
        ...Array(2).fill('429 too_many_attempts'),
      ]);
      expect(await curl(guesser, agent, '/api/agent', '-H', right)).toBe('429 too_many_attempts');
      expect(await curl(other, agent, '/api/agent', '-H', right)).toBe('200');
      expect(await call(agent, 'GET', '/api/agent')).toMatchObject({ status: 200 });
      expect((await fetch(`${agent.url}/api/agent`, { headers: bearer(secret) })).status).toBe(200);
    });
  },
);
