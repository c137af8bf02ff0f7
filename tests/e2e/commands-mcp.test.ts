import { existsSync } from 'node:fs';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { callApi } from './support/api-client.ts';
import {
  appCommand,
  type DrivenPorthole,
  drivePorthole,
  findPage,
  REPOSITORY,
} from './support/porthole-app.ts';
import { keepScreen } from './support/screens.ts';
import { TestDisplay } from './support/test-display.ts';

let display: TestDisplay;
let porthole: DrivenPorthole;
let folder = '';
const transcript: string[] = [];

beforeAll(async () => {
  display = await TestDisplay.start(1280, 800);
  porthole = await drivePorthole({ display, args: ['--notifications', 'none'] });
  folder = porthole.home.place('work');
});

afterAll(async () => {
  await porthole?.stop();
  await display?.stop();
});

const until = <T>(assertion: () => T | Promise<T>) =>
  vi.waitFor(assertion, { timeout: 15_000, interval: 50 });
const findPrompt = () => findPage(porthole.app, (url) => url.pathname === '/prompt.html');
const promptsAreGone = () =>
  until(() =>
    expect(porthole.app.windows().filter((page) => page.url().includes('/prompt.html'))).toEqual([]),
  );

/** The two ways to the stdio bridge: the app itself, and from source plain Node. */
const BRIDGES: readonly { via: string; command: () => readonly [string, string[]] }[] = [
  { via: 'the app itself', command: () => appCommand(['mcp', '--data-dir', porthole.dataDir]) },
  {
    via: 'plain Node',
    command: () => [
      process.execPath,
      [path.join(REPOSITORY, 'dist/main/porthole.cjs'), 'mcp', '--data-dir', porthole.dataDir],
    ],
  },
];

async function connect(command: readonly [string, string[]]) {
  const [executable, args] = command;
  const client = new Client({ name: 'e2e', version: '1' });
  const env = porthole.home.environment(display.seat) as Record<string, string>;
  const program = porthole.home.programFor(executable);
  await client.connect(new StdioClientTransport({ command: program, args, env, stderr: 'ignore' }));
  const tool = async (name: string, input: object): Promise<CallToolResult> => {
    transcript.push(`client → ${name} ${JSON.stringify(input)}`);
    const result = (await client.callTool({ name, arguments: { ...input } })) as CallToolResult;
    transcript.push(`porthole → ${result.isError ? 'error: ' : ''}${textOf(result)}`);
    return result;
  };
  return { client, tool };
}

function textOf({ content }: CallToolResult): string {
  return content.map((part) => (part.type === 'text' ? part.text.trimEnd() : `<${part.type}>`)).join(' ');
}

