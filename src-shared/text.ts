import { z } from 'zod';

/** The most characters (Unicode code points) that a text from a caller may have. */
export const MAX_CALLER_TEXT_LENGTH = 200;

// Controls, invisible and bidi-formatting characters, line and paragraph separators: each can make a prompt or a
// log line say something else than it holds.
const MISLEADING_CHARACTERS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** `text` without control, invisible and bidi-formatting characters; lone surrogates become U+FFFD. */
export function stripMisleadingCharacters(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd').replace(MISLEADING_CHARACTERS, '');
}

/**
 * A text that a caller gives and people will read (user id, reason, name): 1 to 200 characters, cleaned of what
 * could mislead the reader. Longer texts are refused, not cut.
 */
export const callerTextSchema = z
  .string()
  .refine(
    // A character is one or two code units; of what is longer in any case the characters need not be counted.
    (text) => text.length <= 2 * MAX_CALLER_TEXT_LENGTH && [...text].length <= MAX_CALLER_TEXT_LENGTH,
    `must have at most ${MAX_CALLER_TEXT_LENGTH} characters`,
  )
  .overwrite(stripMisleadingCharacters)
  .refine((text) => text.trim().length > 0, 'must not be empty')
  .meta({ minLength: 1, maxLength: MAX_CALLER_TEXT_LENGTH });
