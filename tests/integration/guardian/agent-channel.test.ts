import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bundleAgent } from '../commands/support/agent-process.ts';

let bundle = '';

beforeAll(async () => {
  bundle = await bundleAgent('tests/integration/guardian/support/channel-main.ts');
});

/** A process that reads its channel as on `platform` and prints what it hears, and our end of the channel. */
function startReader(platform: string): { child: ChildProcess; channel: Duplex; heard: () => string } {
  const child = spawn(process.execPath, [bundle, platform], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let heard = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    heard += chunk;
  });
  return { child, channel: child.stdio[3] as Duplex, heard: () => heard };
}

describe.each(['linux', 'win32'])('the channel to the agent, read as on %s', (platform) => {
  it('hears what is written, answers, and notices the end, without an event loop', async () => {
    const { child, channel, heard } = startReader(platform);
    channel.write('\n');
    // An answer came, so it was heard.
    await once(channel, 'data');
    channel.write(`${JSON.stringify({ stallSeconds: 7, executable: 'é'.repeat(100_000) })}\n`);
    await expect.poll(heard).toContain('orders 7 100000');
    channel.end('bye\n');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(heard()).toMatch(/farewell bye\nclosed\n$/);
  });
});
