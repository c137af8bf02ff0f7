import type { CommandDetails as Details, DiffLine } from '#shared/command-details';

const SHOWN_HASH_LENGTH = 16;

/**
 * A command exactly as it would run. Every text comes ready to be shown and is shown as it stands: nothing here
 * interprets it.
 */
export function CommandDetails({ details }: { readonly details: Details }) {
  const { title, text, facts, diff, warnings, hash } = details;
  return (
    <div className="command">
      <p className="approval-summary">{title}</p>
      {text !== '' && <pre className="command-text">{text}</pre>}
      {warnings.length > 0 && (
        <ul className="command-warnings">
          {warnings.map((warning) => (
            <li key={warning} className="trouble">
              {warning}
            </li>
          ))}
        </ul>
      )}
      <dl className="approval-facts">
        {facts.map(({ label, value }) => (
          <Fact key={`${label} ${value}`} label={label} value={value} />
        ))}
        <Fact label="SHA-256" value={`${hash.slice(0, SHOWN_HASH_LENGTH)}…`} title={hash} />
      </dl>
      {diff && <Diff lines={diff} />}
    </div>
  );
}

function Fact({
  label,
  value,
  title,
}: {
  readonly label: string;
  readonly value: string;
  readonly title?: string;
}) {
  return (
    <>
      <dt>{label}</dt>
      <dd className="quoted">
        <code title={title}>{value}</code>
      </dd>
    </>
  );
}

const CHANGES = { added: 'added: ', removed: 'removed: ', same: '', skipped: '' } as const;

function Diff({ lines }: { readonly lines: readonly DiffLine[] }) {
  return (
    <ol className="diff" aria-label="What would change in the file">
      {lines.map(({ change, text }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line has nothing but its place, and the list never changes.
        <li key={index} data-change={change}>
          <span className="visually-hidden">{CHANGES[change]}</span>
          {text}
        </li>
      ))}
    </ol>
  );
}
