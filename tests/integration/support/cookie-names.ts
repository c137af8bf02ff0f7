import path from 'node:path';
import Database from 'libsql';
import { type CookieNames, nameCookies } from '../../../src-main/access/cookies.ts';
import { readAgentId } from '../../../src-main/store/agent-id.ts';

/** What the cookies of the agent with this data folder are called. */
export function cookieNamesOf({ folder }: { readonly folder: string }): CookieNames {
  const database = new Database(path.join(folder, 'porthole.db'), { readonly: true });
  try {
    return nameCookies(readAgentId(database));
  } finally {
    database.close();
  }
}
