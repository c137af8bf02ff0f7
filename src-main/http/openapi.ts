import { z } from 'zod';
import { createDocument, type ZodOpenApiPathsObject, type ZodOpenApiResponsesObject } from 'zod-openapi';
import { API, type Endpoint } from '#shared/api';
import { ERROR_KINDS, type ErrorCode } from '#shared/errors';

/** Refusals that any endpoint may answer with. */
const COMMON_ERRORS: readonly ErrorCode[] = [
  'invalid_request',
  'access_denied',
  'host_not_allowed',
  'origin_not_allowed',
  'payload_too_large',
  'unsupported_media_type',
  'too_many_connections',
  'internal_error',
  'shutting_down',
];

/** The OpenAPI 3.1 document of the JSON API, made from the schemas that also validate it. */
export function createOpenApiDocument(version: string): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const [name, endpoint] of Object.entries<Endpoint>(API)) {
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method]: describeOperation(name, endpoint) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: { title: 'Porthole session API', version, license: { name: 'MIT', identifier: 'MIT' } },
    paths,
  });
}

function describeOperation(name: string, endpoint: Endpoint) {
  const hasBody = endpoint.method === 'post';
  return {
    operationId: name,
    summary: endpoint.summary,
    requestParams: { path: endpoint.params, query: endpoint.query },
    ...(hasBody
      ? { requestBody: { required: false, content: { 'application/json': { schema: endpoint.body } } } }
      : {}),
    responses: {
      '200': { description: 'Done', content: { 'application/json': { schema: endpoint.answer } } },
      ...describeErrors([...COMMON_ERRORS, ...endpoint.errors]),
    },
  };
}

function describeErrors(codes: readonly ErrorCode[]): ZodOpenApiResponsesObject {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = ERROR_KINDS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses: Record<string, object> = {};
  for (const [status, codesOfStatus] of byStatus) {
    const schema = z.object({ success: z.literal(false), error: z.enum(codesOfStatus), message: z.string() });
    const description = codesOfStatus.map((code) => `\`${code}\`: ${ERROR_KINDS[code].message}`).join('\n');
    responses[String(status)] = { description, content: { 'application/json': { schema } } };
  }
  return responses as ZodOpenApiResponsesObject;
}
