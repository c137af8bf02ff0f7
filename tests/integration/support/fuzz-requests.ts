import fc from 'fast-check';
import { MAX_BODY_BYTES } from '../../../src-main/http/json-body.ts';
import { DOCUMENT, type Operation } from './contract.ts';
import { arbitraryOf } from './schema-arbitrary.ts';

/** One request to try the agent with. */
export interface FuzzRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
  /** Made as the document says in every part: may be refused for what it asks, but not as malformed. */
  readonly isProper: boolean;
}

const operations = Object.entries(DOCUMENT.paths).flatMap(([template, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    template,
    method: method.toUpperCase(),
    operation,
  })),
);

const POLLUTING = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const withMetadata = (value: string): string => `{"metadata":${value}}`;

/** Bodies that no client should send. */
const strangeBody: fc.Arbitrary<Buffer> = fc.oneof(
  fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom(
      POLLUTING,
      withMetadata(POLLUTING),
      withMetadata(`{"a":${POLLUTING}}`),
      '{"toString":1,"hasOwnProperty":2,"__defineGetter__":3}',
      '{"user_id":"a","user_id":7}',
      withMetadata(nested(9)),
      withMetadata(nested(5000)),
      '['.repeat(MAX_BODY_BYTES - 10),
      withMetadata(`{"a":"${'x'.repeat(20_000)}"}`),
      '{"user_id":"\\ud800"}',
      '{"session_id":"screen_00000000\\u0000"}',
      '{"user_id":1e999}',
      '\ufeff{}',
      'null',
      '""',
      '-0',
      'NaN',
    )
    .map((text) => Buffer.from(text)),
  fc.constant(Buffer.from(`{"user_id":"${'x'.repeat(MAX_BODY_BYTES)}"}`)),
  // Broken UTF-8.
  fc
    .constantFrom('{"user_id":"\xff"}', '\xff\xfe{}', '{"a":"\xc0\x80"}', '\xed\xa0\x80')
    .map((text) => Buffer.from(text, 'latin1')),
);

/** Bodies that are right but for one field. */
function bentBody(operation: Operation): fc.Arbitrary<Buffer> {
  const schema = operation.requestBody?.content['application/json'].schema ?? {};
  const fields = Object.keys('properties' in schema ? (schema.properties as object) : {});
  return fc
    .record({
      good: arbitraryOf(schema),
      field: fc.constantFrom('surprise', '__proto__', 'constructor', ...fields),
      value: fc.jsonValue({ maxDepth: 3 }),
    })
    .map(({ good, field, value }) => {
      const others = Object.entries({ ...(good as object) }).filter(([name]) => name !== field);
      // By hand, because an object literal would take __proto__ for its prototype.
      const members = [...others, [field, value]].map((pair) =>
        pair.map((part) => JSON.stringify(part)).join(':'),
      );
      return Buffer.from(`{${members.join()}}`);
    });
}

const strangeId = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
  fc.constantFrom(
    ...[
      '..',
      '../..',
      '../../etc/passwd',
      '.',
      '%',
      '\u0000',
      'remote_00000000/../x',
      "' OR 1=1",
      '__proto__',
    ],
    'x'.repeat(5000),
  ),
);

const strangeValue = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      '-1',
      '0',
      '1e9',
      '1e-9',
      'abc',
      'NaN',
      'Infinity',
      '0x10',
      '1,5',
      ' 1',
      '1 ',
      '١',
      '-0',
      '1.',
      '.5',
    ],
    ...['99999999999999999999', 'null', '[]', '\u0000'],
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.double().map(String),
);

const strangeHeaders: fc.Arbitrary<Record<string, string>> = fc.oneof(
  fc
    .constantFrom(
      ...['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', '', '/'],
      ...[
        'application/json; charset=utf-16',
        'application/json; charset=utf-8; charset=utf-16',
        'application/json;;;',
      ],
    )
    .map((type) => ({ 'content-type': type })),
  fc
    .constantFrom<[string, string][]>(
      ['content-encoding', 'gzip'],
      ['content-encoding', 'br'],
      ['content-encoding', 'unknown'],
      ['range', 'bytes=5-2'],
      ['if-none-match', '*'],
      ['if-match', '"x"'],
      ['accept', 'text/html'],
      ['expect', '100-continue'],
      ['cookie', 'porthole_window=x; =; a'],
      ['x-http-method-override', 'DELETE'],
    )
    .map(([name, value]) => ({ 'content-type': 'application/json', [name]: value })),
);

