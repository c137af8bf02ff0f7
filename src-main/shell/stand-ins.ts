const FIRST = 0xe000;
const LAST = 0xf8ff;
/** What shells give a meaning to, or what every grammar takes for the letter that it is: printable ASCII, tab, newline. */
const PLAIN = /[^\t\n\x20-\x7e]/g;

/** A line in which whatever is no plain ASCII has become a letter of the private use area. */
export interface StandInText {
  readonly text: string;
  /** Puts the characters back. */
  restore(text: string): string;
}

/**
 * Replaces every character that grammars of shells take for a blank and shells do not (a carriage return, a no-break
 * space, a form feed) by one that both take for a letter. A shell knows two blanks, space and tab; everything that is
 * no ASCII is a letter to it. The text keeps its length. Null if there are too many different characters.
 */
export function standIn(line: string): StandInText | null {
  const forward = new Map<string, string>();
  const back = new Map<string, string>();
  let next = FIRST;
  const text = line.replace(PLAIN, (character) => {
    let known = forward.get(character);
    if (known === undefined) {
      known = String.fromCharCode(next);
      next += 1;
      forward.set(character, known);
      back.set(known, character);
    }
    return known;
  });
  if (next > LAST + 1) return null;
  return {
    text,
    restore: (part) => part.replace(/[\ue000-\uf8ff]/g, (letter) => back.get(letter) ?? letter),
  };
}
