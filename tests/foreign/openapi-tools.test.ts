import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PortholeProcess } from '../e2e/support/porthole-app.ts';
import { TestDisplay } from '../e2e/support/test-display.ts';

const run = promisify(execFile);

/** Kinds of warning that stay, by the linters' rules, and why. */
const WARNINGS_THAT_STAY: Readonly<Record<string, string>> = {
  'operation-description': 'the summary says it, and saying it twice tells nobody more',
  'no-ambiguous-paths':
    'ids of sessions begin with `screen_`, so `/update/{session_id}` and `/{session_id}/keys` never meet',
  'operation-2xx-response': 'a WebSocket opens with 101',
  'operation-success-response': 'a WebSocket opens with 101',
};

/** What somebody writes with the types: each line right, or wrong where it is said to be. */
const CLIENT = `import type { operations, paths } from './api.js';

type Answer<Name extends keyof operations> = operations[Name] extends {
  responses: { 200: { content: { 'application/json': infer Body } } };
} ? Body : never;
type Asked<Name extends keyof operations> = operations[Name] extends {
  requestBody?: { content: { 'application/json': infer Body } };
} ? Body : never;

export const wish: Asked<'startScreenShare'> = { quality: 'high' };
// @ts-expect-error There is no such quality.
export const mistake: Asked<'startScreenShare'> = { quality: 'highest' };
export const link = ({ session_id, stream_url }: Answer<'startScreenShare'>): string => session_id + stream_url;
export const whether = ({ locked }: Answer<'agentInfo'>): boolean => locked;
export type Refusal =
  paths['/api/screen_share/start']['post']['responses'][403]['content']['application/json']['error'];
export const refusal: Refusal = 'access_denied';
// @ts-expect-error There is no such refusal.
export const noRefusal: Refusal = 'because';
`;

let display: TestDisplay;
let porthole: PortholeProcess;
let folder: string;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 720);
  porthole = await PortholeProcess.start({ display, args: ['--hidden'] });
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-openapi-'));
  const answer = await fetch(`${porthole.url}/api/openapi.json`);
  expect(answer.status).toBe(200);
  writeFileSync(path.join(folder, 'openapi.json'), await answer.text());
});

afterAll(async () => {
  await porthole?.discard();
  await display?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a tool on the document; resolves with what it printed and how it ended, whatever that was. */
async function runTool(name: string, program: string, args: readonly string[]) {
  const folderOfTools = process.env.PORTHOLE_TEST_TOOLS;
  if (!folderOfTools) throw new Error('PORTHOLE_TEST_TOOLS is not set; run it with npm run test:foreign');
  const required = createRequire(path.join(folderOfTools, 'package.json'));
  const file = required.resolve(`${name}/package.json`);
  const script = path.join(path.dirname(file), JSON.parse(readFileSync(file, 'utf8')).bin[program]);
  // None of them has to tell anybody that it ran, or to ask whether there is a newer one.
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  return runToEnd(process.execPath, [script, ...args], env);
}

async function runToEnd(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const options = { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 };
  try {
    const { stdout, stderr } = await run(program, args, options);
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

interface Finding {
  readonly rule: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

/** Holds that a linter found nothing but warnings that stay, and was there to find them. */
function judge(findings: readonly Finding[]): void {
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(findings.filter(({ rule }) => !(rule in WARNINGS_THAT_STAY))).toEqual([]);
  expect(findings).not.toEqual([]);
}

describe('the OpenAPI document of a running agent', () => {
  it('becomes types that compile, and that know a right call from a wrong one', async () => {
    const made = await runTool('openapi-typescript', 'openapi-typescript', [
      'openapi.json',
      '--output',
      'api.d.ts',
    ]);
    expect(made).toMatchObject({ code: 0, stderr: expect.not.stringMatching(/warn|error/i) });
    writeFileSync(path.join(folder, 'client.ts'), CLIENT);
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
    const how = ['--noEmit', '--module', 'nodenext', '--skipLibCheck', 'false', '--types', ''];
    const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
    const tsc = path.join(path.dirname(compiler), 'bin/tsc');
    expect(await runToEnd(process.execPath, [tsc, ...strict, ...how, 'client.ts', 'api.d.ts'])).toMatchObject(
      { code: 0, stdout: '' },
    );
  });

  it('has no errors for Redocly', async () => {
    const { stdout } = await runTool('@redocly/cli', 'redocly', [
      'lint',
      'openapi.json',
      '--extends=recommended',
      '--format=json',
    ]);
    const { problems } = JSON.parse(stdout) as {
      problems: { ruleId: string; severity: string; message: string }[];
    };
    judge(
      problems.map(({ ruleId, severity, message }) => ({
        rule: ruleId,
        severity: severity === 'error' ? 'error' : 'warning',
        message,
      })),
    );
  });

  it('has no errors for Spectral', async () => {
    writeFileSync(path.join(folder, 'ruleset.yaml'), 'extends: ["spectral:oas"]\n');
    const { stdout } = await runTool('@stoplight/spectral-cli', 'spectral', [
      'lint',
      'openapi.json',
      '--ruleset=ruleset.yaml',
      '--format=json',
    ]);
    const problems = JSON.parse(stdout) as { code: string; severity: number; message: string }[];
    judge(
      problems.map(({ code, severity, message }) => ({
        rule: code,
        severity: severity === 0 ? 'error' : 'warning',
        message,
      })),
    );
  });
});
