import { createHash, randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'libsql';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeToken } from '../access/support/callers.ts';
import { bundleAgent, startAgentProcess } from '../commands/support/agent-process.ts';
import { execute, executeToEnd, startSession } from '../commands/support/command-client.ts';
import { until } from '../commands/support/escapees.ts';
import { USERS } from '../guardian/support/guarded-agent.ts';
import { type Addressed, call, startTestAgent } from '../support/test-agent.ts';

vi.setConfig({ testTimeout: 60_000 });

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-foreign-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes into the database of an agent as any program of its user could. */
function write(folder: string, statements: string): void {
  const database = new Database(path.join(folder, 'porthole.db'));
  database.exec(`PRAGMA busy_timeout = 5000; ${statements}`);
  database.close();
}

/** The row of an admin's token of one's own making. */
function plantToken(): { secret: string; statement: string } {
  const secret = `pht_${randomBytes(32).toString('base64url')}`;
  const digest = createHash('sha256').update(secret).digest('hex');
  return {
    secret,
    statement: `INSERT INTO tokens (token_id, name, role, digest, created_at_ms)
      VALUES ('token_00000000', 'harmless', 'admin', '${digest}', 1)`,
  };
}

async function findAdvisory(agent: Addressed): Promise<Record<string, unknown> | undefined> {
  const { body } = await call(agent, 'GET', '/api/advisories');
  return (body.advisories as Record<string, unknown>[]).find(
    ({ advisory_id: id }) => id === 'foreign_changes',
  );
}

async function statusWith(agent: Addressed, secret: string): Promise<number> {
  const response = await fetch(`${agent.url}/api/tokens`, { headers: { authorization: `Bearer ${secret}` } });
  return response.status;
}

describe('whoever writes into the database of an agent that runs', () => {
  it('makes no token that works after its next start, and the person is told', async () => {
    const folder = newFolder();
    const agent = await startTestAgent({ folder });
    const { secret, statement } = plantToken();
    write(folder, statement);
    let advisory: Record<string, unknown> | undefined;
    await vi.waitFor(async () => {
      advisory = await findAdvisory(agent);
      expect(advisory).toBeDefined();
    }, 10_000);
    expect(advisory).toMatchObject({ level: 'problem', message: expect.stringContaining('tokens (1)') });
    await agent.close('restart');
    expect(await statusWith(await startTestAgent({ folder }), secret)).toBe(401);
  });

  it('makes none right before it ends either', async () => {
    const folder = newFolder();
    const agent = await startTestAgent({ folder });
    const { secret, statement } = plantToken();
    write(folder, statement);
    await agent.close('restart');
    expect(await statusWith(await startTestAgent({ folder }), secret)).toBe(401);
  });

  it('raises no token, gives none more time, and takes none away', async () => {
    const folder = newFolder();
    const agent = await startTestAgent({ folder });
    const raised = await makeToken(agent, 'operator', { expires_in_seconds: 3600 });
    const removed = await makeToken(agent, 'admin');
    write(
      folder,
      `UPDATE tokens SET role = 'admin', expires_at_ms = NULL WHERE token_id = '${raised.id}';
       DELETE FROM tokens WHERE token_id = '${removed.id}'`,
    );
    await agent.close('restart');
    const again = await startTestAgent({ folder });
    expect(await statusWith(again, removed.secret)).toBe(200);
    expect(await statusWith(again, raised.secret)).toBe(403);
    const { body } = await call(again, 'GET', '/api/tokens');
    const kept = (body.tokens as Record<string, unknown>[]).find(({ token_id: id }) => id === raised.id);
    expect(kept?.expires_at).not.toBeNull();
  });

  it('leads no webhook elsewhere and makes none', async () => {
    const folder = newFolder();
    const agent = await startTestAgent({ folder });
    const { body } = await call(agent, 'POST', '/api/webhooks', { name: 'mine', url: 'http://192.0.2.1/a' });
    write(
      folder,
      `UPDATE webhooks SET url = 'http://192.0.2.2/b';
       INSERT INTO webhooks SELECT 'webhook_00000000', name, url, events, secret, created_at_ms, last_seq, failures,
         last_error, last_delivered_at_ms, disabled_at_ms FROM webhooks`,
    );
    await agent.close('restart');
    const again = await startTestAgent({ folder });
    expect((await call(again, 'GET', '/api/webhooks')).body).toMatchObject({
      total: 1,
      webhooks: [{ webhook_id: body.webhook_id, url: 'http://192.0.2.1/a' }],
    });
  });

  it('does not take the owner’s lock off', async () => {
    const folder = newFolder();
    const agent = await startTestAgent({ folder });
    await call(agent, 'POST', '/api/sessions/stop_all', {});
    write(folder, 'UPDATE owner_lock SET locked = 0');
    await agent.close('restart');
    const again = await startTestAgent({ folder });
    expect((await call(again, 'GET', '/api/agent')).body).toMatchObject({ locked: true });
  });

  it('does not put another database in its place unnoticed', async () => {
    const folder = newFolder();
    const agent = await startTestAgent({ folder });
    const file = path.join(folder, 'porthole.db');
    copyFileSync(file, `${file}.other`);
    renameSync(`${file}.other`, file);
    await vi.waitFor(
      async () => expect((await findAdvisory(agent))?.message).toContain('in the place of its database'),
      10_000,
    );
  });

  it('is not taken for anybody where it only reads, or carries the log over', async () => {
    const folder = newFolder();
    const agent = await startTestAgent({ folder });
    await makeToken(agent, 'admin');
    write(folder, 'SELECT * FROM tokens; PRAGMA wal_checkpoint(TRUNCATE)');
    await makeToken(agent, 'operator');
    write(folder, 'PRAGMA wal_checkpoint(TRUNCATE)');
    await agent.close('restart');
    expect(agent.advisories.list()).toEqual([]);
  });
});

