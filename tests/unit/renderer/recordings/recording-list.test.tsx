// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentProvider } from '../../../../src-renderer/panel/agent-context.tsx';
import { RecordingList } from '../../../../src-renderer/recordings/recording-list.tsx';
import type { Recording } from '../../../../src-shared/recordings.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';

const AT = '2026-01-01T00:00:00.000Z';

function recording(differences: Partial<Recording> = {}): Recording {
  return {
    recording_id: 'recording_0000000a',
    session_id: 'screen_00000001',
    user_id: 'grace',
    quality: 'medium',
    state: 'finished',
    reason: null,
    started_at: AT,
    stopped_at: AT,
    duration_seconds: 65,
    size_bytes: 1_240_000,
    ...differences,
  };
}

describe('RecordingList', () => {
  let agent: FakeAgent;
  const list = (query = '') => (
    <AgentProvider store={agent.store}>
      <RecordingList query={query} />
    </AgentProvider>
  );
  const answer = (...recordings: Recording[]) => {
    agent.answers.listRecordings = {
      recordings,
      total: recordings.length,
      used_bytes: 2_000_000_000,
      limit_bytes: 10_000_000_000,
    };
  };

  beforeEach(() => {
    agent = new FakeAgent();
    answer(
      recording(),
      recording({ recording_id: 'recording_0000000b', user_id: 'ada', state: 'recording' }),
    );
    agent.answers.deleteRecording = { success: true, recording_id: 'recording_0000000a' };
  });
  afterEach(() => {
    cleanup();
    agent.store.close();
  });

  it('lists what there is and the room that it takes', async () => {
    render(list());
    await screen.findByText('grace');
    screen.getByText('2 recordings');
    screen.getByText('2 GB of 10 GB used');
    expect(screen.getAllByText('1 min 5 s')).toHaveLength(2);
  });

  it('plays one, and closes it again', async () => {
    const { container } = render(list());
    fireEvent.click(await screen.findByRole('button', { name: 'Play' }));
    const video = container.querySelector('video');
    expect(video?.getAttribute('src')).toBe('/api/recordings/recording_0000000a');
    fireEvent.click(screen.getByRole('button', { name: 'Close' }));
    expect(container.querySelector('video')).toBeNull();
  });

  it('neither plays nor deletes one that is still being made', async () => {
    answer(recording({ state: 'recording' }));
    render(list());
    await screen.findByText('grace');
    expect(screen.queryAllByRole('button')).toEqual([]);
  });

  it('asks before it deletes', async () => {
    render(list());
    fireEvent.click(await screen.findByRole('button', { name: 'Delete…' }));
    fireEvent.click(screen.getByRole('button', { name: 'Keep' }));
    expect(agent.callsOf('deleteRecording')).toEqual([]);
    fireEvent.click(screen.getByRole('button', { name: 'Delete…' }));
    fireEvent.click(screen.getByRole('button', { name: 'Delete' }));
    expect(agent.callsOf('deleteRecording')).toEqual([{ params: { recording_id: 'recording_0000000a' } }]);
  });

  it('asks for them again when one has begun or ended', async () => {
    render(list());
    await screen.findByText('grace');
    answer();
    const data = { message: 'A recording was deleted', badge: '🗑️', timestamp: AT };
    agent.push({ seq: 9, event: 'recording_deleted', data });
    await screen.findByText(/Nothing has been recorded/);
  });

  it('finds those of somebody', async () => {
    render(list('ada'));
    await screen.findByText('ada');
    expect(screen.queryByText('grace')).toBeNull();
    screen.getByText('1 recording of 2');
  });

  it('says what went wrong with one', async () => {
    answer(recording({ state: 'interrupted', reason: 'The agent ended while it was being made' }));
    render(list());
    await screen.findByText('Cut off');
    screen.getByText('The recording was cut off: the agent ended while it was being made.');
  });
});
