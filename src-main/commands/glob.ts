/** Whether a text is one that a glob means. */
export type GlobTest = (text: string) => boolean;

/**
 * What a glob matches as a whole: `*` stands for any characters, `?` for any one. Between stars the leftmost place is
 * always as good as any later one, so that nothing is tried twice, however many stars there are.
 */
export function compileGlob(glob: string): GlobTest {
  const [first = compilePiece(''), ...others] = glob.split(/\*+/).map(compilePiece);
  const last = others.pop();
  if (last === undefined) return (text) => first.endFrom(text, 0) === text.length;
  return (text) => {
    const end = last.startUpTo(text, text.length);
    let at = first.endFrom(text, 0);
    for (const piece of others) {
      if (at < 0) return false;
      at = piece.findEnd(text, at);
    }
    return at >= 0 && at <= end;
  };
}

/** What stands between stars. Positions of -1 mean that it is not there. */
interface Piece {
  /** Where it ends if it begins at `start`. */
  endFrom(text: string, start: number): number;
  /** Where it begins if it ends at `end`. */
  startUpTo(text: string, end: number): number;
  /** Where it ends if it begins as early as it can from `start` on. */
  findEnd(text: string, start: number): number;
}

function compilePiece(piece: string): Piece {
  return piece.includes('?') ? new OpenPiece(piece) : new LiteralPiece(piece);
}

class LiteralPiece implements Piece {
  readonly #literal: string;

  constructor(literal: string) {
    this.#literal = literal;
  }

  endFrom(text: string, start: number): number {
    return text.startsWith(this.#literal, start) ? start + this.#literal.length : -1;
  }

  startUpTo(text: string, end: number): number {
    return text.endsWith(this.#literal, end) ? end - this.#literal.length : -1;
  }

  findEnd(text: string, start: number): number {
    const at = text.indexOf(this.#literal, start);
    return at < 0 ? -1 : at + this.#literal.length;
  }
}

/** One with question marks, each of which takes a whole character, be it of two code units. */
class OpenPiece implements Piece {
  readonly #characters: readonly string[];

  constructor(piece: string) {
    this.#characters = [...piece];
  }

  endFrom(text: string, start: number): number {
    let at = start;
    for (const character of this.#characters) {
      if (at >= text.length) return -1;
      if (character === '?') at += isPair(text, at) ? 2 : 1;
      else if (text.startsWith(character, at)) at += character.length;
      else return -1;
    }
    return at;
  }

  startUpTo(text: string, end: number): number {
    let at = end;
    for (let index = this.#characters.length - 1; index >= 0; index -= 1) {
      if (at <= 0) return -1;
      const character = this.#characters[index] ?? '';
      if (character === '?') at -= isPair(text, at - 2) ? 2 : 1;
      else if (text.endsWith(character, at)) at -= character.length;
      else return -1;
    }
    return at;
  }

  findEnd(text: string, start: number): number {
    for (let at = start; at <= text.length; at += isPair(text, at) ? 2 : 1) {
      const end = this.endFrom(text, at);
      if (end >= 0) return end;
    }
    return -1;
  }
}

function isPair(text: string, at: number): boolean {
  return (text.codePointAt(at) ?? 0) > 0xffff;
}
