// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentRefusal } from '../../../../src-renderer/agent/api-client.ts';
import { AgentProvider } from '../../../../src-renderer/panel/agent-context.tsx';
import { WebhookList } from '../../../../src-renderer/webhooks/webhook-list.tsx';
import type { Delivery, Webhook } from '../../../../src-shared/webhooks.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';

const AT = '2026-01-01T00:00:00.000Z';
const WEBHOOK: Webhook = {
  webhook_id: 'webhook_1',
  name: 'ops',
  url: 'https://ops.example/hook',
  events: null,
  created_at: AT,
  failures: 0,
  last_error: null,
  last_delivered_at: AT,
  disabled_at: null,
  pending: 0,
  dead: 0,
};
const DEAD: Delivery = {
  delivery_id: 'msg_1',
  webhook_id: 'webhook_1',
  event: 'rearmed',
  seq: 1,
  state: 'dead',
  attempts: 5,
  created_at: AT,
  last_attempt_at: AT,
  response_status: 404,
  error: 'it answered 404',
};

let agent: FakeAgent;
let webhooks: Webhook[];

beforeEach(() => {
  agent = new FakeAgent();
  webhooks = [];
  agent.answers.listWebhooks = () => ({ webhooks, total: webhooks.length });
});

afterEach(() => {
  cleanup();
  agent.store.close();
});

async function open(): Promise<void> {
  await act(async () => {
    render(
      <AgentProvider store={agent.store}>
        <WebhookList />
      </AgentProvider>,
    );
  });
}

const press = (name: string | RegExp) =>
  act(async () => {
    fireEvent.click(screen.getByRole('button', { name }));
  });

describe('WebhookList', () => {
  it('adds a webhook for requests, shows its secret once, tries it and removes it', async () => {
    agent.answers.createWebhook = () => {
      webhooks = [WEBHOOK];
      return { success: true, ...WEBHOOK, secret: 'whsec_x' };
    };
    agent.answers.testWebhook = { success: true, delivered: false, error: 'it answered 500' };
    agent.answers.deleteWebhook = () => {
      webhooks = [];
      return { success: true, webhook_id: 'webhook_1' };
    };
    await open();
    await press('Add a webhook');
    expect(agent.callsOf('createWebhook')).toEqual([]);
    fireEvent.change(screen.getByLabelText('What is it for?'), { target: { value: 'ops' } });
    fireEvent.change(screen.getByLabelText('Address'), { target: { value: ' https://ops.example/hook ' } });
    await press('Add a webhook');
    const events = [
      'remote_session_approval_needed',
      'remote_command_approval_needed',
      'screen_share_approval_needed',
      'viewer_approval_needed',
    ];
    expect(agent.callsOf('createWebhook')).toEqual([
      { body: { name: 'ops', url: 'https://ops.example/hook', events } },
    ]);
    expect(screen.getByText('whsec_x')).toBeDefined();
    await press('Done');
    expect(screen.queryByText('whsec_x')).toBeNull();
    await press('Test the webhook ops');
    expect(screen.getByRole('status').textContent).toBe('The test did not get through: it answered 500.');
    await press('Remove the webhook ops');
    expect(agent.callsOf('deleteWebhook')).toEqual([{ params: { webhook_id: 'webhook_1' } }]);
    expect(screen.queryByRole('list', { name: 'Webhooks' })).toBeNull();
  });

  it('shows how a webhook fares, and keeps that up to date', async () => {
    webhooks = [WEBHOOK];
    await open();
    expect(screen.queryByText(/failed/)).toBeNull();
    const url = 'https://ops.example/hook';
    webhooks = [
      { ...WEBHOOK, url, failures: 3, last_error: 'it could not be reached (ECONNREFUSED)', pending: 2 },
    ];
    await act(async () => agent.clock.advance(5000));
    expect(screen.getByText(/ECONNREFUSED.*3 attempts in a row/)).toBeDefined();
    expect(screen.getByText(/2 events waiting/)).toBeDefined();
  });

  it('says that a webhook is off because its receiver is gone, and switches it on again', async () => {
    webhooks = [{ ...WEBHOOK, disabled_at: AT, last_error: 'it answered 410' }];
    agent.answers.enableWebhook = () => {
      webhooks = [WEBHOOK];
      return { success: true, ...WEBHOOK };
    };
    await open();
    expect(screen.getByText(/^Off since .* wants nothing more/)).toBeDefined();
    expect(screen.queryByText(/goes on trying/)).toBeNull();
    await press('Switch on the webhook ops');
    expect(agent.callsOf('enableWebhook')).toEqual([{ params: { webhook_id: 'webhook_1' } }]);
    expect(screen.queryByText(/Off since/)).toBeNull();
    expect(screen.queryByRole('button', { name: 'Switch on the webhook ops' })).toBeNull();
  });

  it('lists what was given up and sends it again', async () => {
    webhooks = [{ ...WEBHOOK, dead: 1 }];
    agent.answers.listWebhookDeliveries = { deliveries: [DEAD], total: 1 };
    agent.answers.retryWebhookDelivery = new AgentRefusal(409, 'delivery_not_dead', 'Only a dead one.');
    await open();
    expect(agent.callsOf('listWebhookDeliveries')).toEqual([]);
    const details = screen.getByText('Given up: 1').closest('details');
    await act(async () => {
      if (details) details.open = true;
      details?.dispatchEvent(new Event('toggle'));
    });
    expect(screen.getByText(/it answered 404/)).toBeDefined();
    await press(/^Send rearmed of/);
    expect(agent.callsOf('retryWebhookDelivery')).toEqual([
      { params: { webhook_id: 'webhook_1', delivery_id: 'msg_1' } },
    ]);
    expect(screen.getByRole('alert').textContent).toBe('Only a dead one.');
  });
});
