import type { IncomingMessage } from 'node:http';
import { PortholeError } from '#shared/errors';
import type { BrowserLogins } from './browser-logins.ts';
import type { Peer } from './connections.ts';
import { type CookieNames, readCookies } from './cookies.ts';
import type { Lockout } from './lockout.ts';
import type { Principal } from './principal.ts';
import { isProofOf, type ProvenRequest, readProof, type TokenProof } from './token-proof.ts';
import type { TokenRegistry } from './token-registry.ts';
import type { ViewKeys } from './view-keys.ts';
import type { ViewRequests } from './view-requests.ts';

/** What people and programs are known by. */
export interface Credentials {
  readonly tokens: TokenRegistry;
  readonly keys: ViewKeys;
  readonly requests: ViewRequests;
  readonly logins: BrowserLogins;
  readonly lockout: Lockout;
  readonly cookies: CookieNames;
  /** The agent's own window that a request comes from, or null. */
  readonly windowOf: (request: Pick<IncomingMessage, 'headers'>) => 'panel' | 'prompt' | null;
  /** What a program of the agent's own user gets on the strength of being that. */
  readonly localTrust: 'admin' | 'none';
  /** The agent's own user, or null where the system has no such number. */
  readonly ownUid: number | null;
  /** Whether a share of this id is live. */
  readonly isSharing: (sessionId: string) => boolean;
  /** Whether a proof was made for now, in this run. */
  readonly isProofOfNow: (proof: TokenProof) => boolean;
}

/** A request, as far as it says who is asking. */
export interface Claim {
  readonly headers: IncomingMessage['headers'];
  readonly peer: Peer;
  /** Whether another site's page may be behind it: then nothing counts that a browser sends by itself. */
  readonly isForeign: boolean;
  /** The `key` of its query where one is taken; null if there is none. */
  readonly key: string | null;
  /** The session that its address names, or null. */
  readonly sessionId: string | null;
  /** What a proof of a token would have to be of. */
  readonly proven: ProvenRequest;
}

/** Headers that a proxy adds: what comes through one was not sent by a person at this machine. */
const PROXY_HEADER = /^(forwarded|via|x-forwarded(-.*)?|x-real-ip)$/;

/**
 * Who is asking. A secret that is shown outright decides, and a wrong one is refused even where none was needed. Throws
 * `invalid_credentials`, and `too_many_attempts` where the source has shown too many wrong ones.
 */
export async function identify(claim: Claim, credentials: Credentials): Promise<Principal> {
  const { headers, peer, isForeign, key } = claim;
  const command = await identifyCommand(claim, credentials);
  if (command) return command;
  const proof = headers.authorization === undefined ? null : readProof(headers.authorization);
  if (proof) return identifyProof(proof, claim, credentials);
  const token = readBearer(headers.authorization);
  if (token !== null) return identifyToken(token, claim, credentials);
  if (key !== null) return identifyKey(key, claim, credentials);
  if (isForeign) return { kind: 'guest' };
  const isDirect = peer.isLoopback && !Object.keys(headers).some((name) => PROXY_HEADER.test(name));
  const window = isDirect ? credentials.windowOf(claim) : null;
  if (window) return { kind: 'panel', window };
  const login = identifyLogin(claim, credentials);
  if (login) return login;
  if (isDirect && (await isOwnUser(peer, credentials))) return { kind: 'local' };
  return identifyViewer(claim, credentials) ?? { kind: 'guest' };
}

/**
 * A command of a session, whatever secrets it shows: it may have found any on the machine, and none makes more of it
 * than it is. Who shows nothing and is no program of our own user gets nothing anyway, and is not looked into.
 */
async function identifyCommand(
  { peer, headers, key }: Claim,
  { ownUid }: Credentials,
): Promise<Principal | null> {
  if (!peer.mayBeContained()) return null;
  const showsSomething = headers.authorization !== undefined || headers.cookie !== undefined || key !== null;
  if (!showsSomething && (await peer.findUid()) !== ownUid) return null;
  const containment = await peer.findContainment();
  return typeof containment === 'object' ? { kind: 'contained', sessionId: containment.sessionId } : null;
}

