import express from 'express';
import { describe, expect, it } from 'vitest';
import { ACCESS_TABLE, type Rule } from '../../../src-main/access/access-table.ts';
import { findRoute, type RouteName, SERVICE_ROUTES } from '../../../src-main/access/routes.ts';
import { assertRoutesHaveRules, listRoutes } from '../../../src-main/http/route-rules.ts';
import { type PrincipalKind, principalKindSchema } from '../../../src-shared/access.ts';
import { API, type Endpoint } from '../../../src-shared/api.ts';
import { ERROR_KINDS } from '../../../src-shared/errors.ts';
import { executeToEnd, startSession } from '../commands/support/command-client.ts';
import { recordOnce } from '../support/film.ts';
import { startTestAgent, type TestAgent } from '../support/test-agent.ts';
import {
  GUEST_HEADERS,
  makeViewKey,
  type Outcome,
  type Sent,
  sendAs,
  sendFromCommand,
  sendWith,
  startShare,
} from './support/callers.ts';

const KINDS = principalKindSchema.options;
const ROUTES = Object.keys(ACCESS_TABLE) as RouteName[];

/** Sessions and a command of the person at the machine: nobody else's own. */
interface Targets {
  readonly remote: string;
  readonly share: string;
  readonly command: string;
  readonly recording: string;
}

const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

// What ends others comes last, so that it finds and leaves something to try.
const LAST: readonly RouteName[] = ['stopRemote', 'stopScreenShare', 'checkDropped', 'stopAll', 'rearm'];
const IN_ORDER = [...ROUTES].sort((a, b) => LAST.indexOf(a) - LAST.indexOf(b));

function describeRoute(route: RouteName): { method: string; path: string } {
  if (route === 'elsewhere') return { method: 'get', path: '/nowhere' };
  return route in SERVICE_ROUTES
    ? SERVICE_ROUTES[route as keyof typeof SERVICE_ROUTES]
    : ((API as Record<string, Endpoint>)[route as string] ?? { method: '', path: '' });
}

/** A request to `route` about what belongs to the person at the machine. */
function requestTo(route: RouteName, targets: Targets): Sent {
  const { method, path } = describeRoute(route);
  const isShare = /screen|stream|view/i.test(`${route} ${path}`);
  const session = isShare ? targets.share : targets.remote;
  const target = path
    .replace('{session_id}', session)
    .replace('{command_id}', targets.command)
    .replace('{recording_id}', targets.recording)
    .replace('{*}', 'x.js')
    .replaceAll(/\{\w+\}/g, 'x_00000000');
  const bodies: Partial<Record<RouteName, object>> = {
    stopScreenShare: { session_id: targets.share },
    askToView: { session_id: targets.share },
    createToken: { name: 'a', role: 'operator' },
    executeCommand: { operation: 'system_info' },
    recordShare: { state: 'paused' },
  };
  const query = route === 'viewRequest' ? `?session_id=${targets.share}` : '';
  if (method === 'upgrade') return { method: 'GET', target, headers: UPGRADE };
  return {
    method: method.toUpperCase(),
    target: `${target}${query}`,
    ...(method === 'post' ? { body: JSON.stringify(bodies[route] ?? {}) } : {}),
  };
}

async function prepare(agent: TestAgent): Promise<Targets> {
  agent.screen.still = { jpeg: Buffer.from('jpeg'), widthPx: 640, heightPx: 360, capturedAtMs: 0 };
  const remote = await startSession(agent, 'autonomous');
  const { command_id } = await executeToEnd(agent, remote, { operation: 'system_info' });
  const share = await startShare(agent);
  const recording = await recordOnce(agent, share, 2);
  return { remote, share, command: command_id, recording };
}

/** Addresses that name nothing of anybody's: what is named there comes inside, and the tools see to it. */
const WITHOUT_TARGET: readonly RouteName[] = ['mcp', 'mcpListen', 'mcpEnd'];

