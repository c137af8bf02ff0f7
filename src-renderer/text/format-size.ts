const STEP = 1000;
const UNITS = ['KB', 'MB', 'GB', 'TB'] as const;

const numbers = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** So many bytes, as people read them: `0 KB`, `940 KB`, `12.4 MB`, `1.5 GB`, in powers of a thousand. */
export function formatSize(bytes: number): string {
  let value = bytes / STEP;
  let unit = 0;
  while (value >= STEP - 0.5 && unit < UNITS.length - 1) {
    value /= STEP;
    unit += 1;
  }
  return `${numbers.format(unit === 0 ? Math.round(value) : value)} ${UNITS[unit]}`;
}
