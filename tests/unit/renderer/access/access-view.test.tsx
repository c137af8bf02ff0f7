// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AccessView } from '../../../../src-renderer/access/access-view.tsx';
import { ViewLinks } from '../../../../src-renderer/access/view-links.tsx';
import { AgentRefusal } from '../../../../src-renderer/agent/api-client.ts';
import { AgentProvider } from '../../../../src-renderer/panel/agent-context.tsx';
import { App } from '../../../../src-renderer/panel/app.tsx';
import type { Token, ViewKey } from '../../../../src-shared/access.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { snapshot } from '../fakes/sessions.ts';

const AT = '2026-01-01T00:00:00.000Z';
const REACH = { network: false, urls: ['http://127.0.0.1:8000'], tls_fingerprint: null };

let agent: FakeAgent;

beforeEach(() => {
  agent = new FakeAgent();
});

afterEach(() => {
  cleanup();
  agent.store.close();
});

async function open(view: React.ReactNode, info: object = {}): Promise<void> {
  agent.answers.agentInfo = {
    locked: false,
    heartbeat_interval_seconds: 30,
    you: { kind: 'panel', name: null },
    reach: REACH,
    ...info,
  };
  await act(() => agent.store.refresh());
  agent.push(snapshot([]));
  await act(async () => {
    render(<AgentProvider store={agent.store}>{view}</AgentProvider>);
  });
}

describe('AccessView', () => {
  let tokens: Token[];

  beforeEach(() => {
    tokens = [];
    agent.answers.listWebhooks = { webhooks: [], total: 0 };
    agent.answers.listTokens = () => ({ tokens, total: tokens.length });
    agent.answers.createToken = ({ body }: { body: { name: string; role: 'admin' | 'operator' } }) => {
      const made: Token = {
        ...body,
        token_id: 'token_1',
        created_at: AT,
        expires_at: null,
        last_used_at: null,
        created_by: null,
      };
      tokens = [...tokens, made];
      return { success: true, ...made, token: 'pht_secret' };
    };
    agent.answers.revokeToken = () => {
      tokens = [];
      return { success: true, token_id: 'token_1' };
    };
  });

  it('makes a token, shows its secret once, and revokes it', async () => {
    await open(<AccessView />);
    fireEvent.change(screen.getByLabelText('Who or what is it for?'), { target: { value: 'grace' } });
    fireEvent.click(screen.getByLabelText('1 year'));
    fireEvent.click(screen.getByRole('button', { name: 'Make a token' }));
    expect(await screen.findByText('pht_secret')).toBeDefined();
    expect(agent.callsOf('createToken')).toEqual([
      { body: { name: 'grace', role: 'operator', expires_in_seconds: 365 * 86_400 } },
    ]);
    const list = await screen.findByRole('list', { name: 'Tokens' });
    expect(within(list).getByText('grace')).toBeDefined();
    fireEvent.click(screen.getByRole('button', { name: 'Done' }));
    expect(screen.queryByText('pht_secret')).toBeNull();
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Revoke the token grace' }));
    });
    expect(agent.callsOf('revokeToken')).toEqual([{ params: { token_id: 'token_1' } }]);
    expect(screen.queryByRole('list', { name: 'Tokens' })).toBeNull();
  });

  it('makes none without a name, and says why one could not be made', async () => {
    agent.answers.createToken = new AgentRefusal(
      429,
      'too_many_tokens',
      'There are too many tokens; revoke one first.',
    );
    await open(<AccessView />);
    fireEvent.click(screen.getByRole('button', { name: 'Make a token' }));
    expect(agent.callsOf('createToken')).toEqual([]);
    fireEvent.change(screen.getByLabelText('Who or what is it for?'), { target: { value: 'x' } });
    fireEvent.click(screen.getByRole('button', { name: 'Make a token' }));
    expect((await screen.findByRole('alert')).textContent).toContain('too many tokens');
  });

  it('says where the agent can be reached, and warns where others could listen', async () => {
    await open(<AccessView />, {
      reach: { ...REACH, network: true, urls: [...REACH.urls, 'http://192.0.2.7:8000'] },
    });
    expect(screen.getByText('http://192.0.2.7:8000')).toBeDefined();
    expect(screen.getByText(/Without HTTPS/)).toBeDefined();
    cleanup();
    await open(<AccessView />, { reach: { ...REACH, network: true, tls_fingerprint: 'AB:CD' } });
    expect(screen.getByText('AB:CD')).toBeDefined();
    expect(screen.queryByText(/Without HTTPS/)).toBeNull();
  });

  it('lets an admin’s browser log out', async () => {
    agent.answers.logOut = { success: true };
    await open(<AccessView />, { you: { kind: 'admin', name: 'ada' } });
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Log out' }));
    });
    expect(agent.callsOf('logOut')).toHaveLength(1);
  });
});