const BENT_TARGETS: Readonly<Record<string, (target: string) => string>> = {
  'slash behind': (target) => `${target}/`,
  'slash before': (target) => `/${target}`,
  capitals: (target) => target.toUpperCase(),
  'double slash': (target) => target.replace('/api/', '/api//'),
  'dot part': (target) => target.replace('/api/', '/api/./'),
  'dots part': (target) => target.replace('/api/', '/api/../'),
  'encoded slashes': (target) => `/${target.slice(1).replaceAll('/', '%2f')}`,
  'broken escape': (target) => `${target}%zz`,
  'half an escape': (target) => `${target}%`,
  'escape of no text': (target) => `${target}%ff`,
  'path parameter': (target) => `${target};a=b`,
  fragment: (target) => `${target}#fragment`,
  'empty query': (target) => `${target}?`,
  'query of nothing': (target) => `${target}?&&==&`,
  'query to prototypes': (target) => `${target}?__proto__=1&constructor=2`,
  'query of brackets': (target) => `${target}?a[b]=1&a[__proto__][c]=2`,
  'long query': (target) => `${target}?${'a=1&'.repeat(1500)}`,
  backslashes: (target) => `${target}\\..\\..`,
};

const wrongMethod = fc.constantFrom(
  ...['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'PROPFIND', 'TRACE'],
);

/** One of `arbitrary` about every `times` times, else null. */
function oncePer<T>(times: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: times - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

/** What a request is made of: as the document describes it, with what is bent about it, or null where nothing is. */
export const fuzzParts = fc.constantFrom(...operations).chain(({ template, method, operation }) => {
  const queries = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
  const query = fc.record(
    Object.fromEntries(queries.map(({ name, schema }) => [name, arbitraryOf(schema).map(String)])),
    { requiredKeys: queries.filter(({ required }) => required).map(({ name }) => name) },
  );
  const { content, required } = operation.requestBody ?? {};
  const schema = content?.['application/json'].schema;
  const goodBody = schema ? arbitraryOf(schema) : fc.constant(null);
  return fc.record({
    template: fc.constant(template),
    method: fc.constant(method),
    query,
    body: required ? goodBody : fc.option(goodBody),
    draw: fc.nat(),
    bent: fc.record({
      method: oncePer(12, wrongMethod),
      id: oncePer(6, strangeId),
      query: oncePer(
        6,
        fc.tuple(fc.constantFrom('surprise', ...queries.map(({ name }) => name)), strangeValue),
      ),
      target: oncePer(12, fc.constantFrom(...Object.keys(BENT_TARGETS))),
      headers: oncePer(10, strangeHeaders),
      body: oncePer(5, schema ? fc.oneof(strangeBody, bentBody(operation)) : strangeBody),
    }),
  });
});
/** What {@link fuzzParts} gives. */
export type FuzzParts = typeof fuzzParts extends fc.Arbitrary<infer T> ? T : never;

/** The request that `parts` make; `knownId` finds an id of the kind that a path is about, by lot. */
export function makeRequest(
  { template, draw, bent, ...parts }: FuzzParts,
  knownId: (path: string, draw: number) => string,
): FuzzRequest {
  const id = bent.id === null ? knownId(template, draw) : encode(bent.id);
  const query = [...Object.entries(parts.query), ...(bent.query ? [bent.query] : [])]
    .map(([name, value = '']) => `${encode(name)}=${encode(value)}`)
    .join('&');
  const path = template.replaceAll(/\{\w+\}/g, id) + (query === '' ? '' : `?${query}`);
  const body =
    typeof parts.body === 'object' && parts.body !== null && 'session_id' in parts.body
      ? { ...parts.body, session_id: knownId(template, draw) }
      : parts.body;
  return {
    method: bent.method ?? parts.method,
    target: BENT_TARGETS[bent.target ?? '']?.(path) ?? path,
    headers: bent.headers ?? { 'content-type': 'application/json' },
    body: bent.body ?? (body === null ? null : Buffer.from(JSON.stringify(body))),
    isProper: Object.values(bent).every((part) => part === null),
  };
}

/** Percent-encodes any text, lone surrogates (which have no UTF-8) aside. */
function encode(text: string): string {
  return encodeURIComponent(text.replaceAll(/\p{Cs}/gu, ''));
}
