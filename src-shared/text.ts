import { z } from 'zod';

/** The most characters (Unicode code points) that a text from a caller may have. */
export const MAX_CALLER_TEXT_LENGTH = 200;

// Controls, invisible and bidi-formatting characters, line and paragraph separators, letters that look like nothing at
// all: each can make a prompt or a log line say something else than it holds. What makes a sign a picture stays, as a
// mark among others.
const MISLEADING_CHARACTERS =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u2800]|(?![\ufe0e\ufe0f])\p{Default_Ignorable_Code_Point}/gu;
// No script needs more than four marks on one character, and a pile of them paints over other lines.
const UNSUPPORTED_MARKS = /(?<=^|\p{M}{4})\p{M}+/gu;

/**
 * `text` without control, invisible and bidi-formatting characters and without marks that are piled up or stand on
 * nothing; lone surrogates become U+FFFD, blanks of other widths plain ones.
 */
export function stripMisleadingCharacters(text: string): string {
  return text
    .replace(/\p{Cs}/gu, '\ufffd')
    .replace(MISLEADING_CHARACTERS, '')
    .replace(/\p{Zs}/gu, ' ')
    .replace(UNSUPPORTED_MARKS, '');
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
