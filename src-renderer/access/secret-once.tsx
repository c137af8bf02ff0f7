import type { ReactNode } from 'react';
import { CopyButton } from '../interaction/copy-button.tsx';
import { useAgentStore } from '../panel/agent-context.tsx';

/** A secret that was just made, which nobody can show again, with a button that copies it. */
export function SecretOnce({
  what,
  secret,
  onDone,
  children,
}: {
  /** What it is, such as `The token`. */
  readonly what: string;
  readonly secret: string;
  readonly onDone: () => void;
  /** Further buttons. */
  readonly children?: ReactNode;
}) {
  const { clock } = useAgentStore();
  return (
    <div className="secret-once" role="status">
      <p>{what} is shown this once:</p>
      <code className="secret-text">{secret}</code>
      <div className="secret-buttons">
        <CopyButton text={secret} clock={clock} />
        {children}
        <button type="button" className="button small" onClick={onDone}>
          Done
        </button>
      </div>
    </div>
  );
}
