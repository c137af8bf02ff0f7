import { createOpenApiDocument } from '../../../src-main/http/openapi.ts';
import { ERROR_KINDS } from '../../../src-shared/errors.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly format?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

interface Operation {
  readonly summary: string;
  readonly parameters?: readonly { in: string; name: string; required?: boolean; schema: Schema }[];
  readonly requestBody?: { content: { 'application/json': { schema: Schema } } };
  readonly responses: Readonly<
    Record<string, { description: string; content?: Readonly<Record<string, { schema: Schema }>> }>
  >;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const INTRODUCTION = `# The API

The agent answers at \`http://127.0.0.1:8000\` (\`--port\`, \`--host\`). Bodies and answers are JSON in UTF-8. An empty
body counts as \`{}\`. Fields, query parameters and values that are not named here are refused. Times are ISO 8601 in
UTC. The same, for machines, is at \`/api/openapi.json\`, which is OpenAPI 3.1 and made from the schemas that check each
request.

A refusal has a status from 400 on and the body \`{"success": false, "error": "<code>", "message": "<sentence>"}\`; the
codes are at the end of this page. Those that anything can be answered with are not repeated at each address.

This page is made from the source: \`npx vitest run tests/unit/http/api-page.test.ts -u\` writes it anew, and a test
fails where it is out of date.`;

const EVENTS = `## Messages of \`/api/events\`

Each is a JSON object \`{"event", "seq", "data"}\`. On connect and after each change comes a \`snapshot\`: everything that
is live, all requests that wait for approval, and whether the owner has locked the agent, as of event \`seq\`. Every
event of a session or of the agent comes once, with a \`seq\` that rises by one, across restarts too. A client that comes
back with \`?since=<seq>\` gets first what it missed; a \`gap\` tells it that some of that is no longer kept. The socket
only tells: a client that sends anything is cut off, and so is one that does not read or answers no ping.`;

/** The page \`docs/api.md\`, made from the OpenAPI document and the error catalogue. */
export function renderApiPage(): string {
  const document = createOpenApiDocument('') as Document;
  const common = commonCodes(document);
  const sections = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) =>
      renderOperation(document, `${method.toUpperCase()} ${path}`, operation, common),
    ),
  );
  return `${[INTRODUCTION, '## Addresses', ...sections, EVENTS, renderErrors()].join('\n\n')}\n`;
}

function codesOf({ responses }: Operation): string[] {
  return Object.values(responses).flatMap(({ description }) =>
    [...description.matchAll(/^`(\w+)`/gm)].map(([, code]) => String(code)),
  );
}

/** The codes that every operation has. */
function commonCodes({ paths }: Document): ReadonlySet<string> {
  const all = Object.values(paths).flatMap((operations) => Object.values(operations).map(codesOf));
  return new Set((all[0] ?? []).filter((code) => all.every((codes) => codes.includes(code))));
}

function renderOperation(
  document: Document,
  title: string,
  operation: Operation,
  common: ReadonlySet<string>,
): string {
  const { summary, parameters = [], requestBody, responses } = operation;
  const query = parameters.filter((parameter) => parameter.in === 'query');
  const body = requestBody?.content['application/json'].schema;
  const errors = codesOf(operation).filter((code) => !common.has(code));
  const lines = [`### \`${title}\``, '', `${summary}.`];
  const list = (heading: string, items: readonly string[]): void => {
    if (items.length > 0) lines.push('', `${heading}:`, '', ...items);
  };
  list(
    'Query',
    query.map(({ name, schema, required }) => renderField(document, name, schema, required === true)),
  );
  if (body) list('Body', renderFields(document, body, true));
  for (const [status, { content = {} }] of Object.entries(responses)) {
    if (status >= '400') continue;
    for (const [mediaType, { schema }] of Object.entries(content)) {
      if (mediaType === 'application/json') list(`Answer ${status}`, renderFields(document, schema, false));
      else lines.push('', `Answer ${status}: \`${mediaType}\`.`);
    }
  }
  if (errors.length > 0) lines.push('', `Refusals: ${errors.map((code) => `\`${code}\``).join(', ')}.`);
  return lines.join('\n');
}

function renderFields(document: Document, given: Schema, saysWhatIsNeeded: boolean): string[] {
  const schema = resolve(document, given);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) {
    return choices.flatMap((choice, index) => [
      ...(index === 0 ? [] : ['', 'or:', '']),
      ...renderFields(document, choice, saysWhatIsNeeded),
    ]);
  }
  return Object.entries(schema.properties ?? {}).map(([name, part]) =>
    renderField(document, name, part, schema.required?.includes(name) ?? false, saysWhatIsNeeded),
  );
}

function renderField(
  document: Document,
  name: string,
  schema: Schema,
  isRequired: boolean,
  saysWhatIsNeeded = true,
): string {
  const { default: fallback } = schema;
  const notes = [
    describeType(document, schema),
    ...(saysWhatIsNeeded && isRequired ? ['needed'] : []),
    ...(!saysWhatIsNeeded && !isRequired ? ['not always'] : []),
    ...(fallback === undefined ? [] : [`${JSON.stringify(fallback)} if left out`]),
  ];
  return `- \`${name}\`: ${notes.join('; ')}`;
}

function describeType(document: Document, given: Schema): string {
  const name = given.$ref?.split('/').at(-1);
  const schema = resolve(document, given);
  if (name !== undefined) return `a ${name}`;
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map((choice) => describeType(document, choice)).join(' or ');
  switch (schema.type) {
    case 'array':
      return `list of ${describeType(document, schema.items ?? {})}`;
    case 'object':
      return schema.properties ? `object with ${Object.keys(schema.properties).join(', ')}` : 'object';
    case 'integer':
      return `whole number${describeRange(schema)}`;
    case 'number':
      return `number${describeRange(schema)}`;
    case 'string':
      if (schema.format === 'date-time') return 'time';
      return schema.maxLength === undefined ? 'text' : `text of at most ${schema.maxLength} characters`;
    default:
      return schema.type ?? 'anything';
  }
}

function describeRange({ minimum, exclusiveMinimum, maximum }: Schema): string {
  const lowest = exclusiveMinimum === undefined ? minimum : `above ${exclusiveMinimum}`;
  const isBounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  if (isBounded) return lowest === undefined ? ` up to ${maximum}` : ` from ${lowest} to ${maximum}`;
  return lowest === undefined || lowest === 0 ? '' : ` from ${lowest}`;
}

function resolve({ components }: Document, schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : (components.schemas[name] ?? schema);
}

function renderErrors(): string {
  const rows = Object.entries(ERROR_KINDS).map(
    ([code, { status, message }]) => `| \`${code}\` | ${status} | ${message} |`,
  );
  return ['## Error codes', '', '| code | status | usual message |', '|---|---|---|', ...rows].join('\n');
}