describe('ViewLinks', () => {
  it('makes and revokes links when it is opened', async () => {
    let keys: ViewKey[] = [];
    agent.answers.listViewKeys = () => ({ keys, total: keys.length });
    agent.answers.createViewKey = () => {
      const key = {
        key_id: 'key_1',
        session_id: 'screen_1',
        name: 'View link',
        created_at: AT,
        expires_at: null,
      };
      keys = [key];
      return {
        success: true,
        ...key,
        key: 'phv_x',
        view_url: '/view/screen_1?key=phv_x',
        stream_url: '/stream/screen_1?key=phv_x',
      };
    };
    agent.answers.revokeViewKey = () => {
      keys = [];
      return { success: true, key_id: 'key_1' };
    };
    const reach = { ...REACH, network: true, urls: [...REACH.urls, 'http://192.0.2.7:8000'] };
    await open(<ViewLinks sessionId="screen_1" />, { reach });
    expect(agent.callsOf('listViewKeys')).toEqual([]);
    const details = screen.getByText('Links for others').closest('details');
    await act(async () => {
      if (details) details.open = true;
      details?.dispatchEvent(new Event('toggle'));
    });
    fireEvent.click(await screen.findByRole('button', { name: 'Make a link' }));
    // The address that other machines can use.
    expect(await screen.findByText('http://192.0.2.7:8000/view/screen_1?key=phv_x')).toBeDefined();
    await act(async () => {
      fireEvent.click(await screen.findByRole('button', { name: /^Revoke the link View link/ }));
    });
    expect(agent.callsOf('revokeViewKey')).toEqual([{ params: { session_id: 'screen_1', key_id: 'key_1' } }]);
    expect(screen.queryByRole('list', { name: 'Links for others' })).toBeNull();
  });
});

describe('a page that the agent does not know', () => {
  it('asks for a token, shows nothing else, and goes on once it was good', async () => {
    const refusal = new AgentRefusal(403, 'access_denied', 'You may not use this agent from where you are.');
    const known = { ...agent.answers };
    agent.answers = { activeSessions: refusal, listApprovals: refusal, agentInfo: refusal };
    await act(() => agent.store.refresh());
    render(
      <AgentProvider store={agent.store}>
        <App />
      </AgentProvider>,
    );
    expect(await screen.findByText('Who are you?')).toBeDefined();
    expect(screen.queryByText('Stop everything')).toBeNull();
    agent.answers.logIn = new AgentRefusal(
      401,
      'invalid_credentials',
      'This token is unknown, expired or revoked.',
    );
    fireEvent.change(screen.getByLabelText('Token'), { target: { value: ' pht_wrong ' } });
    fireEvent.click(screen.getByRole('button', { name: 'Go on' }));
    expect((await screen.findByRole('alert')).textContent).toContain('unknown');
    agent.answers = {
      ...known,
      agentInfo: { ...(known.agentInfo as object), reach: REACH, you: { kind: 'admin', name: 'ada' } },
      logIn: { success: true, name: 'ada' },
    };
    fireEvent.change(screen.getByLabelText('Token'), { target: { value: 'pht_right' } });
    fireEvent.click(screen.getByRole('button', { name: 'Go on' }));
    expect(await screen.findByText('Stop everything')).toBeDefined();
    expect(agent.callsOf('logIn')).toEqual([{ token: 'pht_wrong' }, { token: 'pht_right' }]);
  });
});
