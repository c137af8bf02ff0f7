/** DEL and the controls above it, by which terminals take orders; what turns the order of text around or breaks lines. */
const UNSEEN = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
/** Most texts have none of these, which is sooner found out. */
const OTHER_THAN_ASCII = /[\u007f-\uffff]/;

/**
 * JSON in which no character gives a terminal orders or makes a line look like another: they are written as `\u009b`,
 * which every parser reads as the same value. (JSON itself does so for the controls below the blank.)
 */
export function stringifyVisibly(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  if (!OTHER_THAN_ASCII.test(text)) return text;
  return text.replace(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
