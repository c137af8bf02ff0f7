import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { PortholeError } from '#shared/errors';
import type { Admission, Gate } from '../access/gate.ts';
import type { RouteName } from '../access/routes.ts';

/**
 * The gate in front of everything that is served, requests and WebSockets alike. What it found out of a request goes
 * with it, and each handler takes it from here by the name of the address that it is for: should express have led a
 * request elsewhere than the gate believed, it goes no further.
 */
export class Guard {
  readonly #gate: Gate;
  readonly #admissions = new WeakMap<IncomingMessage, Admission>();

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  /** Lets requests pass, or fails with the refusal to answer with. */
  readonly handler: RequestHandler = async (request, _response, next) => {
    await this.admit(request, false);
    next();
  };

  /** Lets a request or the request for a WebSocket in; rejects with the refusal to answer with. */
  async admit(request: IncomingMessage, isUpgrade: boolean): Promise<Admission> {
    const admission = await this.#gate.admit(request, isUpgrade);
    this.#admissions.set(request, admission);
    return admission;
  }

  /** What was found out of a request that was let in to `route`. Throws `not_found` if it was let in elsewhere. */
  admissionTo(route: RouteName, request: IncomingMessage): Admission {
    const admission = this.admissionOf(request);
    if (admission.route !== route) throw new PortholeError('not_found');
    return admission;
  }

  /** What was found out of a request that was let in. */
  admissionOf(request: IncomingMessage): Admission {
    const admission = this.#admissions.get(request);
    if (!admission) throw new Error('a request got past the guard');
    return admission;
  }
}
