import { useAgent } from './agent-context.tsx';
import { ApprovalCard } from './approval-card.tsx';

/** Everything that waits for a decision, oldest first; nothing at all where nothing waits. */
export function ApprovalList() {
  const approvals = useAgent((state) => state.live.approvals);
  if (approvals.length === 0) return null;
  return (
    <section className="approvals" aria-labelledby="approvals-heading">
      <h2 id="approvals-heading">
        Waiting for you <span className="count">{approvals.length}</span>
      </h2>
      <ul className="approval-cards">
        {approvals.map((approval) => (
          <ApprovalCard key={approval.approval_id} approval={approval} />
        ))}
      </ul>
    </section>
  );
}
