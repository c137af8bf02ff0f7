const HIDDEN = '…';

/** An address as it may be shown: without the user's part and without the values in its query, which may be secrets. */
export function showAddress(text: string): string {
  const url = new URL(text);
  const user = url.username === '' && url.password === '' ? '' : `${HIDDEN}@`;
  return `${url.protocol}//${user}${url.host}${url.pathname}${url.search === '' ? '' : `?${HIDDEN}`}`;
}

/** What of an address may be put on record: many a path is a password too. */
export function nameReceiver(text: string): string {
  return new URL(text).origin;
}