describe.each(BRIDGES)('an AI agent, through $via', ({ via, command }) => {
  it('starts supervised, runs uname -a when allowed, writes a file and is denied', async () => {
    transcript.push(`--- through ${via}`);
    const { client, tool } = await connect(command());
    const started = await tool('start_session', {
      safety_mode: 'supervised',
      user_id: 'Ada',
      reason: 'to look around',
    });
    const { session } = started.structuredContent as { session: { session_id: string } };
    const sessionId = session.session_id;

    const running = tool('run_command', {
      session_id: sessionId,
      argv: ['uname', '-a'],
      reason: 'to know the system',
    });
    const prompt = await findPrompt();
    await prompt.getByText('uname -a').waitFor();
    await prompt.getByText('to know the system').waitFor();
    keepScreen('command-approval-on-the-desktop', display.grab());
    transcript.push('person   → presses Allow in the prompt');
    await prompt.getByRole('button', { name: 'Allow', exact: true }).click();
    const ran = await running;
    expect(textOf(ran)).toMatch(/^exit code 0\nstdout:\nLinux /);
    await promptsAreGone();

    const file = path.join(folder, `${via.replaceAll(' ', '-')}.txt`);
    const writing = tool('write_file', { session_id: sessionId, path: file, content: 'one\ntwo\n' });
    const second = await findPrompt();
    await second.getByText('added: one').waitFor();
    keepScreen('file-approval-on-the-desktop', display.grab());
    transcript.push('person   → presses Deny in the prompt');
    await second.getByRole('button', { name: 'Deny', exact: true }).click();
    const denied = await writing;
    expect(denied).toMatchObject({ isError: true, structuredContent: { error: 'denied' } });
    expect(existsSync(file)).toBe(false);

    const { body } = await callApi(porthole.url, 'GET', `/api/remote/commands?session_id=${sessionId}`);
    const [write, run] = body.commands as { decided_by: string; command_id: string }[];
    expect(run).toMatchObject({ status: 'completed', decided_by: 'prompt' });
    expect(write).toMatchObject({ status: 'denied', decided_by: 'prompt' });
    // The pictures around what was allowed show this very display.
    await until(async () => {
      for (const moment of ['before', 'after']) {
        const picture = await fetch(
          `${porthole.url}/api/remote/commands/${run?.command_id}/screenshots/${moment}`,
        );
        expect(picture.headers.get('content-type')).toBe('image/jpeg');
        expect(Buffer.from(await picture.arrayBuffer()).subarray(0, 3)).toEqual(
          Buffer.from([0xff, 0xd8, 0xff]),
        );
      }
    });

    await tool('stop_session', { session_id: sessionId });
    await client.close();
    await promptsAreGone();
  });

  it('reads and sees in a read_only session, which ends with it', async () => {
    const { client, tool } = await connect(command());
    const started = await tool('start_session', { safety_mode: 'read_only' });
    const { session } = started.structuredContent as { session: { session_id: string } };
    const shot = await tool('screenshot', { session_id: session.session_id, width: 1280 });
    const picture = shot.content.find((part) => part.type === 'image');
    expect(Buffer.from(String(picture?.data), 'base64').subarray(0, 3)).toEqual(
      Buffer.from([0xff, 0xd8, 0xff]),
    );
    expect(textOf(shot)).toContain('1152x720 pixels');
    expect(shot.structuredContent).toBeUndefined();
    expect(await tool('run_command', { session_id: session.session_id, argv: ['true'] })).toMatchObject({
      isError: true,
      structuredContent: { error: 'read_only_session' },
    });
    await client.close();
    await until(async () => {
      const { body } = await callApi(porthole.url, 'GET', `/api/remote/status/${session.session_id}`);
      expect(body.status).toBe('stopped');
    });
  });
});

describe('a deny rule', () => {
  it('holds for what a shell line carries, and for nothing else', async () => {
    const { url } = porthole;
    const { body } = await callApi(url, 'POST', '/api/remote/start', { safety_mode: 'supervised' });
    const ask = (script: string) =>
      callApi(url, 'POST', `/api/remote/execute/${body.session_id}`, { operation: 'shell', script });
    expect((await callApi(url, 'POST', '/api/settings', { denyRules: ['touch'] })).status).toBe(200);
    for (const script of ['cd / && bash -c -- "touch x"', "true 2>&1 | env '-Stouch x'"]) {
      // By the rule, and not because a machine that is busy is late with reading.
      await until(async () => {
        const refused = await ask(script);
        expect(refused).toMatchObject({ status: 403, body: { error: 'denied_by_rule' } });
        expect(refused.body.message).toContain('touch');
      });
    }
    const asked = await until(async () => {
      const { body: answer } = await ask('cd / && echo "touch x" 2>&1 | cat');
      expect(answer).toMatchObject({ status: 'pending_approval' });
      return answer;
    });
    await callApi(url, 'POST', `/api/remote/commands/${asked.command_id}/approve`);
    await until(async () =>
      expect((await callApi(url, 'GET', `/api/remote/commands/${asked.command_id}`)).body).toMatchObject({
        status: 'completed',
        stdout: 'touch x\n',
      }),
    );
    await callApi(url, 'POST', '/api/settings', { denyRules: null });
    await callApi(url, 'POST', `/api/remote/stop/${body.session_id}`);
    await promptsAreGone();
  });
});

describe('the panel', () => {
  it('shows what was done as a timeline in its history', async () => {
    const { panel } = porthole;
    await panel.getByRole('link', { name: 'History' }).click();
    const entry = panel.locator('.history-entry', { hasText: 'Ada' }).first();
    await entry.getByRole('button', { name: 'Show commands' }).click();
    await entry.getByText('uname -a').waitFor();
    await entry.getByText('Denied in a prompt').waitFor();
    await entry.getByRole('button', { name: /Completed/ }).click();
    await entry.getByText(/^Linux /).waitFor();
    await entry.getByRole('img', { name: 'The screen after it' }).waitFor();
    keepScreen('timeline', await panel.screenshot());
  });
});

describe('the transcript', () => {
  it('is complete', () => {
    process.stdout.write(`${transcript.join('\n')}\n`);
    expect(transcript.filter((line) => line.startsWith('client'))).toHaveLength(14);
  });
});
