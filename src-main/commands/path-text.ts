const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const SLASH = 0x2f;
const ASCII_END = 0x80;
/** Half a character, and so in no text that comes from outside; a byte is added to it. */
const ESCAPE = 0xdc00;

/** The text that a file's name is, or null if its bytes are no UTF-8, as Linux allows. */
export function textOfName(name: Uint8Array): string | null {
  try {
    return utf8.decode(name);
  } catch {
    return null;
  }
}

/**
 * A path as text that no other path has: in names that are no UTF-8, each byte above ASCII is half a character. To be
 * compared; {@link showPath} makes it fit to be shown.
 */
export function textOfPath(path: Uint8Array): string {
  const whole = textOfName(path);
  if (whole !== null) return whole;
  const names: string[] = [];
  for (let start = 0; start <= path.length; ) {
    const slash = path.indexOf(SLASH, start);
    const end = slash === -1 ? path.length : slash;
    const name = path.subarray(start, end);
    names.push(textOfName(name) ?? escapeBytes(name));
    start = end + 1;
  }
  return names.join('/');
}

/** The same with U+FFFD for what is no text. */
export function showPath(text: string): string {
  return text.replaceAll(/\p{Cs}/gu, '\ufffd');
}

function escapeBytes(name: Uint8Array): string {
  return Array.from(name, (byte) => String.fromCharCode(byte < ASCII_END ? byte : ESCAPE + byte)).join('');
}
