import Database from 'libsql';
import { z } from 'zod';
import { answerOrders } from '../deadline-thread.ts';
import type { CheckpointOutcome } from './checkpoint-thread.ts';

const outcomeRow = z.object({ log: z.number(), checkpointed: z.number() });

// Kept for as long as the thread lives: a prepared statement is freed by the garbage collector alone.
let checkpoint: { readonly file: string; readonly statement: Database.Statement } | null = null;

answerOrders((file: string): CheckpointOutcome => {
  if (checkpoint?.file !== file) checkpoint = { file, statement: prepare(file) };
  const { log, checkpointed } = outcomeRow.parse(checkpoint.statement.get());
  return { writtenPages: log, carriedPages: checkpointed };
});

function prepare(file: string): Database.Statement {
  const database = new Database(file);
  // Waits for nobody: whoever is busy there does the same.
  database.exec('PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 0; PRAGMA wal_autocheckpoint = 0');
  return database.prepare('PRAGMA wal_checkpoint(PASSIVE)');
}
