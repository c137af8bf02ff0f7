/** The longest wait that a server can ask for: what is longer is a mistake, and would keep us away for good. */
export const MAX_RETRY_AFTER_SECONDS = 86_400;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
// The three that a recipient has to take: RFC 9110, section 5.6.7.
const HTTP_DATES: readonly RegExp[] = [
  /^[A-Z][a-z]{2}, (?<day>\d\d) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d) GMT$/,
  /^[A-Z][a-z]{5,8}, (?<day>\d\d)-(?<month>[A-Z][a-z]{2})-(?<year>\d\d) (?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d) GMT$/,
  /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d) (?<year>\d{4})$/,
];

/**
 * The wait that an answer asks for, in seconds from 0 to {@link MAX_RETRY_AFTER_SECONDS}; null if it asks for none that
 * can be read. A date is held against the answer's own `Date`, so that it counts what the server meant whatever either
 * clock says; against `nowMs` if there is none. RFC 9110, section 10.2.3.
 */
export function readRetryAfter(
  headers: { readonly retryAfter: string | null | undefined; readonly date: string | null | undefined },
  nowMs: number,
): number | null {
  const text = headers.retryAfter?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text), MAX_RETRY_AFTER_SECONDS);
  const atMs = readHttpDate(text, nowMs);
  if (atMs === null) return null;
  const sentAtMs = readHttpDate(headers.date?.trim() ?? '', nowMs) ?? nowMs;
  return Math.min(Math.max(0, Math.ceil((atMs - sentAtMs) / 1000)), MAX_RETRY_AFTER_SECONDS);
}

/** A date in one of HTTP's three forms as milliseconds since the epoch; null if it is none. */
function readHttpDate(text: string, nowMs: number): number | null {
  // The longest of the three has 33 characters.
  if (text.length > 40) return null;
  for (const form of HTTP_DATES) {
    const found = form.exec(text)?.groups;
    if (!found) continue;
    const month = MONTHS.indexOf(found.month ?? '');
    const [day, hour, minute, second] = [found.day, found.hour, found.minute, found.second].map(Number);
    const year = fullYear(found.year ?? '', nowMs);
    const ms = Date.UTC(year, month, day, hour, minute, second);
    // Date.UTC takes a 31st of February for a day in March.
    const isReal = month >= 0 && new Date(ms).getUTCDate() === day && new Date(ms).getUTCMonth() === month;
    return isReal ? ms : null;
  }
  return null;
}

/** Two digits that would be more than 50 years ahead are of the century before. */
function fullYear(digits: string, nowMs: number): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}
