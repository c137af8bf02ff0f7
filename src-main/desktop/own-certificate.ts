import { X509Certificate } from 'node:crypto';
import type { Session } from 'electron';

const TRUSTED = 0;
const AS_CHROMIUM_SAYS = -3;

/** The names under which the agent's own windows call it. */
const OWN_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', '::1', '[::1]', 'localhost']);

/**
 * Lets the windows of `session` trust the agent's own certificate (PEM), which no authority has signed: this very one,
 * shown on this machine, and no other.
 */
export function trustOwnCertificate(session: Session, certificate: string): void {
  const own = new X509Certificate(certificate).fingerprint256;
  session.setCertificateVerifyProc(({ hostname, certificate: shown }, callback) => {
    const isOwn = OWN_HOSTS.has(hostname) && new X509Certificate(shown.data).fingerprint256 === own;
    callback(isOwn ? TRUSTED : AS_CHROMIUM_SAYS);
  });
}
