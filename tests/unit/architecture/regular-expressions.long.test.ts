import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { check } from 'recheck';
import { describe, expect, it } from 'vitest';
import { ACCELERATOR, ACCELERATOR_OR_NONE } from '../../../src-shared/accelerator.ts';
import type { SourceFile } from './dependency-rules.ts';
import { listPatterns, type Pattern } from './regular-expressions.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FOLDERS = ['src-shared', 'src-main', 'src-renderer', 'scripts'];

/** Patterns that are slow on some texts, none of which can come to them; each with the reason. */
const EXCUSED: Readonly<Record<string, string>> = {
  '<g id="mark-(\\w+)">.*?<\\/g>': 'reads the drawing of our own icons, which is in the repository',
  '<circle class="rim"[^>]*\\/>': 'reads the drawing of our own icons, which is in the repository',
};

/** Files that put patterns together, with what is known of these; a new one belongs here, or is checked below. */
const COMPOSING: Readonly<Record<string, string>> = {
  'scripts/make-icons.mjs': 'reads the drawing of our own icons',
  'src-main/commands/marked-processes.ts': 'digits of a fixed number',
  'src-main/commands/posix-containment.ts': 'the name of a variable of ours, before one class of characters',
  'src-shared/accelerator.ts': 'checked below as it is exported',
};

/** What the patterns come to that are put together. */
const COMPOSED: readonly Pattern[] = [
  { source: ACCELERATOR.source, flags: ACCELERATOR.flags, at: 'ACCELERATOR' },
  { source: ACCELERATOR_OR_NONE.source, flags: ACCELERATOR_OR_NONE.flags, at: 'ACCELERATOR_OR_NONE' },
];

function readSources(): SourceFile[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(?:tsx?|mjs|cjs)$/.test(entry.name))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => ({
        path: path.relative(ROOT, file).split(path.sep).join('/'),
        code: readFileSync(file, 'utf8'),
      })),
  );
}

/** What recheck says of a pattern, if it is not that all is well. */
async function findFault({ source, flags, at }: Pattern): Promise<string | null> {
  // No limit of time that a busy machine could reach; what it tries is the same each time.
  const found = await check(source, flags, { timeout: null, randomSeed: 0 });
  if (found.status === 'safe') return null;
  const why =
    found.status === 'vulnerable'
      ? `${found.complexity.summary}, with ${found.attack.pattern}`
      : found.error.kind;
  return `${at}: /${source}/${flags} is ${found.status}: ${why}`;
}

describe('regular expressions', () => {
  const patterns = readSources().map(listPatterns);

  it('take no longer for a long text than in proportion', { timeout: 300_000 }, async () => {
    const written = patterns.flatMap((file) => file.written);
    expect(written.length).toBeGreaterThan(100);
    const distinct = new Map(
      [...written, ...COMPOSED].map((pattern) => [`/${pattern.source}/${pattern.flags}`, pattern]),
    );
    const faults: string[] = [];
    for (const pattern of distinct.values()) {
      if (pattern.source in EXCUSED) continue;
      const fault = await findFault(pattern);
      if (fault !== null) faults.push(fault);
    }
    expect(faults).toEqual([]);
    const isWritten = new Set(written.map(({ source }) => source));
    expect(Object.keys(EXCUSED).filter((source) => !isWritten.has(source))).toEqual([]);
  });

  it('are written out, or known where they are put together', () => {
    const composing = new Set(
      patterns.flatMap((file) => file.composed).map((place) => place.replace(/:\d+$/, '')),
    );
    expect([...composing].filter((file) => !(file in COMPOSING))).toEqual([]);
    expect(Object.keys(COMPOSING).filter((file) => !composing.has(file))).toEqual([]);
  });

  it('finds one that is slow', async () => {
    const { written, composed } = listPatterns({
      path: 'a.ts',
      code: 'const one: RegExp = /^(a+)+$/;\nconst two = new RegExp("b") || RegExp(one);',
    });
    expect(composed).toEqual(['a.ts:2', 'a.ts:2']);
    expect(await Promise.all(written.map(findFault))).toEqual([
      expect.stringContaining('a.ts:1: /^(a+)+$/ is vulnerable: exponential'),
    ]);
  });
});
