import { Fragment, useEffect, useId, useState } from 'react';
import type { Command } from '#shared/commands';
import { describeOperation, OPERATION_TITLES } from '#shared/operation-words';
import { revealHidden, revealHiddenInLines } from '#shared/visible-text';
import { describeFailure } from '../agent/api-client.ts';
import { describeDecision, describeExit, STATUS_NAMES } from '../text/command-words.ts';
import { formatDuration, formatExactly } from '../text/format-time.ts';
import { useAgentStore } from './agent-context.tsx';
import { RequestFacts } from './request-facts.tsx';

/** A page is no terminal: beyond this, what a command wrote is for the API. */
const SHOWN_OUTPUT_LENGTH = 20_000;
/** The same of what was asked for. */
const SHOWN_OPERATION_LENGTH = 16_000;

/** One command of a timeline: what, when, how it ended and who allowed it; all that is kept of it once it is opened. */
export function CommandEntry({ command }: { readonly command: Command }) {
  const [isOpen, setOpen] = useState(false);
  const contentId = useId();
  const { operation, status, requested_at, duration_seconds } = command;
  const { text, leftOut } = describeOperation(operation, SHOWN_OPERATION_LENGTH);
  const facts = [
    describeExit(command),
    duration_seconds === null ? null : formatDuration(duration_seconds),
    describeDecision(command),
  ].filter((fact) => fact !== null);
  return (
    <li className="timeline-entry" data-status={status}>
      <button
        type="button"
        className="timeline-head"
        aria-expanded={isOpen}
        aria-controls={contentId}
        onClick={() => setOpen(!isOpen)}
      >
        <span className="tag" data-command={status}>
          {STATUS_NAMES[status]}
        </span>
        <span className="timeline-title">{OPERATION_TITLES[operation.operation]}</span>
        <time dateTime={requested_at}>{formatExactly(requested_at)}</time>
      </button>
      {text !== '' && <pre className="command-text">{text}</pre>}
      {leftOut > 0 && <p className="hint">{leftOut} more characters are kept and not shown here.</p>}
      {facts.length > 0 && (
        <ul className="facts">
          {facts.map((fact) => (
            <li key={fact} className="quoted">
              {fact}
            </li>
          ))}
        </ul>
      )}
      <div id={contentId}>{isOpen && <CommandContent command={command} />}</div>
    </li>
  );
}

function CommandContent({ command: listed }: { readonly command: Command }) {
  const { call } = useAgentStore();
  const [command, setCommand] = useState<Command | null>(null);
  const [error, setError] = useState<string | null>(null);
  const { command_id, status } = listed;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `status` is why it is fetched again.
  useEffect(() => {
    let isWanted = true;
    call('getCommand', { params: { command_id } }).then(
      (whole) => isWanted && setCommand(whole),
      (failure) => isWanted && setError(describeFailure(failure)),
    );
    return () => {
      isWanted = false;
    };
  }, [call, command_id, status]);
  if (error) {
    return (
      <p className="error" role="alert">
        {error}
      </p>
    );
  }
  if (!command) return <p className="hint">Loading…</p>;
  const { stdout, stderr, result, error: fault, reason, origin, hash, screenshots } = command;
  return (
    <div className="timeline-content">
      {fault && <p className="error">{revealHidden(fault.message)}</p>}
      <Output name="Output" text={stdout ?? ''} />
      <Output name="Errors" text={stderr ?? ''} />
      {result && <Output name="Result" text={describeResult(result)} />}
      <Keeping command={command} />
      <Screens screenshots={screenshots} />
      <dl className="approval-facts">
        <RequestFacts reason={reason} origin={origin} />
        <dt>Command</dt>
        <dd>
          <code>{command_id}</code>
        </dd>
        <dt>SHA-256</dt>
        <dd className="quoted">
          <code>{hash}</code>
        </dd>
      </dl>
    </div>
  );
}

function Output({ name, text }: { readonly name: string; readonly text: string }) {
  if (text === '') return null;
  const left = text.length - SHOWN_OUTPUT_LENGTH;
  return (
    <section>
      <h4>{name}</h4>
      <pre className="command-text">{revealHiddenInLines(text.slice(0, SHOWN_OUTPUT_LENGTH))}</pre>
      {left > 0 && <p className="hint">{left} more characters are kept and not shown here.</p>}
    </section>
  );
}

const KEEPING_WORDS = {
  part: 'No more than the first 64 KiB of each text is kept, of an output from both ends.',
  digest: 'What it wrote and found is not kept any more; this tells whether something is what it was.',
} as const;

/** What is missing on record, and by what it can be known again. */
function Keeping({ command }: { readonly command: Command }) {
  const { kept, stdout_bytes, stdout_sha256, stderr_bytes, stderr_sha256, result_bytes, result_sha256 } =
    command;
  if (kept === 'whole') return null;
  const digests = [
    ['Output', stdout_bytes, stdout_sha256],
    ['Errors', stderr_bytes, stderr_sha256],
    ['Result', result_bytes, result_sha256],
  ] as const;
  return (
    <>
      <p className="hint">{KEEPING_WORDS[kept]}</p>
      <dl className="approval-facts">
        {digests.map(
          ([name, bytes, sha256]) =>
            sha256 !== null && (
              <Fragment key={name}>
                <dt>{`${name}, ${bytes} bytes, SHA-256`}</dt>
                <dd className="quoted">
                  <code>{sha256}</code>
                </dd>
              </Fragment>
            ),
        )}
      </dl>
    </>
  );
}

function Screens({ screenshots }: { readonly screenshots: Command['screenshots'] }) {
  const { before, after } = screenshots;
  if (before === null && after === null) return null;
  return (
    <div className="timeline-screens">
      {before !== null && <img src={before} alt="The screen before it" loading="lazy" />}
      {after !== null && <img src={after} alt="The screen after it" loading="lazy" />}
    </div>
  );
}

function describeResult(result: NonNullable<Command['result']>): string {
  if (result.operation === 'screenshot') {
    const gone = result.data === '' ? ', not kept any more' : '';
    return `A picture of ${result.width} × ${result.height} pixels${gone}`;
  }
  return JSON.stringify(result, null, 2);
}
