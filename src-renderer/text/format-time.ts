const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in its two largest units: `8 s`, `3 min 12 s`, `2 h 5 min`, `3 d 4 h`. Rounds down. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return joinUnits(whole, MINUTE, 'min', 1, 's');
  if (whole < DAY) return joinUnits(whole, HOUR, 'h', MINUTE, 'min');
  return joinUnits(whole, DAY, 'd', HOUR, 'h');
}

function joinUnits(
  seconds: number,
  large: number,
  largeName: string,
  small: number,
  smallName: string,
): string {
  const rest = Math.floor((seconds % large) / small);
  const head = `${Math.floor(seconds / large)} ${largeName}`;
  return rest === 0 ? head : `${head} ${rest} ${smallName}`;
}

/** Time that is left, as a clock shows it: `0:42`, `2:05`. Rounds up, so that 0:00 means that it is over. */
export function formatCountdown(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / MINUTE)}:${String(whole % MINUTE).padStart(2, '0')}`;
}

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** How long ago `atMs` was, both in milliseconds of the wall clock; `just now` within a minute or in the future. */
export function formatAgo(atMs: number, nowMs: number): string {
  const seconds = Math.floor((nowMs - atMs) / 1000);
  if (seconds < MINUTE) return 'just now';
  if (seconds < HOUR) return relative.format(-Math.floor(seconds / MINUTE), 'minute');
  if (seconds < DAY) return relative.format(-Math.floor(seconds / HOUR), 'hour');
  return relative.format(-Math.floor(seconds / DAY), 'day');
}

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** A moment in full, in the reader's own time zone and manner. `timestamp` is ISO 8601. */
export function formatExactly(timestamp: string): string {
  return exact.format(new Date(timestamp));
}
