import path from 'node:path';
import { parseSync, Visitor } from 'vite';
import type { SourceFile } from './dependency-rules.ts';

/** A regular expression as it is written in a file. */
export interface Pattern {
  readonly source: string;
  readonly flags: string;
  /** Where it is: the file's path and a line. */
  readonly at: string;
}

/** The regular expressions of a file: those that are written out, and where others are put together. */
export function listPatterns({ path: filePath, code }: SourceFile): {
  written: Pattern[];
  composed: string[];
} {
  const { program, errors } = parseSync(path.basename(filePath), code);
  if (errors.length > 0) throw new Error(`${filePath} cannot be parsed: ${errors[0]?.message}`);
  const written: Pattern[] = [];
  const composed: string[] = [];
  const place = (offset: number): string => `${filePath}:${code.slice(0, offset).split('\n').length}`;
  const noteComposed = (node: { readonly start: number; readonly callee: object }): void => {
    if ('name' in node.callee && node.callee.name === 'RegExp') composed.push(place(node.start));
  };
  new Visitor({
    Literal: (node) => {
      if (!('regex' in node)) return;
      const { pattern, flags } = node.regex;
      written.push({ source: pattern, flags, at: place(node.start) });
    },
    NewExpression: noteComposed,
    CallExpression: noteComposed,
  }).visit(program);
  return { written, composed };
}
