// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentRefusal } from '../../../../src-renderer/agent/api-client.ts';
import { AgentProvider } from '../../../../src-renderer/panel/agent-context.tsx';
import { ShareControls } from '../../../../src-renderer/sharing/share-controls.tsx';
import type { LiveScreen } from '../../../../src-shared/sessions.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { liveScreen } from '../fakes/sessions.ts';

const SCREEN = {
  id: 'screen:1:0',
  name: 'Entire screen',
  kind: 'screen',
  is_primary: true,
  thumbnail_url: '/t/s',
};
const EDITOR = { id: 'window:7:0', name: 'Editor', kind: 'window', is_primary: false, thumbnail_url: '/t/w' };

describe('ShareControls', () => {
  let agent: FakeAgent;
  const show = (session: LiveScreen) =>
    render(
      <AgentProvider store={agent.store}>
        <ShareControls session={session} />
      </AgentProvider>,
    );
  const changes = () => agent.callsOf('updateScreenShare').map((input) => (input as { body: unknown }).body);
  const settle = () => act(async () => undefined);
  const choose = async () => {
    fireEvent.click(screen.getByRole('button', { name: 'Choose what to share' }));
    await settle();
    return within(screen.getByRole('dialog'));
  };

  beforeEach(() => {
    agent = new FakeAgent();
    agent.answers.updateScreenShare = {};
    agent.answers.listSources = { sources: [SCREEN, EDITOR], total: 2 };
  });

  afterEach(() => {
    cleanup();
    agent.store.close();
  });

  it('pauses, and resumes what is paused', async () => {
    const { rerender } = show(liveScreen());
    fireEvent.click(screen.getByRole('button', { name: /Pause/ }));
    await settle();
    rerender(
      <AgentProvider store={agent.store}>
        <ShareControls session={liveScreen({ paused: true })} />
      </AgentProvider>,
    );
    fireEvent.click(screen.getByRole('button', { name: /Resume/ }));
    await settle();
    expect(changes()).toEqual([{ paused: true }, { paused: false }]);
  });

  it('changes the quality, and says why if it cannot', async () => {
    show(liveScreen());
    agent.answers.updateScreenShare = new AgentRefusal(
      409,
      'session_ended',
      'The session has already ended.',
    );
    fireEvent.click(screen.getByRole('radio', { name: 'High' }));
    expect((await screen.findByRole('alert')).textContent).toBe('The session has already ended.');
    expect(changes()).toEqual([{ quality: 'high' }]);
  });

  it('shows another source that is chosen from pictures', async () => {
    show(liveScreen());
    const dialog = await choose();
    expect(dialog.getByRole<HTMLInputElement>('radio', { name: /Entire screen/ }).checked).toBe(true);
    fireEvent.click(dialog.getByRole('radio', { name: 'Windows' }));
    expect(dialog.getByRole<HTMLButtonElement>('button', { name: 'Share this instead' }).disabled).toBe(true);
    fireEvent.click(dialog.getByRole('radio', { name: 'Editor' }));
    fireEvent.submit(
      dialog.getByRole('button', { name: 'Share this instead' }).closest('form') as HTMLElement,
    );
    await settle();
    expect(changes()).toEqual([{ source_id: 'window:7:0' }]);
  });

  it('looks again every 2 s while it is open, and no more afterwards', async () => {
    show(liveScreen());
    const dialog = await choose();
    const picture = () => document.querySelector('dialog img')?.getAttribute('src');
    expect(picture()).toBe('/t/s?look=0');
    agent.answers.listSources = { sources: [SCREEN], total: 1 };
    await act(async () => agent.clock.advance(2000));
    expect(picture()).toBe('/t/s?look=1');
    expect(agent.callsOf('listSources')).toHaveLength(2);
    fireEvent.click(dialog.getByRole('radio', { name: 'Windows' }));
    expect(dialog.getByText('No other program has a window open.')).toBeDefined();
    fireEvent.click(dialog.getByRole('button', { name: 'Cancel' }));
    await act(async () => agent.clock.advance(10_000));
    expect(agent.callsOf('listSources')).toHaveLength(2);
    expect(changes()).toEqual([]);
  });
});
