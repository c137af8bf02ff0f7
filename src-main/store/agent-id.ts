import type Database from 'libsql';

/** What tells the agent of this data folder from all others: 8 hex digits, the same for as long as its database lasts. */
export function readAgentId(database: Database.Database): string {
  const row: unknown = database.prepare('SELECT agent_id FROM agent').get();
  if (typeof row === 'object' && row !== null && 'agent_id' in row) return String(row.agent_id);
  throw new Error('the database does not say whose it is');
}
