import { z } from 'zod';
import { stripMisleadingCharacters } from './text.ts';
import { utf8Length } from './utf8-length.ts';

/** The most bytes that a session's metadata may take as UTF-8 JSON. */
export const MAX_METADATA_BYTES = 16 * 1024;
/** The deepest nesting that a session's metadata may have; the object itself is level 1. */
export const MAX_METADATA_DEPTH = 8;

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((child) => isDeeperThan(child, levels - 1));
}

function stripStrings(value: unknown): unknown {
  if (typeof value === 'string') return stripMisleadingCharacters(value);
  if (Array.isArray(value)) return value.map(stripStrings);
  return typeof value === 'object' && value !== null ? stripProperties(value) : value;
}

function stripProperties(object: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [stripMisleadingCharacters(key), stripStrings(value)]),
  );
}

/**
 * What a caller wants to remember about its session: any JSON object of at most 16 KiB and depth 8, its texts cleaned
 * of what could mislead a reader.
 */
export const metadataSchema = z
  .record(z.string(), z.unknown())
  .refine((value) => !isDeeperThan(value, MAX_METADATA_DEPTH), {
    error: `must be nested at most ${MAX_METADATA_DEPTH} deep`,
    // What follows recurses.
    abort: true,
  })
  .refine(
    (value) => utf8Length(JSON.stringify(value)) <= MAX_METADATA_BYTES,
    `must take at most ${MAX_METADATA_BYTES} bytes as JSON`,
  )
  .overwrite(stripProperties);
