// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentRefusal } from '../../../../src-renderer/agent/api-client.ts';
import { AgentProvider } from '../../../../src-renderer/panel/agent-context.tsx';
import { SettingsView } from '../../../../src-renderer/settings/settings-view.tsx';
import { describeSetting } from '../../../../src-shared/setting-form.ts';
import { SETTING_KEYS, type SettingKey } from '../../../../src-shared/settings.ts';
import type { SettingEntry, SettingsView as View } from '../../../../src-shared/settings-api.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { snapshot } from '../fakes/sessions.ts';

/** What an agent with nothing but defaults tells of its settings. */
function defaults(): View {
  const entries = SETTING_KEYS.map((key): [string, SettingEntry] => {
    const { defaultValue, effect } = describeSetting(key);
    return [key, { value: defaultValue, source: 'default', in_use: defaultValue, takes_effect: effect }];
  });
  return { settings: Object.fromEntries(entries), file: '/home/ann/settings.json', problems: [] };
}

describe('SettingsView', () => {
  let agent: FakeAgent;
  let view: View;

  beforeEach(() => {
    agent = new FakeAgent();
    view = defaults();
    agent.answers.getSettings = () => view;
    agent.answers.changeSettings = ({ body }: { body: Partial<Record<SettingKey, never>> }) => {
      for (const [key, value] of Object.entries(body)) {
        const { defaultValue, effect } = describeSetting(key as SettingKey);
        const now = value ?? defaultValue;
        set(key as SettingKey, {
          value: now,
          source: value === null ? 'default' : 'file',
          ...(effect === 'at-once' ? { in_use: now } : {}),
        });
      }
      return { success: true, ...view };
    };
  });

  afterEach(() => {
    cleanup();
    agent.store.close();
  });

  const set = (key: SettingKey, change: Partial<SettingEntry>): void => {
    const entry = { ...view.settings[key], ...change } as SettingEntry;
    view = { ...view, settings: { ...view.settings, [key]: entry } };
  };
  const open = async (kind = 'panel') => {
    agent.answers.agentInfo = { locked: false, heartbeat_interval_seconds: 30, you: { kind, name: null } };
    await act(() => agent.store.refresh());
    agent.push(snapshot([]));
    render(
      <AgentProvider store={agent.store}>
        <SettingsView />
      </AgentProvider>,
    );
    await screen.findByText('Requests and notifications');
  };
  const row = (key: SettingKey) => {
    const element = document.querySelector<HTMLElement>(`[data-setting="${key}"]`);
    if (!element) throw new Error(`${key} is not shown`);
    return within(element);
  };
  const sent = () => agent.callsOf('changeSettings').map((input) => (input as { body: unknown }).body);

  it('shows every setting of the schema by its label', async () => {
    await open();
    for (const key of SETTING_KEYS) expect(row(key).getAllByText(describeSetting(key).label)).toHaveLength(1);
  });

  it('saves a switch and a choice as they are made', async () => {
    await open();
    fireEvent.click(row('askForTokenStarts').getByRole('switch', { checked: true }));
    await row('askForTokenStarts').findByText('Saved.');
    expect(row('askForTokenStarts').getByRole('switch').getAttribute('aria-checked')).toBe('false');
    fireEvent.click(row('notifications').getByRole('radio', { name: 'Requests only' }));
    await row('notifications').findByText('Saved.');
    expect(sent()).toEqual([{ askForTokenStarts: false }, { notifications: 'approvals' }]);
  });

  it('saves what is written with Enter, and keeps the keyboard there', async () => {
    await open();
    const input = row('approvalTimeoutSeconds').getByRole<HTMLInputElement>('textbox');
    fireEvent.change(input, { target: { value: ' 90 ' } });
    fireEvent.submit(input);
    await row('approvalTimeoutSeconds').findByText('Saved.');
    expect(sent()).toEqual([{ approvalTimeoutSeconds: 90 }]);
    expect(input.value).toBe('90');
    expect(document.activeElement).toBe(input);
    expect(row('approvalTimeoutSeconds').queryByRole('button', { name: /^Save/ })).toBeNull();
  });

  it('takes what is written back with Escape or Cancel', async () => {
    await open();
    const input = row('port').getByRole<HTMLInputElement>('textbox');
    fireEvent.change(input, { target: { value: '9' } });
    fireEvent.keyDown(input, { key: 'Escape' });
    expect(input.value).toBe('8000');
    fireEvent.change(input, { target: { value: '9' } });
    fireEvent.click(row('port').getByRole('button', { name: 'Cancel Port' }));
    expect(input.value).toBe('8000');
    expect(sent()).toEqual([]);
  });

  it('sends nothing that cannot be right, and says why', async () => {
    await open();
    const input = row('port').getByRole('textbox');
    fireEvent.change(input, { target: { value: '99999' } });
    fireEvent.click(row('port').getByRole('button', { name: 'Save Port' }));
    expect(row('port').getByRole('alert').textContent).toBe('Write a whole number from 0 to 65,535.');
    expect(input.getAttribute('aria-invalid')).toBe('true');
    expect(sent()).toEqual([]);
  });

  it('says what the agent has against a value, and keeps what was written', async () => {
    agent.answers.changeSettings = new AgentRefusal(500, 'settings_not_saved', 'The disk is full.');
    await open();
    const input = row('port').getByRole<HTMLInputElement>('textbox');
    fireEvent.change(input, { target: { value: '9000' } });
    fireEvent.submit(input);
    expect((await row('port').findByRole('alert')).textContent).toBe('The disk is full.');
    expect(input.value).toBe('9000');
    fireEvent.change(input, { target: { value: '9001' } });
    expect(row('port').queryByRole('alert')).toBeNull();
  });

  it('says what holds until the next start', async () => {
    await open();
    const input = row('port').getByRole('textbox');
    fireEvent.change(input, { target: { value: '9000' } });
    fireEvent.submit(input);
    await row('port').findByText('Saved for the next start.');
    row('port').getByText('Until the next start it is 8000 as before.');
  });

  it('goes back to the default', async () => {
    set('approvalTimeoutSeconds', { value: 5, in_use: 5, source: 'file' });
    await open();
    fireEvent.click(
      row('approvalTimeoutSeconds').getByRole('button', { name: /use the default, 60 seconds/ }),
    );
    await row('approvalTimeoutSeconds').findByText('Saved.');
    expect(sent()).toEqual([{ approvalTimeoutSeconds: null }]);
    expect(row('approvalTimeoutSeconds').getByRole<HTMLInputElement>('textbox').value).toBe('60');
    expect(row('approvalTimeoutSeconds').queryByRole('button')).toBeNull();
    await waitFor(() =>
      expect(document.activeElement?.getAttribute('data-setting')).toBe('approvalTimeoutSeconds'),
    );
  });

  it('shows what was given at the start, and lets nobody change it', async () => {
    set('port', { value: 1, source: 'flag' });
    set('tls', { value: true, source: 'environment' });
    set('notifications', { source: 'flag' });
    await open();
    expect(row('port').getByRole<HTMLInputElement>('textbox').disabled).toBe(true);
    row('port').getByText(/Given by --port\./);
    expect(row('tls').getByRole<HTMLButtonElement>('switch').disabled).toBe(true);
    row('tls').getByText(/Given by PORTHOLE_TLS\./);
    expect(row('notifications').getByRole<HTMLFieldSetElement>('group').disabled).toBe(true);
  });

  it('lets an admin elsewhere look on', async () => {
    await open('admin');
    screen.getByText(/can only be changed at the machine/);
    expect(row('tls').getByRole<HTMLButtonElement>('switch').disabled).toBe(true);
    expect(row('port').getByRole<HTMLInputElement>('textbox').disabled).toBe(true);
  });

  it('says what is wrong with the file', async () => {
    view = { ...view, problems: [{ key: 'port', message: '“port” is ignored.' }] };
    await open();
    // At the top of the page, and at the setting.
    expect(screen.getAllByText('“port” is ignored.')).toHaveLength(2);
    expect(screen.getAllByText('/home/ann/settings.json')).toHaveLength(2);
  });

  it('takes a shortcut from the keys that are pressed', async () => {
    await open();
    const button = row('stopAllShortcut').getByRole('button', { name: 'Press keys' });
    fireEvent.click(button);
    fireEvent.keyDown(button, { key: 'Alt', code: 'AltLeft', altKey: true });
    fireEvent.keyDown(button, { key: 'q', code: 'KeyQ', altKey: true });
    expect(row('stopAllShortcut').getByRole<HTMLInputElement>('textbox').value).toBe('Alt+Q');
    fireEvent.click(row('stopAllShortcut').getByRole('button', { name: /^Save/ }));
    await row('stopAllShortcut').findByText('Saved.');
    expect(sent()).toEqual([{ stopAllShortcut: 'Alt+Q' }]);
  });

  it('lets Tab and Escape out of pressing keys', async () => {
    await open();
    for (const key of ['Tab', 'Escape']) {
      const button = row('stopAllShortcut').getByRole('button', { name: 'Press keys' });
      fireEvent.click(button);
      expect(button.getAttribute('aria-pressed')).toBe('true');
      fireEvent.keyDown(button, { key, code: key });
      expect(button.getAttribute('aria-pressed')).toBe('false');
    }
  });

  it('keeps what is being written while another value comes in', async () => {
    await open();
    const input = row('port').getByRole<HTMLInputElement>('textbox');
    const other = row('host').getByRole<HTMLInputElement>('textbox');
    fireEvent.change(input, { target: { value: '90' } });
    set('port', { value: 7, source: 'file' });
    fireEvent.click(row('tls').getByRole('switch'));
    await row('tls').findByText('Saved for the next start.');
    expect(input.value).toBe('90');
    expect(other.value).toBe('127.0.0.1');
    fireEvent.keyDown(input, { key: 'Escape' });
    expect(input.value).toBe('7');
  });

  it('says when the settings cannot be had, and shows them once the agent is back', async () => {
    const { getSettings, activeSessions } = agent.answers;
    delete agent.answers.getSettings;
    agent.answers.agentInfo = {
      locked: false,
      heartbeat_interval_seconds: 30,
      you: { kind: 'panel', name: null },
    };
    render(
      <AgentProvider store={agent.store}>
        <SettingsView />
      </AgentProvider>,
    );
    expect((await screen.findByRole('alert')).textContent).toBe('The agent cannot be reached.');
    delete agent.answers.activeSessions;
    await act(() => agent.store.refresh());
    agent.answers = { ...agent.answers, getSettings, activeSessions };
    await act(() => agent.store.refresh());
    await screen.findByText('Requests and notifications');
    await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
  });
});
