// DEL and the controls above it, by which terminals take orders, and what turns the order of text around or breaks lines.
const UNSEEN = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * JSON in which no character gives a terminal orders or makes a line look like another: they are written as `\u009b`,
 * which every parser reads as the same value. (JSON itself does so for the controls below the blank.)
 */
export function stringifyVisibly(value: unknown): string {
  return (JSON.stringify(value) ?? 'null').replace(
    UNSEEN,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
