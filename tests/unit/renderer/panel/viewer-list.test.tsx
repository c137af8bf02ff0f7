// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentProvider } from '../../../../src-renderer/panel/agent-context.tsx';
import { ViewerList } from '../../../../src-renderer/panel/viewer-list.tsx';
import { FakeAgent } from '../fakes/fake-agent.ts';

const SCREEN = 'screen_5f6a7b8c';

function viewer(id: string, name: string | null, more: object = {}) {
  return {
    viewer_id: id,
    session_id: SCREEN,
    address: '192.0.2.7',
    user_agent: null,
    admitted_by: 'key',
    name,
    connected_at: '2026-01-01T00:00:00.000Z',
    fps: 30,
    frames: 1,
    drops: 0,
    bytes: 1,
    ...more,
  };
}

describe('ViewerList', () => {
  let agent: FakeAgent;
  const list = (count: number) => (
    <AgentProvider store={agent.store}>
      <ViewerList sessionId={SCREEN} count={count} />
    </AgentProvider>
  );

  beforeEach(() => {
    agent = new FakeAgent();
    agent.answers.listViewers = { viewers: [viewer('viewer_1', 'Ann'), viewer('viewer_2', null)], total: 2 };
    agent.answers.kickViewer = { success: true, viewer_id: 'viewer_1' };
  });

  afterEach(() => {
    cleanup();
    agent.store.close();
  });

  it('names who watches, by name or else by address', async () => {
    render(list(2));
    await screen.findByRole('button', { name: 'Disconnect Ann' });
    screen.getByRole('button', { name: 'Disconnect 192.0.2.7' });
    expect(agent.callsOf('listViewers')).toEqual([{ query: { session_id: SCREEN } }]);
  });

  it('calls the person who looks on by no address', async () => {
    const own = { address: '::1', admitted_by: 'local' };
    agent.answers.listViewers = {
      viewers: [
        viewer('viewer_1', null, { ...own, user_agent: 'Mozilla/5.0 (X11)' }),
        viewer('viewer_2', null, { ...own, user_agent: 'Lavf/59' }),
      ],
      total: 2,
    };
    render(list(2));
    await screen.findByRole('button', { name: 'Disconnect you, in a browser' });
    screen.getByRole('button', { name: 'Disconnect you, with a program' });
    expect(screen.queryByText(/::1/)).toBeNull();
  });

  it('sends one away', async () => {
    render(list(2));
    fireEvent.click(await screen.findByRole('button', { name: 'Disconnect Ann' }));
    expect(agent.callsOf('kickViewer')).toEqual([{ params: { viewer_id: 'viewer_1' } }]);
  });

  it('asks again when somebody comes or goes, and shows nobody when nobody is there', async () => {
    const { rerender } = render(list(2));
    await screen.findByRole('list');
    agent.answers.listViewers = { viewers: [], total: 0 };
    rerender(list(0));
    expect(screen.queryByRole('list')).toBeNull();
    expect(agent.callsOf('listViewers')).toHaveLength(2);
  });
});
