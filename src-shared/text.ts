import { z } from 'zod';

/** The most characters (Unicode code points) that a text from a caller may have. */
export const MAX_CALLER_TEXT_LENGTH = 200;

// C0 and C1 controls, line and paragraph separators, zero-width and bidi formatting characters, the byte order
// mark, and tag characters: each can make a prompt or a log line say something else than it holds.
const MISLEADING_CHARACTERS =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** `text` without control, invisible and bidi-formatting characters; lone surrogates become U+FFFD. */
export function stripMisleadingCharacters(text: string): string {
  return text.replace(/[\ud800-\udfff]/gu, '\ufffd').replace(MISLEADING_CHARACTERS, '');
}

/**
 * A text that a caller gives and people will read (user id, reason, name): 1 to 200 characters, cleaned of what
 * could mislead the reader. Longer texts are refused, not cut.
 */
export const callerTextSchema = z
  .string()
  .refine(
    (text) => [...text].length <= MAX_CALLER_TEXT_LENGTH,
    `must have at most ${MAX_CALLER_TEXT_LENGTH} characters`,
  )
  .overwrite(stripMisleadingCharacters)
  .refine((text) => text.trim().length > 0, 'must not be empty')
  .meta({ minLength: 1, maxLength: MAX_CALLER_TEXT_LENGTH });