/** Whether an outcome is what the rule says, about something that is not the caller's own. */
function fits(rule: Rule, { status, error, body }: Outcome, targets: Targets): boolean {
  if (rule === 'own') {
    if (error !== null) return /^(session|command|viewer|key|recording)_not_found$/.test(error);
    const told = JSON.stringify(body);
    return Object.values(targets).every((id) => !told.includes(id));
  }
  if (rule !== 'allow') return error === rule && status === ERROR_KINDS[rule].status;
  return ![401, 403].includes(status) && error !== 'not_found' && error !== 'session_not_found';
}

/** Addresses at which the files of a built panel would be; the agent under test has none. */
const WITHOUT_FILES: readonly RouteName[] = [
  'panel',
  'panelByName',
  'prompt',
  'asset',
  'viewPage',
  'elsewhere',
];
/** Addresses that the table knows before there is anything behind them. */
const isBuilt = (route: RouteName, outcome: Outcome): boolean =>
  !(outcome.error === 'not_found' && outcome.status === 404 && !WITHOUT_FILES.includes(route));

describe('access table', () => {
  it('has a rule for every address and everybody', () => {
    for (const route of ROUTES) expect(Object.keys(ACCESS_TABLE[route]).sort()).toEqual([...KINDS].sort());
    const rules = ROUTES.flatMap((route) => Object.values(ACCESS_TABLE[route]));
    expect(rules.length).toBe(ROUTES.length * KINDS.length);
    const names = [...Object.keys(API), ...Object.keys(SERVICE_ROUTES), 'elsewhere'];
    expect([...ROUTES].sort()).toEqual(names.sort());
    // biome-ignore lint/suspicious/noConsole: the size of the table is worth seeing in the test's own words.
    console.log(
      `access table: ${ROUTES.length} addresses x ${KINDS.length} kinds of principals = ${rules.length} rules`,
    );
  });

  it('is never gone round: the agent does not start with a route that it does not name', () => {
    const app = express();
    app.get('/healthz', () => undefined);
    const router = express.Router();
    router.post('/api/backdoor/:name', () => undefined);
    app.use(router);
    const routes = listRoutes(app);
    expect(routes).toEqual([
      { method: 'get', path: '/healthz' },
      { method: 'post', path: '/api/backdoor/:name' },
    ]);
    expect(() => assertRoutesHaveRules(routes)).toThrow('POST /api/backdoor/:name');
    expect(() => assertRoutesHaveRules(routes.slice(0, 1))).not.toThrow();
  });

  it('finds each address under its own name, with and without what it is no part of', () => {
    for (const route of ROUTES.filter((name) => name !== 'elsewhere')) {
      const { method, path } = describeRoute(route);
      const sample = path.replace('{*}', 'a/b.js').replaceAll(/\{\w+\}/g, 'x');
      expect(findRoute(method, sample).route.name).toBe(route);
      for (const bent of [`${sample}/`, `/${sample}`, sample.toUpperCase(), `/x${sample}`]) {
        if (bent === sample || route === 'asset') continue;
        expect(findRoute(method, bent).route.name, bent).toBe('elsewhere');
      }
    }
  });

  it.each(KINDS.filter((kind) => kind !== 'viewer'))('holds for %s at every address', async (kind) => {
    const agent = await startTestAgent();
    const targets = await prepare(agent);
    const sendAll = await sendAs(agent, kind as Exclude<PrincipalKind, 'viewer'>);
    const outcomes = await sendAll(IN_ORDER.map((route) => requestTo(route, targets)));
    const wrong = IN_ORDER.flatMap((route, index) => {
      const outcome = outcomes[index];
      const rule = ACCESS_TABLE[route][kind];
      if (!outcome) return [`${route}: no answer`];
      const isAllowed = rule === 'allow' || rule === 'own';
      if (isAllowed && (!isBuilt(route, outcome) || WITHOUT_FILES.includes(route))) return [];
      return fits(rule === 'own' && WITHOUT_TARGET.includes(route) ? 'allow' : rule, outcome, targets)
        ? []
        : [`${route}: ${rule}, but ${JSON.stringify(outcome)}`];
    });
    expect(wrong).toEqual([]);
  });

  it('holds for a viewer: its share, and nothing else', async () => {
    const agent = await startTestAgent();
    const targets = await prepare(agent);
    const other = await startShare(agent);
    const { secret } = await makeViewKey(agent, targets.share);
    const guest = sendWith(agent, GUEST_HEADERS);
    for (const route of ROUTES) {
      const { method, target, headers, body } = requestTo(route, targets);
      const query = `${target.includes('?') ? '&' : '?'}key=${secret}`;
      const [outcome] = await guest([
        { method, target: `${target}${query}`, ...(headers ? { headers } : {}), ...(body ? { body } : {}) },
      ]);
      const takesKey = findRoute(describeRoute(route).method, target).route.takesKey;
      const rule = ACCESS_TABLE[route][takesKey ? 'viewer' : 'guest'];
      if (!outcome || rule === 'allow') continue;
      if (rule === 'own') expect([200, 101, 404], route).toContain(outcome.status);
      else expect(outcome.error, route).toBe(rule);
    }
    const [elsewhere] = await guest([{ method: 'GET', target: `/stream/${other}?key=${secret}` }]);
    expect(elsewhere).toMatchObject({ status: 404, error: 'session_not_found' });
  });

  it('knows an operator’s own from all else, in lists too', async () => {
    const agent = await startTestAgent({ settings: { askForTokenStarts: false } });
    await prepare(agent);
    const [mine, others] = [await sendAs(agent, 'operator'), await sendAs(agent, 'operator')];
    const starts: Sent[] = [
      { method: 'POST', target: '/api/remote/start', body: '{"safety_mode":"read_only"}' },
      { method: 'POST', target: '/api/screen_share/start', body: '{}' },
    ];
    const [remote, share] = (await mine(starts)).map(({ body }) => String(body.session_id));
    await others(starts);
    const execute = {
      method: 'POST',
      target: `/api/remote/execute/${remote}`,
      body: '{"operation":"system_info"}',
    };
    expect((await mine([execute]))[0]?.status).toBe(202);
    const lists = ['/api/sessions/active', '/api/remote/commands'].map((target) => ({
      method: 'GET',
      target,
    }));
    const [active, commands] = await mine(lists);
    const live = (active?.body.active_sessions ?? []) as { session_id: string }[];
    expect(live.map(({ session_id }) => session_id)).toEqual([remote, share]);
    expect(commands?.body.total).toBe(1);
    expect((await others(lists))[1]?.body.total).toBe(0);
    await mine([{ method: 'POST', target: `/api/remote/stop/${remote}`, body: '{}' }]);
    const history = { method: 'GET', target: '/api/sessions/history' };
    expect((await mine([history]))[0]?.body.total).toBe(1);
    expect((await others([history]))[0]?.body.total).toBe(0);
  });

  it('knows a command’s own session from all else', async () => {
    const agent = await startTestAgent();
    const { remote } = await prepare(agent);
    const { sessionId, sendAll } = await sendFromCommand(agent);
    const [own, other, active, beat] = await sendAll([
      { method: 'GET', target: `/api/remote/status/${sessionId}` },
      { method: 'GET', target: `/api/remote/status/${remote}` },
      { method: 'GET', target: '/api/sessions/active' },
      { method: 'POST', target: `/api/sessions/heartbeat/${sessionId}`, body: '{}' },
    ]);
    expect(own).toMatchObject({ status: 200, body: { session_id: sessionId } });
    expect(other).toMatchObject({ status: 404 });
    expect(active?.body).toMatchObject({ total: 1, active_sessions: [{ session_id: sessionId }] });
    expect(beat?.status).toBe(200);
  });
});
