import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import type { SettingsChange } from '#shared/settings-api';
import { createOwnFile, writeSharedFile } from '../files/own-file.ts';
import { systemCode } from '../files/place-errors.ts';
import { readSmallFile } from '../files/small-file.ts';
import { editSettingsText, parseSettingsText, type SettingsContent } from './settings-text.ts';

const MAX_BYTES = 256 * 1024;
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
  const problem = { key: null, message: `The file cannot be read: ${reading.why}.` };
  return { values: {}, problems: [problem], isUnread: true };
}

/** The text of the settings file; null if it is missing, undefined if it cannot be read. */
export function readSettingsSource(file: string): string | null | undefined {
  const reading = read(file);
  if (reading.state === 'missing') return null;
  return reading.state === 'text' ? reading.text : undefined;
}

/**
 * Has the settings file say `text` again, or be missing if that is null. What it says instead is kept beside it, in the
 * place of what was kept before; answers the name of that, null if there is nothing to keep.
 */
export async function putBackSettings(file: string, text: string | null): Promise<string | null> {
  const reading = read(file);
  const aside = `${file}.changed`;
  if (reading.state !== 'missing') rmSync(aside, { recursive: true, force: true });
  if (reading.state === 'text') await createOwnFile(aside, Buffer.from(reading.text));
  // What may be a folder, or of any size, is moved.
  else if (reading.state === 'unreadable') renameSync(file, aside);
  if (text === null) rmSync(file, { force: true });
  else await writeSharedFile(file, text);
  return reading.state === 'missing' ? null : aside;
}

/**
 * Makes `change` in the settings file as it is now and answers what it says then. Every other entry stays as
 * it is written; one that is broken is kept beside the new one, as `….broken-1` and so on. Rejects if it cannot be
 * written, and has changed nothing then.
 */
export async function saveSettings(file: string, change: SettingsChange): Promise<SettingsContent> {
  const reading = read(file);
  const edited = editSettingsText(reading.state === 'text' ? reading.text : '{}', change);
  if (reading.state !== 'unreadable' && edited !== null) {
    await writeSharedFile(file, assertFits(withFinalBreak(edited)));
  } else {
    const kept = reading.state === 'text' ? parseSettingsText(reading.text).values : {};
    const values = Object.entries({ ...kept, ...change }).filter(([, value]) => value != null);
    const text = `${JSON.stringify(Object.fromEntries(values), null, 2)}\n`;
    await startAnew(file, reading, assertFits(text));
  }
  return readSettingsFile(file);
}

/** Throws for a text that could not be read again. */
function assertFits(text: string): string {
  if (Buffer.byteLength(text) > MAX_BYTES) throw new Error('the file would be larger than 256 KiB');
  return text;
}

function read(file: string): Reading {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readSmallFile(file, MAX_BYTES));
    return { state: 'text', text };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { state: 'missing' };
    const isEncoding = error instanceof TypeError;
    return { state: 'unreadable', why: isEncoding ? 'it is not UTF-8' : describe(error) };
  }
}

/** Keeps what the file holds under another name and puts `text` in its place, or leaves all as it was and throws. */
async function startAnew(file: string, reading: Reading, text: string): Promise<void> {
  let number = 1;
  while (existsSync(`${file}.broken-${number}`)) number += 1;
  const aside = `${file}.broken-${number}`;
  // What may be a folder, or of any size, is moved; a file is never missing in between.
  const isMoved = reading.state !== 'text';
  if (isMoved) renameSync(file, aside);
  else await createOwnFile(aside, readFileSync(file));
  try {
    await writeSharedFile(file, text);
  } catch (error) {
    if (isMoved) renameSync(aside, file);
    else rmSync(aside);
    throw error;
  }
}

function withFinalBreak(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
