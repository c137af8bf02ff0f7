import type { Express } from 'express';
import { findRoute } from '../access/routes.ts';

/** One route that express knows; `method` is `_all` for one that takes them all. */
export interface ExpressRoute {
  readonly method: string;
  readonly path: string;
}

/** What of express's own stack is needed to walk it; its types leave that out. */
interface Layer {
  readonly route?: { readonly path: unknown; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle?: { readonly stack?: readonly Layer[] };
}

const ANY_METHOD = ['GET', 'HEAD', 'POST', 'DELETE', 'UPGRADE'];

/** Every route of an app and of the routers that are mounted in it. */
export function listRoutes(app: Express): ExpressRoute[] {
  return collect(app.router.stack as unknown as readonly Layer[]);
}

function collect(stack: readonly Layer[]): ExpressRoute[] {
  return stack.flatMap(({ route, handle }) => {
    if (!route) return collect(handle?.stack ?? []);
    const methods = Object.keys(route.methods);
    // An app's own `all` names them all one by one, a router's does not.
    const isForAll = methods.includes('_all') || methods.length >= ANY_METHOD.length;
    return [route.path]
      .flat()
      .flatMap((path) => (isForAll ? ['_all'] : methods).map((method) => ({ method, path: String(path) })));
  });
}

/** Throws, naming it, if there is a route that the access table has no rule for. */
export function assertRoutesHaveRules(routes: readonly ExpressRoute[]): void {
  const lawless = routes.filter(({ method, path }) => {
    const sample = path.replaceAll(/[:*]\w+/g, 'x');
    const methods = method === '_all' ? ANY_METHOD : [method.toUpperCase()];
    return methods.every((each) => findRoute(each, sample).route.name === 'elsewhere');
  });
  if (lawless.length === 0) return;
  const names = lawless.map(({ method, path }) => `${method.toUpperCase()} ${path}`).join(', ');
  throw new Error(
    `Nobody said who may use ${names}: give it a name in routes.ts and a row in access-table.ts`,
  );
}
