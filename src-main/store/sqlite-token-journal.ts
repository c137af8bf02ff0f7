import type Database from 'libsql';
import { z } from 'zod';
import { tokenRoleSchema } from '#shared/access';
import type { TokenJournal, TokenRecord } from '../access/token-registry.ts';

const tokenRow = z
  .object({
    token_id: z.string(),
    name: z.string(),
    role: tokenRoleSchema,
    digest: z.string(),
    public_key: z.string().nullable(),
    created_at_ms: z.number(),
    expires_at_ms: z.number().nullable(),
    last_used_at_ms: z.number().nullable(),
    parent_id: z.string().nullable(),
    ended_at_ms: z.number().nullable(),
  })
  .transform(
    (row): TokenRecord => ({
      tokenId: row.token_id,
      name: row.name,
      role: row.role,
      digest: Buffer.from(row.digest, 'hex'),
      publicKey: row.public_key === null ? null : Buffer.from(row.public_key, 'hex'),
      createdAtMs: row.created_at_ms,
      expiresAtMs: row.expires_at_ms,
      lastUsedAtMs: row.last_used_at_ms,
      parentId: row.parent_id,
      endedAtMs: row.ended_at_ms,
    }),
  );

/** Tokens in SQLite, of each secret its digest alone. */
export class SqliteTokenJournal implements TokenJournal {
  readonly #listLive: Database.Statement;
  readonly #wasSecret: Database.Statement;
  readonly #save: (token: TokenRecord, retired: Buffer | null) => void;

  /** The database must be open and at the newest schema; whoever opened it closes it. */
  constructor(database: Database.Database) {
    this.#listLive = database.prepare(
      'SELECT * FROM tokens WHERE ended_at_ms IS NULL ORDER BY created_at_ms, token_id',
    );
    this.#wasSecret = database.prepare(
      `SELECT 1 FROM retired_secrets WHERE digest = :digest
       UNION ALL SELECT 1 FROM tokens WHERE digest = :digest AND ended_at_ms IS NOT NULL`,
    );
    const save = database.prepare(`
      INSERT INTO tokens (token_id, name, role, digest, public_key, created_at_ms, expires_at_ms, last_used_at_ms,
        parent_id, ended_at_ms)
      VALUES (:tokenId, :name, :role, :digest, :publicKey, :createdAtMs, :expiresAtMs, :lastUsedAtMs, :parentId,
        :endedAtMs)
      ON CONFLICT (token_id) DO UPDATE SET
        name = excluded.name, role = excluded.role, digest = excluded.digest, public_key = excluded.public_key,
        created_at_ms = excluded.created_at_ms, expires_at_ms = excluded.expires_at_ms,
        last_used_at_ms = excluded.last_used_at_ms, parent_id = excluded.parent_id,
        ended_at_ms = excluded.ended_at_ms`);
    const retire = database.prepare('INSERT OR IGNORE INTO retired_secrets (digest) VALUES (?)');
    this.#save = database.transaction((token: TokenRecord, retired: Buffer | null) => {
      // As text: libsql ends the process over a lone Buffer, which it takes for named parameters.
      save.run({
        ...token,
        digest: token.digest.toString('hex'),
        publicKey: token.publicKey?.toString('hex') ?? null,
      });
      if (retired) retire.run(retired.toString('hex'));
    });
  }

  listLive(): TokenRecord[] {
    return tokenRow.array().parse(this.#listLive.all());
  }

  save(token: TokenRecord, retired?: Buffer): void {
    this.#save(token, retired ?? null);
  }

  wasSecret(digest: Buffer): boolean {
    return this.#wasSecret.get({ digest: digest.toString('hex') }) !== undefined;
  }
}
