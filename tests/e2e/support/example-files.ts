import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { REPOSITORY } from './porthole-app.ts';

/** The folder of the examples. */
export const EXAMPLES = path.join(REPOSITORY, 'examples');

/** What stands in examples for the reader's own. */
const STANDS_FOR = { origin: 'http://localhost:8000', session: 'screen_a1b2c3d4', key: 'phv_…' } as const;

/** What an example is to be used with. */
export interface Own {
  readonly origin: string;
  readonly session: string;
  readonly key: string;
}

/** The text of an example with the reader's own address, session and key; each must have a place in it. */
export function fillInExample(name: string, own: Own): string {
  let text = readFileSync(path.join(EXAMPLES, name), 'utf8');
  for (const part of ['origin', 'session', 'key'] as const) {
    if (!text.includes(STANDS_FOR[part])) throw new Error(`${name} has no place for the ${part}`);
    text = text.replaceAll(STANDS_FOR[part], own[part]);
  }
  return text;
}

/** The example files, and what their table says of each. */
export function listExamples(): { files: string[]; claims: Map<string, string> } {
  const files = readdirSync(EXAMPLES).filter((name) => name !== 'README.md');
  const table = readFileSync(path.join(EXAMPLES, 'README.md'), 'utf8');
  const rows = [...table.matchAll(/^\| \[[^\]]+\]\(([^)]+)\) \| .* \| ([^|]+) \|$/gm)];
  return { files: files.sort(), claims: new Map(rows.map(([, name = '', claim = '']) => [name, claim])) };
}
