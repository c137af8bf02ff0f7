import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FALSE_HEADERS, headOf, stopAll, UPGRADE } from '../integration/attacks/support/malformed-heads.ts';
import { sendRaw } from '../integration/support/raw-http.ts';
import { callApi } from './support/api-client.ts';
import { PortholeProcess } from './support/porthole-app.ts';
import { TestDisplay } from './support/test-display.ts';

let display: TestDisplay;
let porthole: PortholeProcess;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 720);
  porthole = await PortholeProcess.start({ display });
});
afterAll(async () => {
  await porthole?.discard();
  await display?.stop();
});

describe('a request with a header that none can be', () => {
  it.each(FALSE_HEADERS)('is refused, and nothing after it is read: %s', async (_, line) => {
    const { url } = porthole;
    const { status, body } = await sendRaw(url, headOf(url, [line]) + stopAll(url));
    expect(status).toBe(400);
    expect(JSON.parse(body).error).toBe('invalid_request');
    expect((await callApi(url, 'GET', '/api/agent')).body.locked).toBe(false);
  });

  it('makes no WebSocket either', async () => {
    const head = headOf(porthole.url, [...UPGRADE, 'Origin : http://evil.example'], '/api/events');
    expect((await sendRaw(porthole.url, head)).status).toBe(400);
  });
});
