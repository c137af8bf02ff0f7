import { existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import type { SettingsChange } from '#shared/settings-api';
import { replaceFile } from './replace-file.ts';
import { editSettingsText, parseSettingsText, type SettingsContent } from './settings-text.ts';

const MAX_BYTES = 1024 * 1024;
const NOTHING: SettingsContent = { values: {}, problems: [] };

type Reading =
  | { readonly state: 'missing' }
  | { readonly state: 'text'; readonly text: string }
  | { readonly state: 'unreadable'; readonly why: string };

/** Reads the settings file, and leaves it as it is. One that is missing says nothing. */
export function readSettingsFile(file: string): SettingsContent {
  const reading = read(file);
  if (reading.state === 'missing') return NOTHING;
  if (reading.state === 'text') return parseSettingsText(reading.text);
  return { values: {}, problems: [{ key: null, message: `The file cannot be read: ${reading.why}.` }] };
}

/**
 * Makes `change` in the settings file as it is now and answers what it says then. Every other entry stays as
 * it is written; one that is broken is kept beside the new one, as `….broken-1` and so on. Throws if it cannot be
 * written, and has changed nothing then.
 */
export function saveSettings(file: string, change: SettingsChange): SettingsContent {
  const reading = read(file);
  const edited = editSettingsText(reading.state === 'text' ? reading.text : '{}', change);
  if (reading.state !== 'unreadable' && edited !== null) {
    replaceFile(file, withFinalBreak(edited));
  } else {
    const kept = reading.state === 'text' ? parseSettingsText(reading.text).values : {};
    const values = Object.entries({ ...kept, ...change }).filter(([, value]) => value != null);
    startAnew(file, `${JSON.stringify(Object.fromEntries(values), null, 2)}\n`);
  }
  return readSettingsFile(file);
}

function read(file: string): Reading {
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (!stats) return { state: 'missing' };
    if (!stats.isFile()) return { state: 'unreadable', why: 'it is no file' };
    if (stats.size > MAX_BYTES) return { state: 'unreadable', why: 'it is larger than 1 MiB' };
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
    return { state: 'text', text };
  } catch (error) {
    const isEncoding = error instanceof TypeError;
    return { state: 'unreadable', why: isEncoding ? 'it is not UTF-8' : describe(error) };
  }
}

/** Puts the file aside under another name and a new one in its place, or leaves all as it was and throws. */
function startAnew(file: string, text: string): void {
  let number = 1;
  while (existsSync(`${file}.broken-${number}`)) number += 1;
  const aside = `${file}.broken-${number}`;
  renameSync(file, aside);
  try {
    replaceFile(file, text);
  } catch (error) {
    renameSync(aside, file);
    throw error;
  }
}

function withFinalBreak(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
