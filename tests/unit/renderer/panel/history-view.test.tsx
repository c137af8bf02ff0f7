// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentProvider } from '../../../../src-renderer/panel/agent-context.tsx';
import { HistoryView } from '../../../../src-renderer/panel/history-view.tsx';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { archived, liveRemote, snapshot } from '../fakes/sessions.ts';

describe('HistoryView', () => {
  let agent: FakeAgent;
  let ended: ReturnType<typeof archived>[];

  beforeEach(() => {
    agent = new FakeAgent();
    ended = Array.from({ length: 70 }, (_, index) =>
      archived({
        session_id: `remote_${String(70 - index).padStart(8, '0')}`,
        user_id: `user ${70 - index}`,
      }),
    );
    agent.answers.history = ({ query }: { query: { limit: string; offset: string; type?: string } }) => {
      const matching = ended.filter(({ type }) => query.type === undefined || type === query.type);
      const offset = Number(query.offset);
      return { history: matching.slice(offset, offset + Number(query.limit)), total: matching.length };
    };
    agent.push(snapshot([liveRemote()]));
    render(
      <AgentProvider store={agent.store}>
        <HistoryView />
      </AgentProvider>,
    );
  });

  afterEach(() => {
    cleanup();
    agent.store.close();
  });

  const shownUsers = () => screen.queryAllByText(/^user \d+$/).map(({ textContent }) => textContent);

  it('loads page after page until all is there', async () => {
    await screen.findByText('50 of 70');
    fireEvent.click(screen.getByRole('button', { name: 'Load more' }));
    await screen.findByText('70 of 70');
    expect(shownUsers()).toHaveLength(70);
    expect(shownUsers().at(-1)).toBe('user 1');
    expect(screen.queryByRole('button', { name: 'Load more' })).toBeNull();
  });

  it('shows a session that has just ended, on top', async () => {
    await screen.findByText('50 of 70');
    ended.unshift(archived({ session_id: 'remote_ffffffff', user_id: 'user 99' }));
    act(() => agent.push(snapshot([])));
    await screen.findByText('51 of 71');
    expect(shownUsers()[0]).toBe('user 99');
  });

  it('is not set back by an answer that comes late', async () => {
    await screen.findByText('50 of 70');
    let answerLate: (page: unknown) => void = () => {};
    const { history } = agent.answers;
    agent.answers.history = () => new Promise((resolve) => (answerLate = resolve));
    fireEvent.click(screen.getByRole('button', { name: 'Load more' }));
    agent.answers.history = history;
    ended.unshift(archived({ session_id: 'remote_ffffffff', user_id: 'user 99' }));
    act(() => agent.push(snapshot([])));
    await screen.findByText('51 of 71');
    await act(async () => answerLate({ history: ended.slice(51), total: 70 }));
    screen.getByText('51 of 71');
  });

  it('searches what is loaded and says so', async () => {
    await screen.findByText('50 of 70');
    fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'user 66' } });
    screen.getByText('1 found among the 50 loaded of 70');
    expect(shownUsers()).toEqual(['user 66']);
    fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'nobody' } });
    screen.getByText('Nothing found among the 50 loaded of 70.');
  });

  it('asks the agent for one type', async () => {
    await screen.findByText('50 of 70');
    fireEvent.click(screen.getByRole('radio', { name: 'Screen share' }));
    await screen.findByText('No session has ended yet.');
    expect(agent.callsOf('history').at(-1)).toEqual({
      query: { limit: '50', offset: '0', type: 'screen_share' },
    });
  });

  it('says when it could not be loaded, and tries again', async () => {
    await screen.findByText('50 of 70');
    const { history } = agent.answers;
    delete agent.answers.history;
    fireEvent.click(screen.getByRole('button', { name: 'Load more' }));
    expect((await screen.findByRole('alert')).textContent).toBe('The agent cannot be reached.');
    agent.answers.history = history;
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await screen.findByText('70 of 70');
    await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
  });
});
