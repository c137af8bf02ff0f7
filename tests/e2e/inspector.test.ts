import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../integration/commands/support/escapees.ts';
import { findGuardians } from '../integration/commands/support/guardians.ts';
import { PortholeProcess } from './support/porthole-app.ts';
import { TestDisplay } from './support/test-display.ts';

let display: TestDisplay;

beforeEach(async () => {
  display = await TestDisplay.start(1280, 720);
});
afterEach(() => display.stop());

/** The signals that a process takes itself, as the kernel has them: one bit for each. */
function caughtSignals(pid: number): bigint {
  const mask = /^SigCgt:\t([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return BigInt(`0x${mask ?? '0'}`);
}

describe.runIf(process.platform === 'linux')('the signal that opens the inspector of Node', () => {
  it('opens none, neither of the agent nor of its guardian', async () => {
    const porthole = await PortholeProcess.start({ display });
    onTestFinished(() => porthole.discard());
    const pid = porthole.child.pid ?? 0;
    let guardian = 0;
    await until(() => {
      [guardian = 0] = findGuardians(pid);
      return guardian !== 0;
    });
    let output = '';
    porthole.child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    for (const each of [pid, guardian]) {
      expect(caughtSignals(each) & (1n << 9n)).not.toBe(0n);
      process.kill(each, 'SIGUSR1');
    }
    // An inspector that opens says so at once; this answer comes after the signal has been taken.
    for (let round = 0; round < 5; round += 1)
      expect((await fetch(`${porthole.url}/healthz`)).status).toBe(200);
    expect(output).not.toContain('Debugger listening');
    await expect(fetch('http://127.0.0.1:9229/json/version')).rejects.toThrow();
    expect(findGuardians(pid)).toEqual([guardian]);
  });
});
