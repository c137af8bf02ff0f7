import type { PrincipalKind, ViewerAdmission } from '#shared/access';
import type { Holder } from '../quota.ts';

/** Who is asking. `grantId` names what let them in, so that all they hold can be cut when it is taken back. */
export type Principal =
  | { readonly kind: 'local' | 'guest' }
  | { readonly kind: 'panel'; readonly window: 'panel' | 'prompt' }
  | {
      readonly kind: 'admin' | 'operator';
      readonly grantId: string;
      readonly tokenId: string;
      readonly name: string;
    }
  | { readonly kind: 'contained'; readonly sessionId: string }
  | {
      readonly kind: 'viewer';
      readonly grantId: string;
      readonly sessionId: string;
      readonly admission: Extract<ViewerAdmission, 'key' | 'approval'>;
      readonly name: string | null;
    };

/** A principal of one kind. */
export type PrincipalOf<K extends PrincipalKind> = Extract<Principal, { readonly kind: K }>;

/** The sessions that a principal may know of: all, those that one token started, or a single one. */
export type Scope =
  | { readonly of: 'all' }
  | { readonly of: 'owner'; readonly owner: string }
  | { readonly of: 'session'; readonly sessionId: string };

/** Every session. */
export const ALL_SESSIONS: Scope = { of: 'all' };

/** What a scope is held against; `owner` is the token that started the session, null for the person's own. */
export interface OwnedSession {
  readonly sessionId: string;
  readonly owner: string | null;
}

/** The sessions that `principal` calls its own. */
export function ownScope(principal: Principal): Scope {
  switch (principal.kind) {
    case 'admin':
    case 'operator':
      return { of: 'owner', owner: principal.tokenId };
    case 'contained':
    case 'viewer':
      return { of: 'session', sessionId: principal.sessionId };
    case 'local':
    case 'panel':
    case 'guest':
      throw new Error(`The sessions of ${principal.kind} are nobody's own`);
  }
}

/** Whether `session` is within `scope`. */
export function isInScope(scope: Scope, session: OwnedSession): boolean {
  switch (scope.of) {
    case 'all':
      return true;
    case 'owner':
      return session.owner === scope.owner;
    case 'session':
      return session.sessionId === scope.sessionId;
  }
}

/** What let `principal` in, or null for those that nothing had to. */
export function grantOf(principal: Principal): string | null {
  return 'grantId' in principal ? principal.grantId : null;
}

/** The token that `principal` came with, or null. */
export function tokenOf(principal: Principal): PrincipalOf<'admin' | 'operator'> | null {
  return principal.kind === 'admin' || principal.kind === 'operator' ? principal : null;
}

/** Who `principal` is, to be told from everybody else by; the same for each request of one. */
export function identityOf(principal: Principal): string {
  switch (principal.kind) {
    case 'admin':
    case 'operator':
    case 'viewer':
      return `${principal.kind} ${principal.grantId}`;
    case 'contained':
      return `contained ${principal.sessionId}`;
    case 'local':
    case 'guest':
    case 'panel':
      return principal.kind;
  }
}

/** On whose account `principal` holds what there is little of. */
export function holderOf(principal: Principal): Holder {
  return principal.kind === 'local' || principal.kind === 'panel' ? null : identityOf(principal);
}
