import { z } from 'zod';
import { createDocument, type ZodOpenApiPathsObject, type ZodOpenApiResponsesObject } from 'zod-openapi';
import { API, type Endpoint, type EndpointName, healthSchema } from '#shared/api';
import { ERROR_KINDS, type ErrorCode } from '#shared/errors';
import { snapshotFormatSchema, snapshotQuerySchema, viewKeyQuery } from '#shared/stream-api';
import { refusalsAt } from '../access/access-table.ts';
import { type RouteName, takesKey } from '../access/routes.ts';
import { EVENTS_PATH } from './event-socket.ts';

/** Refusals that anything at all may be answered with. */
const COMMON_ERRORS: readonly ErrorCode[] = [
  'invalid_request',
  'host_not_allowed',
  'origin_not_allowed',
  'invalid_credentials',
  'too_many_attempts',
  'too_many_connections',
  'internal_error',
];

/** Refusals of a body, which any endpoint of the API reads. */
const BODY_ERRORS: readonly ErrorCode[] = ['payload_too_large', 'unsupported_media_type'];

/** The chapters of the document, in their order. */
const CHAPTER_DESCRIPTIONS = {
  'Remote access': 'Sessions in which commands run, and the commands',
  'Screen share': 'Sessions that show the screen, their pictures, and who watches',
  Sessions: 'What both kinds of session have in common',
  Approvals: 'What waits for the decision of a person',
  Access: 'Tokens, and logging in with one',
  Webhooks: 'Events sent to addresses elsewhere',
  Recordings: 'Screen shares kept as video',
  Settings: 'How this agent behaves',
  Service: 'The agent itself',
} as const;
type Chapter = keyof typeof CHAPTER_DESCRIPTIONS;

/** The chapters of the document, by what the paths in them begin with; the first that fits is it. */
const CHAPTERS: readonly (readonly [start: string, name: Chapter])[] = [
  ['/api/remote/', 'Remote access'],
  ['/api/screen_share/', 'Screen share'],
  ['/stream/', 'Screen share'],
  ['/api/viewers', 'Screen share'],
  ['/api/sessions/', 'Sessions'],
  ['/api/approvals', 'Approvals'],
  ['/api/tokens', 'Access'],
  ['/api/log', 'Access'],
  ['/api/webhooks', 'Webhooks'],
  ['/api/recordings', 'Recordings'],
  ['/api/settings', 'Settings'],
  ['/', 'Service'],
];

