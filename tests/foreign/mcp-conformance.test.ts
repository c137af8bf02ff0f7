import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualClock } from '../fakes/manual-clock.ts';
import { call, startTestAgent, type TestAgent } from '../integration/support/test-agent.ts';

const run = promisify(execFile);
const SUITE = path.join(
  path.dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')),
  'dist/index.js',
);

interface ToolCall {
  readonly name: string;
  readonly arguments: object;
}

/** What of the suite applies to this server as it is. */
const APPLIES = [
  'server-initialize',
  'ping',
  'tools-list',
  'server-sse-multiple-streams',
  'dns-rebinding-protection',
];

/** What applies to tools that a server made for the suite would have: which one that is, and what stands for it here. */
const BY_RENAMING: Readonly<Record<string, { theirs: string; ours: (session: object) => ToolCall }>> = {
  'tools-call-simple-text': {
    theirs: 'test_simple_text',
    ours: (session) => ({ name: 'get_session', arguments: session }),
  },
  'tools-call-image': {
    theirs: 'test_image_content',
    ours: (session) => ({ name: 'screenshot', arguments: session }),
  },
  'tools-call-error': {
    theirs: 'test_error_handling',
    ours: (session) => ({ name: 'run_command', arguments: { ...session, argv: ['true'] } }),
  },
  'tools-call-with-progress': {
    theirs: 'test_tool_with_progress',
    ours: () => ({ name: 'start_session', arguments: { safety_mode: 'autonomous', wait_seconds: 30 } }),
  },
};

const NO_RESOURCES = 'Porthole offers no resources, and declares no such capability';
const NO_PROMPTS = 'Porthole offers no prompts, and declares no such capability';
const NO_ELICITATION = 'Porthole asks the person at the machine, never the one at the client';

/** What does not, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'logging-set-level': 'Porthole sends no log messages, and declares no such capability',
  'tools-call-with-logging': 'Porthole sends no log messages, and declares no such capability',
  'completion-complete': 'Porthole completes nothing, and declares no such capability',
  'tools-call-audio': 'no tool answers with sound',
  'tools-call-embedded-resource': 'no tool answers with a resource',
  'tools-call-mixed-content': 'wants a resource beside text and image, and no tool answers with a resource',
  'tools-call-sampling': 'Porthole never asks a client for its model',
  'tools-call-elicitation': NO_ELICITATION,
  'elicitation-sep1034-defaults': NO_ELICITATION,
  'elicitation-sep1330-enums': NO_ELICITATION,
  'json-schema-2020-12':
    'wants $defs and additionalProperties in a schema, which APIs of models refuse; ours are plain on purpose',
  'server-sse-polling':
    'wants streams that the server cuts and the client resumes, which servers MAY offer; a call that was cut off is found again with get_session',
  'resources-list': NO_RESOURCES,
  'resources-read-text': NO_RESOURCES,
  'resources-read-binary': NO_RESOURCES,
  'resources-templates-read': NO_RESOURCES,
  'resources-subscribe': NO_RESOURCES,
  'resources-unsubscribe': NO_RESOURCES,
  'prompts-list': NO_PROMPTS,
  'prompts-get-simple': NO_PROMPTS,
  'prompts-get-with-args': NO_PROMPTS,
  'prompts-get-embedded-resource': NO_PROMPTS,
  'prompts-get-with-image': NO_PROMPTS,
};

interface Check {
  readonly name: string;
  readonly status: string;
  readonly errorMessage?: string;
}

/** An address at which the call of one tool becomes that of another, and all else goes through as it is. */
async function relayTo(agent: TestAgent, theirs: string, ours: ToolCall): Promise<string> {
  const relay = createServer(async (request, response) => {
    const body = await text(request);
    const message = body === '' ? undefined : JSON.parse(body);
    if (message?.params?.name === theirs) message.params = { ...message.params, ...ours };
    const sent = message === undefined ? '' : JSON.stringify(message);
    const headers = { ...request.headers, 'content-length': String(Buffer.byteLength(sent)) };
    const onward = forward(`${agent.url}${request.url}`, { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    onward.end(sent);
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        relay.close(() => resolve());
        relay.closeAllConnections();
      }),
  );
  return `http://localhost:${(relay.address() as AddressInfo).port}`;
}

/** Plays the machine until the function that it answers is called: a screen that shows something, and time that passes. */
function playMachine(agent: TestAgent, clock: ManualClock): () => void {
  const timer = setInterval(() => {
    clock.advance(1000);
    for (const { demand, observer } of agent.screen.captures) {
      if (demand !== 'watched') continue;
      observer.onFrame({
        jpeg: Buffer.from('jpeg'),
        widthPx: 640,
        heightPx: 360,
        capturedAtMs: clock.monotonicMs(),
      });
    }
  }, 20);
  return () => clearInterval(timer);
}

async function runScenario(scenario: string, url: string): Promise<Check[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-conformance-'));
  try {
    // It exits with an error for checks that fail, which its file tells of.
    await run(process.execPath, [SUITE, 'server', '--url', url, '--scenario', scenario, '-o', folder]).catch(
      () => undefined,
    );
    const [result = ''] = readdirSync(folder);
    return JSON.parse(readFileSync(path.join(folder, result, 'checks.json'), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function assertPasses(scenario: string, url: string): Promise<void> {
  const checks = await runScenario(scenario, `${url}/mcp`);
  const failed = checks.filter(({ status }) => status !== 'SUCCESS' && status !== 'INFO');
  expect(failed).toEqual([]);
  expect(checks.some(({ status }) => status === 'SUCCESS')).toBe(true);
}

describe('the MCP conformance suite', () => {
  it.each(APPLIES)('passes %s', async (scenario) => {
    const agent = await startTestAgent();
    await assertPasses(scenario, agent.url.replace('127.0.0.1', 'localhost'));
    expect(agent.log.errors).toEqual([]);
  });

  it.each(Object.entries(BY_RENAMING))('passes %s, by a tool of ours', async (scenario, { theirs, ours }) => {
    const clock = new ManualClock();
    const agent = await startTestAgent({ clock });
    const { body } = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'read_only' });
    onTestFinished(playMachine(agent, clock));
    await assertPasses(scenario, await relayTo(agent, theirs, ours({ session_id: body.session_id })));
    expect(agent.log.errors).toEqual([]);
  });

  it('has no other checks than these and those that are left out for a reason', async () => {
    const { stdout } = await run(process.execPath, [SUITE, 'list', '--server']);
    const known = [...stdout.matchAll(/^ {2}- (\S+)/gm)].map(([, name]) => name);
    const ours = [...APPLIES, ...Object.keys(BY_RENAMING), ...Object.keys(LEFT_OUT)];
    expect(ours.sort()).toEqual(known.sort());
  });
});