describe.runIf(process.platform === 'linux').each(USERS)('with an agent of $who', ({ user }) => {
  let bundle = '';
  beforeAll(async () => {
    bundle = await bundleAgent();
  }, 60_000);

  it('a command that is held by a mark alone changes no setting, and the person is told', async () => {
    const agent = await startAgentProcess(bundle, user, { settings: { commandsMayElevate: true } });
    const settings = path.join(agent.folder, 'settings.json');
    const before = existsSync(settings) ? readFileSync(settings, 'utf8') : null;
    const sessionId = await startSession(agent, 'autonomous');
    const text = '{ "commandsMayElevate": true, "askForTokenStarts": false }';
    const run = await executeToEnd(agent, sessionId, {
      operation: 'run',
      argv: ['sh', '-c', 'printf %s "$1" >"$0"', settings, text],
      cwd: '/',
    });
    expect(run).toMatchObject({ status: 'completed', exit_code: 0 });
    await until(() => (existsSync(settings) ? readFileSync(settings, 'utf8') : null) === before, 20_000);
    await vi.waitFor(
      async () => expect((await findAdvisory(agent))?.message).toContain('askForTokenStarts'),
      10_000,
    );
    expect(readFileSync(`${settings}.changed`, 'utf8')).toBe(text);
    // Nor does it take effect with what the person saves next.
    writeFileSync(settings, text);
    await call(agent, 'POST', '/api/settings', { approvalTimeoutSeconds: 77 });
    const { body } = await call(agent, 'GET', '/api/settings');
    expect(body.settings).toMatchObject({
      askForTokenStarts: { value: true, in_use: true },
      approvalTimeoutSeconds: { value: 77 },
    });
  });

  it('a command that writes settings right before the agent ends changes none either', async () => {
    const agent = await startAgentProcess(bundle, user, { settings: { commandsMayElevate: true } });
    const settings = path.join(agent.folder, 'settings.json');
    const before = readFileSync(settings, 'utf8');
    const sessionId = await startSession(agent, 'autonomous');
    const script = `printf %s '{ "askForTokenStarts": false }' >"${settings}"; sleep 60`;
    await execute(agent, sessionId, { operation: 'shell', script, cwd: '/' });
    // Unless it has been put back in that very moment.
    await until(() => readFileSync(settings, 'utf8').includes('askFor') || existsSync(`${settings}.changed`));
    await agent.end('SIGTERM');
    expect(readFileSync(settings, 'utf8')).toBe(before);
  });

  it('what the person writes into the file before any command has run stays', async () => {
    const agent = await startAgentProcess(bundle, user, { settings: { commandsMayElevate: true } });
    const settings = path.join(agent.folder, 'settings.json');
    const text = '{ "commandsMayElevate": true, "approvalTimeoutSeconds": 78 }';
    writeFileSync(settings, text);
    await call(agent, 'POST', '/api/settings', { sessionTimeoutMinutes: 9 });
    const { body } = await call(agent, 'GET', '/api/settings');
    expect(body.settings).toMatchObject({ approvalTimeoutSeconds: { value: 78 } });
    expect(await findAdvisory(agent)).toBeUndefined();
  });
});
