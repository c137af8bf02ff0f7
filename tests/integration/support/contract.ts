import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { createOpenApiDocument } from '../../../src-main/http/openapi.ts';
import { ERROR_KINDS, type ErrorCode } from '../../../src-shared/errors.ts';

/** The OpenAPI document as far as the tests read it. */
export interface OpenApiDocument {
  readonly components: object;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** One operation of the document. */
export interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly in: 'path' | 'query';
    readonly name: string;
    readonly required?: boolean;
    readonly schema: object;
  }[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content: { readonly 'application/json': { readonly schema: object } };
  };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, object>> }>
  >;
}

/** An answer as it came over the wire; `body` is parsed, or undefined where there was none. */
export interface WireAnswer {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: unknown;
}

/** The document that the agent under test serves. */
export const DOCUMENT = createOpenApiDocument('0.0.0-test') as OpenApiDocument;

const ajv = new Ajv2020({ strict: true, allErrors: true, validateFormats: true });
addFormats.default(ajv);
// The words of OpenAPI around the schemas, and the one in them, which only helps to read a oneOf.
ajv.addVocabulary(['paths', 'components', 'discriminator']);
ajv.addSchema({ paths: DOCUMENT.paths, components: DOCUMENT.components }, 'porthole', undefined, false);

const validators = new Map<string, ValidateFunction>();

/** A validator for the part of the document that `pointer` leads to, key by key. */
export function validatorAt(...pointer: readonly string[]): ValidateFunction {
  const fragment = pointer
    .map((key) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');
  const known = validators.get(fragment);
  if (known) return known;
  const validator = ajv.compile({ $ref: `porthole#/${fragment}` });
  validators.set(fragment, validator);
  return validator;
}

/** The documented operation that takes a request, and its path in the document; null if there is none. */
export function findOperation(
  method: string,
  target: string,
): { readonly path: string; readonly method: string; readonly operation: Operation } | null {
  const pathname = target.split(/[?#]/)[0] ?? '';
  const verb = method.toLowerCase() === 'head' ? 'get' : method.toLowerCase();
  for (const [path, operations] of Object.entries(DOCUMENT.paths)) {
    if (!isPathOf(path, pathname)) continue;
    const operation = operations[verb];
    if (operation) return { path, method: verb, operation };
  }
  return null;
}

function isPathOf(template: string, pathname: string): boolean {
  const given = pathname.split('/');
  const wanted = template.split('/');
  return (
    given.length === wanted.length &&
    wanted.every((part, index) => (part.startsWith('{') ? given[index] !== '' : part === given[index]))
  );
}

/**
 * Throws, saying what is wrong, unless `answer` is one that the document promises to this request. A request that
 * the document does not know must be refused in the shape and with a code of the error catalogue.
 */
export function assertKeepsContract(method: string, target: string, answer: WireAnswer): void {
  const where = `${method} ${target} -> ${answer.status} ${JSON.stringify(answer.body)}`;
  const found = findOperation(method, target);
  if (answer.status >= 400) assertIsRefusal(where, answer);
  if (!found) {
    if (answer.status < 400) throw new Error(`${where}: no such operation is documented`);
    return;
  }
  const { path, method: verb, operation } = found;
  const documented = operation.responses[String(answer.status)];
  if (!documented) throw new Error(`${where}: ${operation.operationId} does not document this status`);
  if (!documented.content && answer.contentType === null) return;
  const mediaType = answer.contentType?.split(';')[0] ?? '';
  if (!documented.content?.[mediaType]) {
    throw new Error(`${where}: ${operation.operationId} does not document ${answer.contentType}`);
  }
  if (mediaType !== 'application/json' || method.toUpperCase() === 'HEAD') return;
  const validate = validatorAt(
    'paths',
    path,
    verb,
    'responses',
    String(answer.status),
    'content',
    mediaType,
    'schema',
  );
  if (!validate(answer.body)) {
    throw new Error(
      `${where}: ${operation.operationId} promises otherwise: ${ajv.errorsText(validate.errors)}`,
    );
  }
}

function assertIsRefusal(where: string, { status, contentType, body }: WireAnswer): void {
  if (contentType !== 'application/json; charset=utf-8')
    throw new Error(`${where}: ${contentType} is not JSON`);
  if (body === undefined) return;
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const { success, error, message, ...rest } = isObject ? (body as Record<string, unknown>) : {};
  const kind = typeof error === 'string' && error in ERROR_KINDS ? ERROR_KINDS[error as ErrorCode] : null;
  const isSentence =
    typeof message === 'string' && /^[^\n]+\.$/.test(message) && !/\bat .*:\d+:\d+/.test(message);
  if (success !== false || kind?.status !== status || !isSentence || Object.keys(rest).length > 0) {
    throw new Error(`${where}: not the shape of a refusal`);
  }
}
