import type { IncomingMessage } from 'node:http';
import { hostname } from 'node:os';
import type { ApprovalQueue } from '../approvals/approval-queue.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { EventDraft } from '../sessions/session-journal.ts';
import type { LiveSettings } from '../settings/settings-store.ts';
import type { ViewerState } from '../stream/viewer.ts';
import { AccessDesk } from './access-desk.ts';
import { describeViewRequestEvent } from './access-events.ts';
import { BrowserLogins } from './browser-logins.ts';
import { ConnectionCounts, type ConnectionLimits } from './connection-counts.ts';
import { Connections } from './connections.ts';
import { ContainedPeers, type RunningCommands } from './contained-peers.ts';
import type { CookieNames } from './cookies.ts';
import { Gate } from './gate.ts';
import { HostRules } from './host-rules.ts';
import { Lockout, type LockoutJournal } from './lockout.ts';
import { openNetlinkSocket } from './netlink-socket.ts';
import { LinuxPeerOwners, UNKNOWN_PEER_OWNERS } from './peer-owners.ts';
import { DiagnosedPeerOwners } from './socket-diagnosis.ts';
import { listInterfaceAddresses, networkSource } from './source-address.ts';
import { isProofOfNow } from './token-proof.ts';
import type { TokenJournal } from './token-registry.ts';
import { ViewRequests } from './view-requests.ts';

/** What access is decided from, and what it acts upon. */
export interface AccessOptions {
  readonly settings: LiveSettings;
  /** How many connections may be open at once. */
  readonly connectionLimits: ConnectionLimits;
  /** Whether the agent is to be reached from the network. */
  readonly network: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly approvals: ApprovalQueue;
  readonly tokenJournal: TokenJournal;
  readonly lockoutJournal: LockoutJournal;
  readonly cookies: CookieNames;
  /** The agent's own window that a request comes from, or null. */
  readonly windowOf: (request: Pick<IncomingMessage, 'headers'>) => 'panel' | 'prompt' | null;
  /** The commands that sessions run. */
  readonly commands: RunningCommands;
  readonly isSharing: (sessionId: string) => boolean;
  /** Puts an event on record and tells of it. */
  readonly record: (draft: EventDraft) => void;
  readonly viewers: () => readonly ViewerState[];
  readonly endViewer: (viewerId: string) => void;
  /** Closes what hears of events by this grant: from one network (see networkSource), or everywhere if none is said. */
  readonly dismissListeners: (grantId: string, source?: string) => void;
  readonly endSessionsOf: (tokenId: string, reason: string) => void;
}

/** Everything that decides who gets in. */
export interface Access {
  readonly gate: Gate;
  readonly connections: Connections;
  readonly desk: AccessDesk;
  readonly requests: ViewRequests;
  readonly logins: BrowserLogins;
  readonly cookieNames: CookieNames;
  /** Lets go of timers, and of what the system is asked by. */
  close(): Promise<void>;
}

/** Puts together what decides who gets in. Whoever calls it closes it. */
export function createAccess(options: AccessOptions): Access {
  const { settings, clock, log } = options;
  const onError = (error: unknown): void => log.error({ err: error }, 'access could not be dealt with');
  const cutViewersWhere = (isMeant: (viewer: ViewerState) => boolean): void => {
    for (const viewer of options.viewers()) if (isMeant(viewer)) options.endViewer(viewer.viewerId);
  };
  const logins = new BrowserLogins(clock);
  const requests = new ViewRequests({
    clock,
    approvals: options.approvals,
    record: (request, by) => options.record(describeViewRequestEvent(request, { by, atMs: clock.wallMs() })),
  });
  const desk = new AccessDesk({
    clock,
    tokenJournal: options.tokenJournal,
    requests,
    logins,
    record: options.record,
    cut: (grantId) => {
      cutViewersWhere(({ grant }) => grant?.grantId === grantId);
      options.dismissListeners(grantId);
    },
    cutViewer: (viewer) => {
      const { viewerId, grant } = viewer;
      cutViewersWhere(
        (other) =>
          other.viewerId === viewerId ||
          (grant !== null &&
            other.grant?.grantId === grant.grantId &&
            networkSource(other.remoteAddress) === networkSource(viewer.remoteAddress)),
      );
      if (grant?.admission === 'approval') options.dismissListeners(grant.grantId);
      if (grant?.admission === 'key')
        options.dismissListeners(grant.grantId, networkSource(viewer.remoteAddress));
    },
    endSessionsOf: options.endSessionsOf,
    onError,
  });
  const ownUid = process.platform === 'linux' ? (process.getuid?.() ?? null) : null;
  const owners =
    process.platform === 'linux'
      ? new DiagnosedPeerOwners(openNetlinkSocket, new LinuxPeerOwners())
      : UNKNOWN_PEER_OWNERS;
  const connections = new Connections({
    ownUid,
    owners,
    counts: new ConnectionCounts(options.connectionLimits),
    contained: new ContainedPeers(options.commands, ownUid),
  });
  // On the monotonic clock: the other may be set back.
  const startedMs = clock.monotonicMs();
  const gate = new Gate({
    hosts: new HostRules({
      network: options.network,
      allowedHosts: settings.current.allowedHosts,
      hostName: hostname(),
      interfaceAddresses: listInterfaceAddresses,
    }),
    connections,
    credentials: {
      tokens: desk.tokens,
      keys: desk.keys,
      requests,
      logins,
      lockout: new Lockout({ clock, log, journal: options.lockoutJournal }),
      cookies: options.cookies,
      windowOf: options.windowOf,
      get localTrust() {
        return settings.current.localTrust;
      },
      ownUid,
      isSharing: options.isSharing,
      isProofOfNow: (proof) => {
        const nowMs = clock.wallMs();
        return isProofOfNow(proof, nowMs, nowMs - (clock.monotonicMs() - startedMs));
      },
    },
  });
  const close = async (): Promise<void> => {
    desk.close();
    await owners.close();
  };
  return { gate, connections, desk, requests, logins, cookieNames: options.cookies, close };
}
