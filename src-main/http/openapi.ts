import { z } from 'zod';
import { createDocument, type ZodOpenApiPathsObject, type ZodOpenApiResponsesObject } from 'zod-openapi';
import { API, type Endpoint, healthSchema } from '#shared/api';
import { ERROR_KINDS, type ErrorCode } from '#shared/errors';
import { EVENTS_PATH } from './event-socket.ts';

/** Refusals that anything at all may be answered with. */
const COMMON_ERRORS: readonly ErrorCode[] = [
  'invalid_request',
  'access_denied',
  'host_not_allowed',
  'origin_not_allowed',
  'internal_error',
];

/** Refusals of a body, which any endpoint of the API reads. */
const BODY_ERRORS: readonly ErrorCode[] = ['payload_too_large', 'unsupported_media_type'];

/** What is served besides the endpoints of {@link API}. */
const SERVICE_PATHS: ZodOpenApiPathsObject = {
  '/healthz': {
    get: {
      operationId: 'health',
      summary: 'Whether the agent answers',
      responses: describeResponses(healthSchema, []),
    },
  },
  '/api/openapi.json': {
    get: {
      operationId: 'openapi',
      summary: 'This document',
      responses: describeResponses(z.looseObject({ openapi: z.string() }), []),
    },
  },
  '/stream/{session_id}': {
    get: {
      operationId: 'stream',
      summary: 'The screen as an endless multipart answer of JPEG parts; an <img> plays it',
      requestParams: { path: z.object({ session_id: z.string() }) },
      responses: {
        '200': {
          description: 'The stream',
          content: { 'multipart/x-mixed-replace': { schema: { type: 'string', format: 'binary' } } },
        },
        ...describeErrors(['session_not_found', 'stream_ended', 'too_many_viewers']),
      },
    },
  },
  '/api/remote/commands/{command_id}/screenshots/{moment}': {
    get: {
      operationId: 'commandScreenshot',
      summary: 'The screen before or after a command, as JPEG',
      requestParams: { path: z.object({ command_id: z.string(), moment: z.enum(['before', 'after']) }) },
      responses: {
        '200': {
          description: 'The picture',
          content: { 'image/jpeg': { schema: { type: 'string', format: 'binary' } } },
        },
        ...describeErrors(['command_not_found', 'not_found']),
      },
    },
  },
  '/api/remote/export/{session_id}': {
    get: {
      operationId: 'exportSession',
      summary: 'A session and all its commands as JSON lines, oldest first',
      requestParams: { path: z.object({ session_id: z.string() }) },
      responses: {
        '200': {
          description: 'The session in the first line, a command in each other',
          content: { 'application/x-ndjson': { schema: { type: 'string' } } },
        },
        ...describeErrors(['session_not_found']),
      },
    },
  },
  [EVENTS_PATH]: {
    get: {
      operationId: 'events',
      summary: 'WebSocket: every event as it happens, and a snapshot of all that is live after each change',
      requestParams: {
        query: z.object({
          since: z
            .string()
            .optional()
            .meta({
              description:
                'The `seq` of the last event that the client has seen; what came after it comes first',
              override: { type: 'integer', minimum: 0 },
            }),
        }),
      },
      responses: {
        '101': { description: 'The connection is a WebSocket now' },
        // Without an upgrade there is nothing at this address.
        ...describeErrors(['not_found', 'too_many_connections']),
      },
    },
  },
};

/** The OpenAPI 3.1 document of everything that is served, made from the schemas that also validate it. */
export function createOpenApiDocument(version: string): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const [name, endpoint] of Object.entries<Endpoint>(API)) {
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method]: describeOperation(name, endpoint) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: { title: 'Porthole session API', version, license: { name: 'MIT', identifier: 'MIT' } },
    paths: { ...paths, ...SERVICE_PATHS },
  });
}

function describeOperation(name: string, endpoint: Endpoint) {
  const hasBody = endpoint.method === 'post';
  // An empty body counts as {}.
  const needsBody = !endpoint.body.safeParse({}).success;
  return {
    operationId: name,
    summary: endpoint.summary,
    requestParams: { path: endpoint.params, query: endpoint.query },
    ...(hasBody
      ? { requestBody: { required: needsBody, content: { 'application/json': { schema: endpoint.body } } } }
      : {}),
    responses: describeResponses(endpoint.answer, [...BODY_ERRORS, ...endpoint.errors], endpoint.status),
  };
}

function describeResponses(
  answer: z.ZodType,
  errors: readonly ErrorCode[],
  status: 200 | 202 = 200,
): ZodOpenApiResponsesObject {
  return {
    [`${status}`]: {
      description: status === 200 ? 'Done' : 'Taken',
      content: { 'application/json': { schema: answer } },
    },
    ...describeErrors(errors),
  };
}

function describeErrors(codes: readonly ErrorCode[]): ZodOpenApiResponsesObject {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of [...COMMON_ERRORS, ...codes]) {
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
