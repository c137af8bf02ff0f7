import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { unzipSync } from 'fflate';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findCliCall, runCli } from '../../../src-main/cli/cli.ts';
import { bearer, makeToken, startShare } from '../access/support/callers.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line client against an agent, with arguments as they are typed. */
async function porthole(
  agent: Pick<TestAgent, 'url'>,
  line: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Said> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const args = line.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? [];
  expect(findCliCall(args)).toEqual(args);
  const code = await runCli(args, {
    version: '0.0.0-test',
    env: { PORTHOLE_URL: agent.url, ...env },
    platform: process.platform,
    stdin: new PassThrough(),
    stdout,
    stderr,
  });
  const read = (stream: PassThrough): string => String(stream.read() ?? '');
  return { code, out: read(stdout), err: read(stderr) };
}

const parse = ({ out }: Said): Record<string, unknown> => JSON.parse(out);

describe('porthole status', () => {
  it('shows what is live and what waits, for people and for programs', async () => {
    const agent = await startTestAgent();
    const share = await startShare(agent);
    const { body } = await call(agent, 'POST', '/api/remote/start', {
      safety_mode: 'autonomous',
      user_id: 'grace',
    });
    const { code, out } = await porthole(agent, 'status');
    expect(code).toBe(0);
    expect(out).toContain(`porthole 0.0.0-test at ${agent.url}\n`);
    expect(out).toContain(`  ${share}  share, medium, 0 watching, by user\n`);
    expect(out).toContain(`  ${body.session_id}  remote access, autonomous, waits for approval, by grace\n`);
    expect(out).toMatch(
      / {2}approval_\w+ {2}Remote access in autonomous mode .* asked by grace from this machine, \d+ s left/,
    );
    const told = parse(await porthole(agent, 'status --json'));
    expect(told).toMatchObject({ total: 2, agent: { name: 'porthole', you: { kind: 'local' } } });
    expect(told.approvals).toHaveLength(1);
  });

  it('says in one sentence that nobody is there', async () => {
    const agent = await startTestAgent();
    await agent.close('gone');
    const { code, out, err } = await porthole(agent, 'status');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^porthole: No agent answers at http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED.*\.\n$/);
  });
});