/** What is served besides the endpoints of {@link API}. */
const SERVICE_PATHS: ZodOpenApiPathsObject = {
  '/healthz': {
    get: {
      operationId: 'health',
      summary: 'Whether the agent answers',
      responses: describeResponses('health', healthSchema, []),
    },
  },
  '/api/openapi.json': {
    get: {
      operationId: 'openapi',
      summary: 'This document',
      responses: describeResponses('openapi', z.looseObject({ openapi: z.string() }), []),
    },
  },
  '/stream/{session_id}': {
    get: {
      operationId: 'stream',
      summary: 'The screen as an endless multipart answer of JPEG parts; an <img> plays it',
      requestParams: {
        path: z.object({ session_id: z.string() }),
        query: z.object({
          key: viewKeyQuery,
          adaptive: z.literal('1').optional().meta({
            description: 'Over a slow link, take pictures half as wide and high while something moves',
          }),
        }),
      },
      responses: {
        '200': {
          description: 'The stream',
          content: {
            'multipart/x-mixed-replace': { schema: { type: 'string', format: 'binary' } },
            'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
          },
        },
        ...describeErrors('stream', [
          'session_not_found',
          'session_not_active',
          'stream_ended',
          'too_many_viewers',
        ]),
      },
    },
  },
  '/api/screen_share/sources/{source_id}/thumbnail': {
    get: {
      operationId: 'sourceThumbnail',
      summary: 'What a screen or window shows, as a small JPEG',
      requestParams: { path: z.object({ source_id: z.string() }) },
      responses: {
        '200': {
          description: 'The picture',
          content: { 'image/jpeg': { schema: { type: 'string', format: 'binary' } } },
        },
        ...describeErrors('sourceThumbnail', [
          'source_not_found',
          'no_screen',
          'portal_unavailable',
          'screen_permission_denied',
        ]),
      },
    },
  },
  '/stream/{session_id}/snapshot': {
    get: {
      operationId: 'streamSnapshot',
      summary:
        'The screen as it looks now, in one picture; without a query the very bytes of the newest frame',
      requestParams: {
        path: z.object({ session_id: z.string() }),
        query: snapshotQuerySchema,
      },
      responses: {
        '200': {
          description: 'The picture',
          content: Object.fromEntries(
            snapshotFormatSchema.options.map((format) => [
              `image/${format}`,
              { schema: { type: 'string', format: 'binary' } },
            ]),
          ),
        },
        ...describeErrors('streamSnapshot', [
          'session_not_found',
          'session_not_active',
          'stream_ended',
          'no_picture',
          'too_many_viewers',
          'too_many_snapshots',
        ]),
      },
    },
  },
  '/api/recordings/{recording_id}': {
    get: {
      operationId: 'playRecording',
      summary: 'A recording as WebM (VP9), whole or in ranges of bytes',
      requestParams: { path: z.object({ recording_id: z.string() }) },
      responses: {
        '200': {
          description: 'The whole recording',
          content: { 'video/webm': { schema: { type: 'string', format: 'binary' } } },
        },
        '206': {
          description: 'The range that was asked for',
          content: { 'video/webm': { schema: { type: 'string', format: 'binary' } } },
        },
        '304': { description: 'It is what the caller has' },
        ...describeErrors('playRecording', [
          'recording_not_found',
          'recording_running',
          'precondition_failed',
          'range_not_satisfiable',
        ]),
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
        ...describeErrors('commandScreenshot', ['command_not_found', 'not_found']),
      },
    },
  },
  '/metrics': {
    get: {
      operationId: 'metrics',
      summary: 'The agent in figures, for Prometheus',
      responses: {
        '200': { description: 'Metrics', content: { 'text/plain': { schema: { type: 'string' } } } },
        ...describeErrors('metrics', []),
      },
    },
  },
  '/mcp': {
    post: {
      operationId: 'mcp',
      summary: 'The Model Context Protocol, for AI agents: streamable HTTP',
      requestBody: { required: true, content: { 'application/json': { schema: z.looseObject({}) } } },
      responses: {
        '200': {
          description: 'The answer, as server-sent events, or as JSON for clients that accept nothing else',
          content: {
            'text/event-stream': { schema: { type: 'string' } },
            'application/json': { schema: z.looseObject({}) },
          },
        },
        '202': { description: 'Taken' },
        ...describeErrors('mcp', ['not_found', ...BODY_ERRORS]),
      },
    },
    get: {
      operationId: 'mcpListen',
      summary: 'What the MCP server has to say unasked',
      responses: {
        '200': {
          description: 'Server-sent events',
          content: { 'text/event-stream': { schema: { type: 'string' } } },
        },
        ...describeErrors('mcpListen', ['not_found', 'method_not_allowed']),
      },
    },
    delete: {
      operationId: 'mcpEnd',
      summary: 'End an MCP session, and the sessions that were started in it',
      responses: { '200': { description: 'Ended' }, ...describeErrors('mcpEnd', ['not_found']) },
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
        ...describeErrors('exportSession', ['session_not_found']),
      },
    },
  },
  '/api/diagnostics': {
    get: {
      operationId: 'diagnostics',
      summary: 'What helps to find a fault, without secrets and without what people wrote',
      responses: {
        '200': {
          description: 'An archive',
          content: { 'application/zip': { schema: { type: 'string', format: 'binary' } } },
        },
        ...describeErrors('diagnostics', []),
      },
    },
  },
  [EVENTS_PATH]: {
    get: {
      operationId: 'events',
      summary: 'WebSocket: every event as it happens, and a snapshot of all that is live after each change',
      requestParams: {
        query: z.object({
          key: viewKeyQuery,
          session_id: z.string().optional().meta({
            description:
              'The one session to hear of; a browser that was allowed to watch names the share that it watches',
          }),
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
        ...describeErrors('events', ['not_found']),
      },
    },
  },
};

/** The OpenAPI 3.1 document of everything that is served, made from the schemas that also validate it. */
export function createOpenApiDocument(version: string): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const [name, endpoint] of Object.entries<Endpoint>(API)) {
    const operation = describeOperation(name as EndpointName, endpoint);
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method]: operation };
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Porthole session API',
      version,
      description:
        'Lets people and AI agents see this machine, and work on it, while the person at it stays in charge.',
      contact: { name: 'The Porthole authors' },
      license: { name: 'MIT', identifier: 'MIT' },
    },
    // Whoever served this document.
    servers: [{ url: '/' }],
    // None is needed by programs of the machine's own user.
    security: [{}, { token: [] }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    tags: Object.entries(CHAPTER_DESCRIPTIONS).map(([name, description]) => ({ name, description })),
    paths: putIntoChapters(joinPaths(paths, SERVICE_PATHS)),
  });
}

function putIntoChapters(paths: ZodOpenApiPathsObject): ZodOpenApiPathsObject {
  return Object.fromEntries(
    Object.entries(paths).map(([path, operations]) => {
      const [, name] = CHAPTERS.find(([start]) => path.startsWith(start)) ?? [];
      const tagged = Object.entries(operations).map(([method, operation]) => [
        method,
        { ...operation, tags: [name] },
      ]);
      return [path, Object.fromEntries(tagged)];
    }),
  );
}

/** Both, with the operations of an address that is in each of them. */
function joinPaths(one: ZodOpenApiPathsObject, other: ZodOpenApiPathsObject): ZodOpenApiPathsObject {
  const joined = { ...one };
  for (const [path, item] of Object.entries(other)) joined[path] = { ...joined[path], ...item };
  return joined;
}

function describeOperation(name: EndpointName, endpoint: Endpoint) {
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
    responses: describeResponses(
      name,
      endpoint.answer,
      [...BODY_ERRORS, ...endpoint.errors],
      endpoint.status,
    ),
  };
}

function describeResponses(
  route: RouteName,
  answer: z.ZodType,
  errors: readonly ErrorCode[],
  status: 200 | 202 = 200,
): ZodOpenApiResponsesObject {
  return {
    [`${status}`]: {
      description: status === 200 ? 'Done' : 'Taken',
      content: { 'application/json': { schema: answer } },
    },
    ...describeErrors(route, errors),
  };
}

function describeErrors(route: RouteName, codes: readonly ErrorCode[]): ZodOpenApiResponsesObject {
  const byStatus = new Map<number, ErrorCode[]>();
  const ofKeys: readonly ErrorCode[] = takesKey(route) ? ['viewer_sent_away'] : [];
  for (const code of new Set([...COMMON_ERRORS, ...ofKeys, ...refusalsAt(route), ...codes])) {
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
