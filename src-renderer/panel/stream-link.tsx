import { linkBase } from '../agent/link-base.ts';
import { CopyButton } from '../interaction/copy-button.tsx';
import { useAgent, useAgentStore } from './agent-context.tsx';

/**
 * Where a share can be watched: a page for people, and the stream itself for players. `path` is the stream's on this
 * origin. Whoever opens the page without a key is asked for, unless it is the person at the machine.
 */
export function StreamLink({ path }: { readonly path: string }) {
  const { clock } = useAgentStore();
  const base = useAgent((state) => linkBase(location, state.agent?.reach));
  const url = new URL(path, location.origin).href;
  const viewerPath = path.replace(/^\/stream\//, '/view/');
  return (
    <div className="stream-links">
      <div className="stream-link">
        <a className="button small" href={viewerPath} target="_blank" rel="noreferrer">
          Open viewer
        </a>
        <CopyButton text={new URL(viewerPath, base).href} clock={clock} label="Copy link to the viewer">
          Copy link
        </CopyButton>
      </div>
      <div className="stream-link">
        <span className="hint">For players</span>
        <a className="stream-url" href={url} target="_blank" rel="noreferrer" title={url}>
          {url}
        </a>
        <CopyButton text={url} clock={clock} label="Copy the stream address" />
      </div>
    </div>
  );
}
