import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { executeToEnd, startSession } from '../commands/support/command-client.ts';
import { startTestAgent } from '../support/test-agent.ts';

describe('a session that everything is allowed', () => {
  it('gets at none of the agent’s own files by what the agent does for it', async () => {
    const agent = await startTestAgent();
    const settings = path.join(agent.folder, 'settings.json');
    writeFileSync(settings, '{}');
    const elsewhere = mkdtempSync(path.join(tmpdir(), 'porthole-link-'));
    onTestFinished(() => rmSync(elsewhere, { recursive: true, force: true }));
    symlinkSync(agent.folder, path.join(elsewhere, 'link'));
    mkdirSync(path.join(agent.folder, 'sub'));
    const before = readdirSync(agent.folder).sort();
    const sessionId = await startSession(agent, 'autonomous');
    const places = [agent.folder, path.join(elsewhere, 'link')];
    if (process.platform === 'linux') places.push(`/proc/self/root${agent.folder}`);
    for (const place of places) {
      for (const operation of [
        { operation: 'read_file', path: `${place}/settings.json` },
        { operation: 'list_directory', path: place },
        { operation: 'stat', path: `${place}/porthole.db` },
        { operation: 'write_file', path: `${place}/settings.json`, content: '{"localTrust":"none"}' },
        { operation: 'write_file', path: `${place}/settings.json`, content: 'x', in_place: true },
        { operation: 'write_file', path: `${place}/sub/new`, content: 'x' },
      ]) {
        const { status, error } = await executeToEnd(agent, sessionId, operation);
        expect({ ...operation, status, code: error?.code }).toMatchObject({
          status: 'failed',
          code: 'path_not_allowed',
        });
      }
    }
    expect(readFileSync(settings, 'utf8')).toBe('{}');
    expect(readdirSync(agent.folder).sort()).toEqual(before);
  });

  it.runIf(process.platform === 'linux')(
    'learns nothing of what the agent was started with, or has open',
    async () => {
      const agent = await startTestAgent();
      const sessionId = await startSession(agent, 'autonomous');
      for (const of of ['self', 'thread-self', String(process.pid), `self/task/${process.pid}`]) {
        for (const operation of [
          { operation: 'read_file', path: `/proc/${of}/environ` },
          { operation: 'list_directory', path: `/proc/${of}/fd` },
        ]) {
          const { error } = await executeToEnd(agent, sessionId, operation);
          expect({ ...operation, code: error?.code }).toMatchObject({ code: 'path_not_allowed' });
        }
      }
      const { status } = await executeToEnd(agent, sessionId, {
        operation: 'read_file',
        path: '/proc/uptime',
      });
      expect(status).toBe('completed');
    },
  );
});
