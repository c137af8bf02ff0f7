// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentRefusal } from '../../../../src-renderer/agent/api-client.ts';
import { AgentProvider } from '../../../../src-renderer/panel/agent-context.tsx';
import { RecordingControls } from '../../../../src-renderer/recordings/recording-controls.tsx';
import type { ShareRecording } from '../../../../src-shared/recordings.ts';
import type { CaptureState } from '../../../../src-shared/sessions.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { liveScreen } from '../fakes/sessions.ts';

const RUNNING: ShareRecording = {
  recording_id: 'recording_0000000a',
  state: 'recording',
  reason: null,
  duration_seconds: 65,
  size_bytes: 1_240_000,
};

describe('RecordingControls', () => {
  let agent: FakeAgent;
  const show = (recording: ShareRecording | null, state: CaptureState['state'] = 'live') =>
    render(
      <AgentProvider store={agent.store}>
        <RecordingControls session={liveScreen({ recording, capture: { state } })} />
      </AgentProvider>,
    );
  const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));
  const changes = () => agent.callsOf('recordShare').map((input) => (input as { body: unknown }).body);

  beforeEach(() => {
    agent = new FakeAgent();
    agent.answers.recordShare = { success: true, recording: {} };
  });
  afterEach(() => {
    cleanup();
    agent.store.close();
  });

  it('says that nothing is recorded, and begins to', () => {
    show(null);
    screen.getByText('This share is not being recorded.');
    press('Record');
    expect(agent.callsOf('recordShare')).toEqual([
      { params: { session_id: 'screen_00000001' }, body: { state: 'recording' } },
    ]);
  });

  it('says for how long it has recorded, and pauses and ends', () => {
    show(RUNNING);
    screen.getByText('Recording');
    screen.getByText(/^\d.* · 1\.24 MB$/);
    press('Pause recording');
    press('End recording');
    expect(changes()).toEqual([{ state: 'paused' }, { state: 'stopped' }]);
  });

  it('says that it has nothing to record while there is no picture, and counts on from then', () => {
    show(RUNNING, 'paused');
    screen.getByText('Recording, once there is a picture');
    screen.getByText('1 min 5 s · 1.24 MB');
  });

  it('says that it is paused, and goes on', () => {
    show({ ...RUNNING, state: 'paused' });
    screen.getByText('Recording paused');
    press('Go on recording');
    expect(changes()).toEqual([{ state: 'recording' }]);
  });

  it('tells why a recording failed, and leads to what there is of it', () => {
    show({ ...RUNNING, state: 'failed', reason: 'The disk is full' });
    screen.getByText('The recording failed: the disk is full.');
    expect(screen.getByRole('link').getAttribute('href')).toBe('#recordings');
    screen.getByRole('button', { name: 'Record' });
  });

  it('leads nowhere where there is nothing of it', () => {
    show({ ...RUNNING, state: 'failed', reason: 'There was no picture to record', size_bytes: 0 });
    expect(screen.queryByRole('link')).toBeNull();
  });

  it('shows why the agent would not', async () => {
    agent.answers.recordShare = new AgentRefusal(403, 'recording_off', 'Recording is switched off.');
    show(null);
    press('Record');
    expect((await screen.findByRole('alert')).textContent).toBe('Recording is switched off.');
  });
});