describe('an address at which something else answers', () => {
  it.each([
    ['status --json', /no Porthole \(the answer has more than 16777216 bytes\)\.\n$/],
    [
      'diagnostics --out /nowhere/archive.zip',
      /no Porthole \(the answer has more than 67108864 bytes\)\.\n$/,
    ],
  ])('is told of by %s, however much it says', async (line, sentence) => {
    const server = createServer((_, response) => {
      const piece = Buffer.alloc(1024 * 1024, ' ');
      response.setHeader('content-type', 'application/json');
      const goOn = (): void => {
        while (response.write(piece) && !response.destroyed);
      };
      response.on('drain', goOn);
      goOn();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { code, out, err } = await porthole({ url: `http://127.0.0.1:${port}` }, line);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(sentence);
  });
});

describe('porthole share and stop', () => {
  it('shares, links and stops', async () => {
    const agent = await startTestAgent();
    const shared = parse(
      await porthole(agent, 'share --quality low --link "for a friend" --expires 2h --json'),
    );
    const sessionId = String(shared.session_id);
    expect(shared).toMatchObject({
      quality: 'low',
      key: { name: 'for a friend', key: expect.stringMatching(/^phv_/) },
    });
    const linked = await porthole(agent, 'share --link');
    expect(linked.out).toMatch(/^http:\S+\/stream\/screen_\w+\?key=phv_\S+\n$/);
    expect(linked.err).toMatch(
      /^screen_\w+ is shared: http:\S+\/stream\/screen_\w+\nThe other address is for others\.\n$/,
    );
    expect((await porthole(agent, 'stop')).err).toContain('Several are live; name one: ');
    expect((await porthole(agent, `stop ${sessionId} --reason "that will do"`)).out).toBe(
      `${sessionId} is stopped\n`,
    );
    expect((await porthole(agent, `stop ${sessionId}`)).out).toBe(`${sessionId} is stopped already\n`);
    expect(agent.sessions.listHistory({ limit: 1, offset: 0 }).history[0]?.stop_reason).toBe('that will do');
    expect((await porthole(agent, 'stop')).code).toBe(0);
    expect((await porthole(agent, 'stop')).err).toBe('porthole: Nothing is live.\n');
  });

  it('prints the address of the stream for a program, and the rest beside it', async () => {
    const agent = await startTestAgent();
    const { out, err } = await porthole(agent, 'share');
    expect(out).toMatch(/^http:\S+\/stream\/screen_\w+\n$/);
    expect(err).toMatch(/^screen_\w+ is shared\n$/);
    const { secret } = await makeToken(agent, 'operator');
    const waiting = await porthole(agent, 'share --link', { PORTHOLE_TOKEN: secret });
    expect(waiting).toMatchObject({
      code: 0,
      out: '',
      err: expect.stringMatching(/^screen_\w+ waits for approval\n$/),
    });
  });

  it('records from the start, and says so', async () => {
    const agent = await startTestAgent();
    const { session_id: sessionId } = parse(await porthole(agent, 'share --record --json'));
    const { out } = await porthole(agent, 'status');
    expect(out).toContain(`  ${sessionId}  share, medium, 0 watching, being recorded, by user\n`);
  });

  it('stops everything until it is re-armed', async () => {
    const agent = await startTestAgent();
    await startShare(agent);
    expect((await porthole(agent, 'stop --all')).out).toContain(
      'Stopped 1; nothing starts until: porthole rearm',
    );
    expect(await porthole(agent, 'share')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Everything was stopped'),
    });
    expect((await porthole(agent, 'status')).out).toContain('LOCKED');
    expect((await porthole(agent, 'rearm')).code).toBe(0);
    expect((await porthole(agent, 'share')).code).toBe(0);
  });
});

describe('porthole approve and deny', () => {
  it.each(['approve', 'deny'])(
    '%ss by the request’s id, its session’s, or the only one there is',
    async (verb) => {
      const agent = await startTestAgent();
      const start = async () =>
        (await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' })).body;
      const decided = verb === 'approve' ? 'active' : 'denied';
      for (const name of ['session_id', 'approval_id', null] as const) {
        const { [name ?? '']: id = '', session_id } = await start();
        expect((await porthole(agent, `${verb} ${id}`)).out).toContain(
          verb === 'approve' ? 'allowed: ' : 'denied: ',
        );
        const { body } = await call(agent, 'GET', `/api/remote/status/${session_id}`);
        expect(body.status).toBe(decided);
      }
      await start();
      await start();
      expect((await porthole(agent, verb)).err).toContain('Several wait; name one: ');
      expect((await porthole(agent, `${verb} remote_00000000`)).err).toContain(
        'Nothing that waits is called',
      );
    },
  );
});

describe('porthole token', () => {
  it('makes, lists, rotates and revokes', async () => {
    const agent = await startTestAgent();
    const made = await porthole(agent, 'token create --role operator --name grace --expires 30d');
    // Alone, since it may go into a file.
    expect(made.out).toMatch(/^pht_[\w-]{43}\n$/);
    const beside =
      /^token_\w+ {2}operator {2}grace, good until \d{4}-.*Nobody can show its secret again\.\n$/;
    expect(made.err).toMatch(beside);
    const secret = made.out.trim();
    const works = async (token: string) =>
      (await fetch(`${agent.url}/api/agent`, { headers: bearer(token) })).status === 200;
    expect(await works(secret)).toBe(true);
    expect((await porthole(agent, 'token list')).out).toMatch(/^token_\w+ {2}operator {2}grace, good until /);
    expect(parse(await porthole(agent, 'token list --json'))).toMatchObject({
      total: 1,
      tokens: [{ name: 'grace' }],
    });
    const renewed = await porthole(agent, 'token rotate grace');
    expect(renewed.out).toMatch(/^pht_[\w-]{43}\n$/);
    expect(renewed.err).toMatch(beside);
    const rotated = renewed.out.trim();
    expect([await works(secret), await works(rotated)]).toEqual([false, true]);
    expect((await porthole(agent, 'token revoke grace')).code).toBe(0);
    expect(await works(rotated)).toBe(false);
    expect(await porthole(agent, 'token list')).toEqual({ code: 0, out: '', err: 'No tokens.\n' });
    expect((await porthole(agent, 'token revoke grace')).err).toBe('porthole: No token is called grace.\n');
  });

  it('wants a role and a name that there are, and a time that it can read', async () => {
    const agent = await startTestAgent();
    for (const args of ['', '--role owner --name a', '--role admin', '--role admin --name a --expires soon'])
      expect((await porthole(agent, `token create ${args}`)).code, args).toBe(2);
  });

  it('asks the agent with a token of its own, and is refused like anybody', async () => {
    const agent = await startTestAgent();
    const { secret } = await makeToken(agent, 'operator');
    const env = { PORTHOLE_TOKEN: secret };
    expect(parse(await porthole(agent, 'status --json', env))).toMatchObject({
      agent: { you: { kind: 'operator' } },
    });
    const refused = await porthole(agent, 'token list --json', env);
    expect(refused.code).toBe(1);
    expect(parse(refused)).toMatchObject({ success: false, error: 'access_denied' });
    expect(refused.err).toMatch(/^porthole: .+\n$/);
    expect(refused.err).not.toContain(secret);
  });
});

describe('porthole diagnostics', () => {
  it('saves the archive where it is told to, over nothing, and for its owner alone', async () => {
    const agent = await startTestAgent();
    const file = path.join(agent.folder, 'diagnostics.zip');
    const saved = await porthole(agent, `diagnostics --out ${file}`);
    expect(saved).toMatchObject({ code: 0, err: '' });
    expect(Object.keys(unzipSync(new Uint8Array(readFileSync(file))))).toContain('log.jsonl');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = await porthole(agent, `diagnostics --out ${file}`);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('already') });
    const { secret } = await makeToken(agent, 'operator');
    const refused = await porthole(agent, `diagnostics --out ${file}2`, { PORTHOLE_TOKEN: secret });
    expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/may not use/) });
  });
});
