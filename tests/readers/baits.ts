/** Makes a text of about so many characters, all of them below U+0100 where it is for readers of bytes. */
export type Bait = (length: number) => string;

/** `piece` again and again, whole each time: what is right stays right however long it gets. */
export function repeat(piece: string): Bait {
  return (length) => piece.repeat(Math.max(1, Math.floor(length / piece.length)));
}

/** `piece` again and again between a begin and an end that stand once. */
export function between(begin: string, piece: string, end: string): Bait {
  return (length) => begin + repeat(piece)(Math.max(0, length - begin.length - end.length)) + end;
}

/** As many openers as closers, each inside the other. */
export function nested(opener: string, closer: string): Bait {
  return (length) => {
    const depth = Math.floor(length / (opener.length + closer.length));
    return opener.repeat(depth) + closer.repeat(depth);
  };
}

/** Characters of `alphabet`, all of them below U+0100, without an order, the same each time. */
export function scattered(alphabet: string): Bait {
  const codes = Buffer.from(alphabet, 'latin1');
  return (length) => {
    const text = Buffer.allocUnsafe(length);
    let state = 1;
    for (let at = 0; at < length; at += 1) {
      state = (state * 48_271) % 0x7fffffff;
      text[at] = codes[state % codes.length] ?? 0;
    }
    return text.toString('latin1');
  };
}

/** What readers of every kind are tried with. */
export const USUAL_BAITS: Readonly<Record<string, Bait>> = {
  'one long word': repeat('a'),
  digits: repeat('0'),
  blanks: between('', ' ', 'x'),
  'tabs and line feeds': between('', '\t\n', 'x'),
  'line feeds': repeat('\n'),
  'carriage returns': repeat('\r'),
  'CR LF': repeat('\r\n'),
  NUL: repeat('\0'),
  'single quotes': repeat("'"),
  'double quotes': repeat('"'),
  'quotes by turns': repeat(`'"`),
  backslashes: repeat('\\'),
  'escaped quotes': repeat('\\"'),
  'per cent signs': repeat('%'),
  'per cent escapes': repeat('%41'),
  'round brackets': nested('(', ')'),
  'square brackets': nested('[', ']'),
  'curly brackets': nested('{', '}'),
  'angle brackets': nested('<', '>'),
  'brackets that never close': repeat('([{<'),
  'brackets that were never opened': repeat(')]}>'),
  commas: repeat(','),
  semicolons: repeat(';'),
  'colons and dots': repeat(':.'),
  slashes: repeat('/'),
  'folders above': repeat('../'),
  'dots between letters': repeat('a.'),
  'equals signs': repeat('='),
  'the same key': repeat('a=b; '),
  'the same field': repeat('a=b&'),
  'headers that go on': repeat('a: b\r\n '),
  'ampersands and question marks': repeat('&?#'),
  stars: repeat('*a'),
  hyphens: repeat('-'),
  'an array of numbers': between('[', '1,', '1]'),
  'the same JSON key': between('{', '"a":1,', '"a":1}'),
  'JSON keys inside each other': nested('{"a":', '}'),
  'JSON arrays inside each other': nested('[', ']'),
  'shell openers': repeat('$(`'),
  punctuation: scattered('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~ \n'),
  'letters and separators': scattered('ab01.:/=;,%@ -_"'),
};

/** What readers of text are tried with besides: what no byte can say. */
export const UNICODE_BAITS: Readonly<Record<string, Bait>> = {
  'high surrogates': repeat('\ud800'),
  'surrogates in the wrong order': repeat('\udc00\ud800'),
  'characters of two units': repeat('💧'),
  'combining marks': between('a', '\u0301', ''),
  'bidi controls': repeat('\u202e\u2066'),
  tags: repeat('\u{e0061}'),
  'line separators': repeat('\u2028'),
  'letters that grow when they are lowered': repeat('İ'),
};
