import { makeToken } from '../access/support/callers.ts';
import { recordOnce } from './film.ts';
import type { TestAgent } from './test-agent.ts';
import type { WireCall } from './wire-call.ts';

/** Walks through everything that the agent can answer about recordings, when it may record and has no room to spare. */
export async function exploreRecordings(explorer: {
  readonly agent: TestAgent;
  call(method: string, target: string, body?: unknown, more?: WireCall): Promise<Record<string, never>>;
}): Promise<void> {
  const { agent } = explorer;
  const call = explorer.call.bind(explorer);
  const start = async (headers = {}) =>
    (await call('POST', '/api/screen_share/start', {}, { headers })).session_id;
  const recordingOf = (sessionId: unknown): string => `/api/screen_share/${sessionId}/recording`;

  const share = await start();
  await call('POST', recordingOf('screen_00000000'), { state: 'recording' });
  await call('POST', recordingOf(share), { state: 'stopped' });
  const id = await recordOnce(agent, String(share), 20);
  await call('POST', recordingOf(share), { state: 'recording' });
  const { recordings } = await call('GET', '/api/recordings');
  const [running] = (recordings as unknown as { recording_id: string; state: string }[]).filter(
    ({ state }) => state === 'recording',
  );
  await call('GET', `/api/recordings/${running?.recording_id}`);
  await call('DELETE', `/api/recordings/${running?.recording_id}`);
  await call('GET', `/api/recordings/${id}`);
  await call('GET', `/api/recordings/${id}`, undefined, { headers: { range: 'bytes=0-9' } });
  await call('GET', `/api/recordings/${id}`, undefined, { headers: { range: 'bytes=9999999-' } });
  const later = new Date(Date.now() + 60_000).toUTCString();
  await call('GET', `/api/recordings/${id}`, undefined, { headers: { 'if-modified-since': later } });
  await call('GET', `/api/recordings/${id}`, undefined, { headers: { 'if-match': '"another"' } });
  await call('GET', '/api/recordings/recording_00000000');
  await call('POST', '/api/screen_share/stop', { session_id: share });
  await call('POST', recordingOf(share), { state: 'recording' });

  const { secret } = await makeToken(agent, 'operator');
  const headers = { authorization: `Bearer ${secret}` };
  const waiting = await call('POST', '/api/screen_share/start', {}, { headers });
  await call('POST', recordingOf(waiting.session_id), { state: 'recording' });
  await call('POST', `/api/approvals/${waiting.approval_id}/allow`);
  await call('POST', recordingOf(waiting.session_id), { state: 'recording' }, { headers });

  const other = await start();
  await call('POST', '/api/settings', { recordingsMaxMegabytes: 0.001 });
  await call('POST', recordingOf(other), { state: 'recording' });
  await call('POST', '/api/screen_share/start', { record: true });
  await call('POST', '/api/settings', { recording: 'off' });
  await call('POST', recordingOf(other), { state: 'recording' });
  await call('POST', '/api/screen_share/start', { record: true });
  await call('DELETE', `/api/recordings/${id}`);
  await call('DELETE', `/api/recordings/${id}`);
}
