import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { get } from 'node:https';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DrivenPorthole, drivePorthole } from './support/porthole-app.ts';
import { TestDisplay } from './support/test-display.ts';

let display: TestDisplay;
let porthole: DrivenPorthole;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 800);
  porthole = await drivePorthole({ display, args: ['--tls'] });
});

afterAll(async () => {
  await porthole?.stop();
  await display?.stop();
});

describe('the app with --tls', () => {
  it('shows its panel over its own certificate, which it keeps for itself', async () => {
    expect(porthole.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(porthole.panel.url()).toBe(`${porthole.url}/`);
    const folder = path.join(porthole.dataDir, 'tls');
    expect(statSync(path.join(folder, 'private-key.pem')).mode & 0o077).toBe(0);
    const certificate = readFileSync(path.join(folder, 'certificate.pem'), 'utf8');
    const [response] = await once(get(`${porthole.url}/api/agent`, { ca: certificate }), 'response');
    let body = '';
    for await (const chunk of response) body += chunk;
    expect(JSON.parse(body).reach).toMatchObject({
      tls_fingerprint: new X509Certificate(certificate).fingerprint256,
    });
  });

  it('keeps the panel up to date over wss', async () => {
    await porthole.panel.getByRole('button', { name: /Screen Share/ }).click();
    await porthole.panel.getByRole('button', { name: /Sharing/ }).waitFor();
  });

  it('takes no other certificate for its own', async () => {
    const codes = await porthole.app.evaluate(async ({ net, session }) => {
      const response = await net
        .fetch('https://127.0.0.1:1/', { bypassCustomProtocolHandlers: true })
        .catch((error: Error) => error.message);
      return { refused: String(response), partition: session.defaultSession.isPersistent() };
    });
    expect(codes.refused).toMatch(/ERR_/);
  });
});
