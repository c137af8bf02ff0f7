import { readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** The one block of a page for people that is marked with `language`. Throws if there is none, or another one. */
export function readPageBlock(file: string, language: string): string {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].filter(([, marked]) => marked === language);
  const [block, ...others] = blocks;
  if (!block || others.length > 0) throw new Error(`${file} has ${blocks.length} blocks marked ${language}`);
  return block[2] ?? '';
}

/** `text` with each of `changes` made, by what is to be replaced. Throws for what is not in it, so that nothing is missed. */
export function adapt(text: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes).reduce((adapted, [from, to]) => {
    if (!adapted.includes(from)) throw new Error(`there is no ${from} to replace`);
    return adapted.replaceAll(from, to);
  }, text);
}
