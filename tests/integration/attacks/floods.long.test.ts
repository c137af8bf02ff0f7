import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bundleAgent } from '../commands/support/agent-process.ts';
import { call } from '../support/test-agent.ts';
import { type AttackedAgent, startAttackedAgent } from './support/attacked-agent.ts';
import { FLOODS, floodArguments, floodProgram } from './support/floods.mjs';
import { createOtherUser } from './support/other-user.ts';

const SECONDS = 1.5;

let bundle = '';
let agent: AttackedAgent;
beforeAll(async () => {
  bundle = await bundleAgent('tests/integration/attacks/support/attacked-agent-main.ts');
  agent = await startAttackedAgent(bundle);
}, 60_000);
afterAll(() => agent.stop());

/** Frames per second that the rightful viewer gets while `during` runs. */
async function framesPerSecond<T>(during: () => Promise<T>): Promise<[number, T]> {
  const [frames, began] = [agent.framesSeen(), performance.now()];
  const result = await during();
  return [((agent.framesSeen() - frames) * 1000) / (performance.now() - began), result];
}

const report: string[] = [];
afterAll(() => {
  // biome-ignore lint/suspicious/noConsole: what the attacks cost is what these tests are for.
  console.log(
    `\n${['attack: fps of the rightful viewer alone -> under attack; memory before -> after', ...report].join('\n')}`,
  );
});

// Each from a program of another user, as anybody on the machine could run it.
describe.runIf(process.platform === 'linux' && process.getuid?.() === 0)('floods', () => {
  it.each(Object.keys(FLOODS) as (keyof typeof FLOODS)[])(
    'of %s',
    async (name) => {
      const user = createOtherUser();
      await expect.poll(agent.framesSeen).toBeGreaterThan(10);
      const [alone] = await framesPerSecond(() => delay(1000));
      const before = agent.memoryMb();
      // What the person does at the same time goes through.
      const asked: number[] = [];
      const [attacked, output] = await framesPerSecond(async () => {
        const program = floodProgram(name);
        const flood = user.run(process.execPath, '-e', program, ...floodArguments(agent, SECONDS));
        for (let second = 0; second < SECONDS; second += 0.5) {
          await delay(400);
          asked.push((await call(agent, 'GET', '/api/agent')).status);
        }
        return flood;
      });
      const after = agent.memoryMb();
      report.push(
        `${name}: ${alone.toFixed(1)} -> ${attacked.toFixed(1)} fps; ${before.toFixed(0)} -> ${after.toFixed(0)} MB; ` +
          `attacker saw ${output.trim()}`,
      );
      expect(agent.isAlive()).toBe(true);
      expect(new Set(asked)).toEqual(new Set([200]));
      // No viewer is starved, and nothing piles up; how well it goes is in the report, for it depends on the machine.
      expect(attacked).toBeGreaterThan(1);
      expect(after - before).toBeLessThan(80);
      const tally = JSON.parse(output) as Record<string, number>;
      expect(Object.keys(tally).filter((status) => /^[25]\d\d$|^101$/.test(status))).toEqual([]);
      await expect.poll(agent.openFiles).toBeLessThan(60);
    },
    60_000,
  );

  it('of slow requests and viewers that do not read, until both are cut off', async () => {
    const { hostname, port, host } = new URL(agent.url);
    const hold = (text: string): Socket => {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.on('error', () => undefined);
      socket.pause();
      socket.write(text);
      onTestFinished(() => {
        socket.destroy();
      });
      return socket;
    };
    const idle = agent.openFiles();
    const before = agent.memoryMb();
    for (let each = 0; each < 50; each += 1)
      hold(`GET /stream/${agent.share} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    for (let each = 0; each < 100; each += 1) hold(`GET /api/agent HTTP/1.1\r\nHost: ${host}\r\nX-Slow: `);
    await expect.poll(agent.openFiles).toBeGreaterThan(idle + 100);
    const [fps] = await framesPerSecond(() => delay(2000));
    await expect.poll(agent.openFiles, { timeout: 30_000, interval: 250 }).toBeLessThan(idle + 10);
    const after = agent.memoryMb();
    report.push(
      `50 viewers that read nothing, 100 slow requests: ${fps.toFixed(1)} fps; ${before.toFixed(0)} -> ${after.toFixed(0)} MB; all cut off`,
    );
    expect(fps).toBeGreaterThan(15);
    expect(after).toBeLessThan(250);
  }, 40_000);
});
