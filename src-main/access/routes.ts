import { API, type Endpoint, type EndpointName } from '#shared/api';

/** An address that is not part of the JSON API. */
interface ServiceRoute {
  /** `upgrade` is a WebSocket's. */
  readonly method: 'get' | 'post' | 'delete' | 'upgrade';
  /** `{name}` stands for one segment, a last `{*}` for the plain names of folders and a file. */
  readonly path: string;
  /** Whether people open it in a tab, so that a link from another site may lead to it. */
  readonly isPage?: boolean;
  /** Whether `?key=` lets a viewer in. */
  readonly takesKey?: boolean;
}

/** Everything that the agent answers besides the JSON API. */
export const SERVICE_ROUTES = {
  panel: { method: 'get', path: '/', isPage: true },
  panelByName: { method: 'get', path: '/index.html', isPage: true },
  prompt: { method: 'get', path: '/prompt.html', isPage: true },
  apiDocs: { method: 'get', path: '/docs', isPage: true },
  asset: { method: 'get', path: '/assets/{*}' },
  viewPage: { method: 'get', path: '/view/{session_id}', isPage: true },
  stream: { method: 'get', path: '/stream/{session_id}', isPage: true, takesKey: true },
  streamSnapshot: { method: 'get', path: '/stream/{session_id}/snapshot', takesKey: true },
  sourceThumbnail: { method: 'get', path: '/api/screen_share/sources/{source_id}/thumbnail' },
  commandScreenshot: { method: 'get', path: '/api/remote/commands/{command_id}/screenshots/{moment}' },
  playRecording: { method: 'get', path: '/api/recordings/{recording_id}' },
  exportSession: { method: 'get', path: '/api/remote/export/{session_id}' },
  diagnostics: { method: 'get', path: '/api/diagnostics' },
  events: { method: 'upgrade', path: '/api/events', takesKey: true },
  health: { method: 'get', path: '/healthz' },
  openapi: { method: 'get', path: '/api/openapi.json' },
  metrics: { method: 'get', path: '/metrics' },
  mcp: { method: 'post', path: '/mcp' },
  mcpListen: { method: 'get', path: '/mcp' },
  mcpEnd: { method: 'delete', path: '/mcp' },
} as const satisfies Record<string, ServiceRoute>;

/** The name of an address of {@link SERVICE_ROUTES}. */
export type ServiceRouteName = keyof typeof SERVICE_ROUTES;

/** Everything that a rule is about; `elsewhere` is each address and method that nothing is behind. */
export type RouteName = EndpointName | ServiceRouteName | 'elsewhere';

/** An address of the agent. */
export interface Route {
  readonly name: RouteName;
  /** The path as it is written in {@link SERVICE_ROUTES} or the contract; `elsewhere` for what is in neither. */
  readonly path: string;
  readonly isPage: boolean;
  readonly takesKey: boolean;
}

/** Where a request leads. */
export interface Destination {
  readonly route: Route;
  /** The session that the path names, or null. */
  readonly sessionId: string | null;
}

interface Pattern {
  readonly route: Route;
  readonly method: string;
  readonly segments: readonly string[];
}

const ELSEWHERE: Route = { name: 'elsewhere', path: 'elsewhere', isPage: false, takesKey: false };

// In the order in which the API's routes are mounted: where two paths take the same address, the first has it.
const PATTERNS: readonly Pattern[] = [
  ...Object.entries<ServiceRoute>(SERVICE_ROUTES).map(([name, { method, path, isPage, takesKey }]) => ({
    route: { name: name as ServiceRouteName, path, isPage: isPage ?? false, takesKey: takesKey ?? false },
    method,
    segments: path.split('/'),
  })),
  ...Object.entries<Endpoint>(API).map(([name, { method, path, takesKey }]) => ({
    route: { name: name as EndpointName, path, isPage: false, takesKey: takesKey ?? false },
    method,
    segments: path.split('/'),
  })),
];

/**
 * Where `method` on `path`, as it came and not decoded, leads. HEAD leads where GET does; `upgrade` stands for a
 * WebSocket's request.
 */
export function findRoute(method: string, path: string): Destination {
  const wanted = method === 'HEAD' ? 'get' : method.toLowerCase();
  const segments = path.split('/');
  const found = PATTERNS.find((pattern) => pattern.method === wanted && matches(pattern.segments, segments));
  if (!found) return { route: ELSEWHERE, sessionId: null };
  return { route: found.route, sessionId: segments[found.segments.indexOf('{session_id}')] ?? null };
}

/** Whether `?key=` lets a viewer in at an address. */
export function takesKey(name: RouteName): boolean {
  return PATTERNS.some(({ route }) => route.name === name && route.takesKey);
}

/** What our own files are called: nothing that leads anywhere else, or that is written in two ways. */
function isPlainName(segment: string): boolean {
  return /^[\w-][\w.-]*$/.test(segment);
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  const takesRest = pattern.at(-1) === '{*}';
  const fixed = takesRest ? pattern.slice(0, -1) : pattern;
  const rest = segments.slice(fixed.length);
  if (takesRest ? rest.length === 0 || !rest.every(isPlainName) : rest.length > 0) return false;
  return fixed.every((part, index) =>
    part.startsWith('{') ? segments[index] !== undefined && segments[index] !== '' : part === segments[index],
  );
}
