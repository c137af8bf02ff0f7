import { X509Certificate } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import path from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Settings } from '#shared/settings';
import { writeOwnFile } from '../files/own-file.ts';
import { readSmallFile } from '../files/small-file.ts';
import { listInterfaceAddresses } from './source-address.ts';

/** What the agent shows to prove itself to clients that speak TLS. */
export interface TlsIdentity {
  /** The certificate chain as PEM, the agent's own first. */
  readonly cert: string;
  /** Its private key as PEM. Never logged, never sent. */
  readonly key: string;
  /** SHA-256 of the certificate as `AB:CD:…`, for people to compare with what their browser shows. */
  readonly fingerprint: string;
}

// The longest that browsers of all makers take from a certificate (Apple's limit is 825 days).
const LIFETIME_DAYS = 820;
const RENEW_DAYS_BEFORE = 30;
const DAY_MS = 24 * 60 * 60_000;
/** Room for a chain of twenty certificates with large keys. */
const MAX_FILE_BYTES = 128 * 1024;

/**
 * What the settings want clients to be shown, or null for plain HTTP. The agent's own identity is kept in `folder`.
 * Throws with one sentence for files that are missing or do not belong together.
 */
export async function loadTlsIdentity(
  settings: Pick<Settings, 'tls' | 'tlsCert' | 'tlsKey'>,
  folder: string,
  nowMs: number,
): Promise<TlsIdentity | null> {
  const { tls, tlsCert, tlsKey } = settings;
  if ((tlsCert === '') !== (tlsKey === ''))
    throw new Error('Give both, --tls-cert and --tls-key, or neither.');
  if (tlsCert !== '') return readGivenIdentity(tlsCert, tlsKey);
  return tls ? keepOwnIdentity(folder, nowMs) : null;
}

/**
 * The identity that the agent made for itself earlier, or a new one if there is none, it is about to run out, or this
 * machine has another name now. Kept in `folder`, for its owner's eyes only.
 */
async function keepOwnIdentity(folder: string, nowMs: number): Promise<TlsIdentity> {
  const files = { cert: path.join(folder, 'certificate.pem'), key: path.join(folder, 'private-key.pem') };
  const ownName = hostname();
  const ownNames = /^[a-z0-9.-]{1,57}$/i.test(ownName) ? [ownName, `${ownName}.local`] : [];
  const names = ['localhost', '127.0.0.1', '::1', ...ownNames];
  const kept = readOwn(files);
  if (kept && isGoodFor(new X509Certificate(kept.cert), names, nowMs)) return kept;
  // Addresses come and go: those of now are named, but a new one is no reason for a new certificate, which everybody
  // who has looked at this one would have to look at again.
  const made = await makeIdentity([...new Set([...names, ...listInterfaceAddresses()])], nowMs);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await writeOwnFile(files.key, made.key);
  await writeOwnFile(files.cert, made.cert);
  return made;
}

/**
 * The identity in files of the person's own. Throws with a sentence that names the file if one cannot be read, and if
 * the two do not belong together.
 */
function readGivenIdentity(certFile: string, keyFile: string): TlsIdentity {
  const [cert, key] = [readGiven('certificate', certFile), readGiven('private key', keyFile)];
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Error(`The TLS certificate ${certFile} and key ${keyFile} cannot be used: ${detail}`);
  }
  return { cert, key, fingerprint: fingerprintOf(cert) };
}

function readGiven(what: string, file: string): string {
  try {
    return readSmallFile(file, MAX_FILE_BYTES).toString();
  } catch (error) {
    throw new Error(
      `The TLS ${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function readOwn(files: { cert: string; key: string }): TlsIdentity | null {
  try {
    return readGivenIdentity(files.cert, files.key);
  } catch {
    return null;
  }
}

function isGoodFor(certificate: X509Certificate, names: readonly string[], nowMs: number): boolean {
  const expiresAtMs = Date.parse(certificate.validTo);
  if (nowMs > expiresAtMs - RENEW_DAYS_BEFORE * DAY_MS || nowMs < Date.parse(certificate.validFrom))
    return false;
  return names.every((name) =>
    isIP(name) ? certificate.checkIP(name) !== undefined : certificate.checkHost(name) !== undefined,
  );
}

async function makeIdentity(names: readonly string[], nowMs: number): Promise<TlsIdentity> {
  // Loaded when it is needed: most agents never are asked for TLS.
  const { generate } = await import('selfsigned');
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'Porthole on this machine' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - DAY_MS),
    notAfterDate: new Date(nowMs + (LIFETIME_DAYS - 1) * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isIP(name) ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  });
  return { cert, key, fingerprint: fingerprintOf(cert) };
}

function fingerprintOf(cert: string): string {
  return new X509Certificate(cert).fingerprint256;
}
