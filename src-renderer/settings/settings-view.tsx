import { describeSetting, type SettingForm } from '#shared/setting-form';
import { SETTING_GROUPS, type SettingGroup } from '#shared/setting-meta';
import { SETTING_KEYS } from '#shared/settings';
import type { SettingsView as View } from '#shared/settings-api';
import { useAgent } from '../panel/agent-context.tsx';
import { AboutAgent } from './about-agent.tsx';
import { SettingRow } from './setting-row.tsx';
import { type AgentSettings, useSettings } from './use-settings.ts';

const FORMS = SETTING_KEYS.map(describeSetting);
const GROUPS = Object.keys(SETTING_GROUPS) as SettingGroup[];

/** All settings, made from their schema. Each is saved by itself. */
export function SettingsView() {
  const { view, error, save } = useSettings();
  // An admin on another machine looks on: what this machine allows is decided at this machine.
  const mayChange = useAgent(({ agent }) => agent?.you.kind === 'panel' || agent?.you.kind === 'local');
  const isKnown = useAgent(({ agent }) => agent !== null);
  return (
    <section className="settings" aria-labelledby="settings-heading">
      <h2 id="settings-heading" className="visually-hidden">
        Settings
      </h2>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      {isKnown && !mayChange && (
        <p className="trouble">Settings can only be changed at the machine that the agent runs on.</p>
      )}
      {view && <FileProblems view={view} />}
      {view &&
        GROUPS.map((group) => (
          <Group
            key={group}
            name={SETTING_GROUPS[group]}
            forms={FORMS.filter((form) => form.group === group)}
            view={view}
            mayChange={mayChange}
            save={save}
          />
        ))}
      {view && <AboutAgent mayChange={mayChange} />}
      {view && (
        <p className="hint settings-file">
          Kept in <code>{view.file}</code>
        </p>
      )}
    </section>
  );
}

function FileProblems({ view: { problems, file } }: { readonly view: View }) {
  if (problems.length === 0) return null;
  return (
    <div className="trouble settings-problems">
      <p>
        Not everything in <code>{file}</code> can be used:
      </p>
      <ul>
        {problems.map(({ key, message }) => (
          <li key={`${key} ${message}`}>{message}</li>
        ))}
      </ul>
    </div>
  );
}

function Group({
  name,
  forms,
  view,
  mayChange,
  save,
}: {
  readonly name: string;
  readonly forms: readonly SettingForm[];
  readonly view: View;
  readonly mayChange: boolean;
  readonly save: AgentSettings['save'];
}) {
  return (
    <section className="settings-group">
      <h3>{name}</h3>
      <div className="card settings-rows">
        {forms.map((form) => {
          const entry = view.settings[form.key];
          return (
            entry && (
              <SettingRow
                key={form.key}
                form={form}
                entry={entry}
                problem={view.problems.find(({ key }) => key === form.key)?.message ?? null}
                mayChange={mayChange}
                onSave={(value) => save(form.key, value)}
              />
            )
          );
        })}
      </div>
    </section>
  );
}