async function identifyToken(
  secret: string,
  claim: Claim,
  { tokens, lockout }: Credentials,
): Promise<Principal> {
  await assertMayTry(claim, lockout);
  const finding = tokens.find(secret);
  if (typeof finding === 'object') return toPrincipal(finding.live);
  if (finding === 'unknown') await noteFailure(claim, lockout);
  throw new PortholeError('invalid_credentials', 'This token is unknown, expired or revoked.');
}

/**
 * Whoever has a token and does not send it, since who listens here might be somebody else. A wrong proof is no guess:
 * nobody finds the key to one by trying.
 */
async function identifyProof(
  proof: TokenProof,
  claim: Claim,
  { tokens, lockout, isProofOfNow }: Credentials,
): Promise<Principal> {
  await assertMayTry(claim, lockout);
  const token = tokens.findProven(proof.key, () => isProofOfNow(proof) && isProofOf(proof, claim.proven));
  if (token) return toPrincipal(token);
  throw new PortholeError(
    'invalid_credentials',
    'This token is unknown, expired, revoked, or proven for another agent or moment. One of an earlier version has to be sent once: call with --url.',
  );
}

async function identifyKey(
  secret: string,
  claim: Claim,
  { keys, lockout, isSharing }: Credentials,
): Promise<Principal> {
  await assertMayTry(claim, lockout);
  const finding = keys.find(secret, claim.peer.address);
  if (finding === 'barred') throw new PortholeError('viewer_sent_away');
  if (finding !== 'unknown' && 'live' in finding) {
    const { keyId, sessionId, name } = finding.live;
    return { kind: 'viewer', grantId: keyId, sessionId, admission: 'key', name };
  }
  if (finding !== 'unknown' && finding.endedFor === claim.sessionId && !isSharing(claim.sessionId))
    throw new PortholeError('stream_ended');
  // Where no share is live there is nothing to guess: such a key is a link that has had its time.
  const isGuess = finding === 'unknown' && (claim.sessionId === null || isSharing(claim.sessionId));
  if (isGuess) await noteFailure(claim, lockout);
  throw new PortholeError('invalid_credentials', 'This view key is unknown, expired or revoked.');
}

function identifyLogin({ headers }: Claim, { logins, tokens, cookies }: Credentials): Principal | null {
  for (const secret of readCookies(headers.cookie, cookies.login)) {
    const tokenId = logins.find(secret);
    const token = tokenId === null ? undefined : tokens.get(tokenId);
    if (token) return toPrincipal(token);
  }
  return null;
}

function identifyViewer({ headers, sessionId }: Claim, { requests, cookies }: Credentials): Principal | null {
  if (sessionId === null) return null;
  for (const secret of readCookies(headers.cookie, cookies.viewer)) {
    const grant = requests.findGrant(secret, sessionId);
    if (grant) {
      const { grantId, name } = grant;
      return { kind: 'viewer', grantId, sessionId, admission: 'approval', name };
    }
  }
  return null;
}

function toPrincipal({ role, tokenId, name }: { role: 'admin' | 'operator'; tokenId: string; name: string }) {
  return { kind: role, grantId: tokenId, tokenId, name } as const;
}

/** A program of the agent's own user, of any user where the system does not tell them apart, and surely no command. */
async function isOwnUser(peer: Peer, { localTrust, ownUid }: Credentials): Promise<boolean> {
  return (
    localTrust === 'admin' &&
    (ownUid === null || (await peer.findUid()) === ownUid) &&
    (await peer.findContainment()) === 'no'
  );
}

/** Pages of other sites guess on an account of their own, or they could lock out the person whose browser they use. */
async function countedSource({ peer, isForeign }: Claim): Promise<string> {
  const source = await peer.findSource();
  return isForeign ? `${source}, another site's page` : source;
}

async function assertMayTry(claim: Claim, lockout: Lockout): Promise<void> {
  if (lockout.isAnybodyLocked) lockout.assertMayTry(await countedSource(claim));
}

/** Counts a wrong secret. Throws `too_many_attempts` if others, sent at the same time, were too many already. */
async function noteFailure(claim: Claim, lockout: Lockout): Promise<void> {
  const source = await countedSource(claim);
  lockout.assertMayTry(source);
  lockout.noteFailure(source);
}

function readBearer(header: string | undefined): string | null {
  if (header === undefined) return null;
  const token = /^bearer +(\S+) *$/i.exec(header)?.[1];
  if (token === undefined)
    throw new PortholeError('invalid_credentials', 'Send the token as "Authorization: Bearer <token>".');
  return token;
}
