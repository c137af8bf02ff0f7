import { z } from 'zod';

/** A whole number in a query string, in plain decimal digits; `fallback` if it is left out. */
export function wholeNumber(min: number, max: number, fallback: number) {
  return digits(min, max)
    .default(fallback)
    .meta({ override: { type: 'integer', minimum: min, maximum: max, default: fallback } });
}

/** The same where it may be left out. */
export function optionalWholeNumber(min: number, max: number) {
  return digits(min, max)
    .optional()
    .meta({ override: { type: 'integer', minimum: min, maximum: max } });
}

function digits(min: number, max: number) {
  return z
    .string()
    .refine((text) => /^\d{1,10}$/.test(text), `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.int().min(min).max(max));
}
