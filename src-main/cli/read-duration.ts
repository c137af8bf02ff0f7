import { InvalidArgumentError } from 'commander';

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Reads a time such as `90s`, `30m`, `12h` or `30d`; seconds. Throws commander's error for anything else. */
export function readDuration(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined)
    throw new InvalidArgumentError('It must be a number and s, m, h or d, such as 30d.');
  return Number(amount) * UNITS[unit as keyof typeof UNITS];
}
