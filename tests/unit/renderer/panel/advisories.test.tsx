// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Advisories } from '../../../../src-renderer/panel/advisories.tsx';
import { AgentProvider } from '../../../../src-renderer/panel/agent-context.tsx';
import type { Advisory } from '../../../../src-shared/advisories.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { snapshot } from '../fakes/sessions.ts';

const update: Advisory = {
  advisory_id: 'update',
  level: 'info',
  title: 'An update.',
  message: 'Porthole 9.0.0 is there.',
  action: 'download_update',
};
const settings: Advisory = {
  advisory_id: 'settings',
  level: 'problem',
  title: 'Not everything can be used.',
  message: '“port” is not used.',
  action: 'open_settings',
};

describe('Advisories', () => {
  let agent: FakeAgent;

  beforeEach(() => {
    agent = new FakeAgent();
  });
  afterEach(() => {
    cleanup();
    agent.store.close();
    location.hash = '';
  });

  const show = async (advisories: Advisory[], kind = 'panel') => {
    agent.answers.agentInfo = { locked: false, heartbeat_interval_seconds: 30, you: { kind, name: null } };
    await act(() => agent.store.refresh());
    render(
      <AgentProvider store={agent.store}>
        <Advisories />
      </AgentProvider>,
    );
    act(() => agent.push(snapshot([], { advisories })));
  };

  it('shows what the agent says, with what can be done about it', async () => {
    agent.answers.downloadUpdate = { success: true };
    await show([settings, update]);
    expect(screen.getByText('“port” is not used.', { exact: false })).toBeTruthy();
    expect(screen.getByRole('link', { name: 'Settings' }).getAttribute('href')).toBe('#settings');
    await act(async () => void fireEvent.click(screen.getByRole('button', { name: 'Download' })));
    expect(agent.callsOf('downloadUpdate')).toHaveLength(1);
    act(() => agent.push(snapshot([], { advisories: [] }, 2)));
    expect(screen.queryAllByRole('status')).toEqual([]);
  });

  it('lets nobody act who is not at the machine', async () => {
    await show([update], 'admin');
    expect(screen.getByText('Porthole 9.0.0 is there.', { exact: false })).toBeTruthy();
    expect(screen.queryByRole('button')).toBeNull();
  });

  it('leaves to the page of the settings what that says itself', async () => {
    location.hash = '#settings';
    await show([settings, update]);
    expect(screen.getAllByRole('status')).toHaveLength(1);
  });
});
