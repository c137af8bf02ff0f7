import type { SettingForm, SettingKind } from '#shared/setting-form';
import { type SettingKey, type Settings, settingsSchema } from '#shared/settings';

/** What a setting can hold. */
export type SettingValue = Settings[SettingKey];

/** What somebody has written for a setting: a value, or the sentence that says what is wrong with it. */
export type ParsedDraft =
  | { readonly isValid: true; readonly value: SettingValue }
  | { readonly isValid: false; readonly problem: string };

/** A value as it is written in a field: entries of a list stand in lines of their own. */
export function writeDraft(value: unknown): string {
  return Array.isArray(value) ? value.join('\n') : String(value);
}

/** Reads what is written in a field, by the schema that the agent reads it by. */
export function parseDraft({ key, value: kind }: SettingForm, text: string): ParsedDraft {
  const parsed = settingsSchema.shape[key].unwrap().safeParse(readText(kind, text));
  if (parsed.success) return { isValid: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  if (kind.kind === 'number') return { isValid: false, problem: `Write ${describeRange(kind)}.` };
  const line = issue?.path[0];
  const where = typeof line === 'number' ? `Line ${line + 1}` : 'This';
  return { isValid: false, problem: `${where} ${issue?.message ?? 'is not valid'}.` };
}

/** The numbers that a setting can be, such as `a whole number from 1 to 1,000`. */
export function describeRange(kind: Extract<SettingKind, { kind: 'number' }>): string {
  const name = kind.isWhole ? 'a whole number' : 'a number';
  const [min, max] = [kind.min, kind.max].map((bound) => bound.toLocaleString('en'));
  return kind.isMinExcluded ? `${name} above ${min}, up to ${max}` : `${name} from ${min} to ${max}`;
}

/** A value in words, for where it is only told. */
export function describeValue({ value: kind }: SettingForm, value: unknown): string {
  if (kind.kind === 'choice') return kind.names[String(value)] ?? String(value);
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'number') {
    const unit = kind.kind === 'number' && kind.unit !== null ? ` ${kind.unit}` : '';
    // Of a port or a time alike, the digits as they are written.
    return `${value}${unit}`;
  }
  const text = Array.isArray(value) ? value.join(', ') : String(value);
  return text === '' ? 'none' : text;
}

function readText(kind: SettingKind, text: string): unknown {
  if (kind.kind === 'number') return /^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text;
  if (kind.kind === 'list') {
    const lines = text.split('\n').map((line) => line.trim());
    return lines.filter((line) => line !== '');
  }
  return text.trim();
}
