import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';

/** Where distributions keep the certificates of the authorities that their system trusts, all in one file. */
const LINUX_BUNDLES: readonly string[] = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** What {@link SystemAuthorities} works with. */
export interface SystemAuthoritiesOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
}

/** Node's own way to the stores of macOS and Windows, which the oldest Node that we run on has not. */
type SystemReader = (kind: 'system') => readonly string[];

/**
 * The authorities whose certificates are believed: those that the machine's system trusts, which on Linux are in files
 * that its administrator adds to, and the variables `SSL_CERT_FILE`, `SSL_CERT_DIR` and `NODE_EXTRA_CA_CERTS` as OpenSSL
 * and Node heed them. Where the system says nothing, those that Node brings. Neither Node nor, on Linux, Chromium does
 * that by itself.
 */
export class SystemAuthorities {
  readonly #options: SystemAuthoritiesOptions;
  #made: { readonly from: string; readonly context: tls.SecureContext } | null = null;

  constructor(options: SystemAuthoritiesOptions) {
    this.#options = options;
  }

  /** What a TLS connection is opened with; made anew when one of the files has changed. */
  context(): tls.SecureContext {
    const files = this.#listFiles();
    const from = files.map(describeFile).join('\n');
    if (this.#made?.from !== from) this.#made = { from, context: createContext(this.#collect(files)) };
    return this.#made.context;
  }

  /** The files to read, those that are not there left out. */
  #listFiles(): string[] {
    const { env, platform } = this.#options;
    const extra = listGiven(env.NODE_EXTRA_CA_CERTS);
    const named = listGiven(env.SSL_CERT_FILE);
    const folders = (env.SSL_CERT_DIR ?? '').split(path.delimiter).filter((folder) => folder !== '');
    if (named.length > 0 || folders.length > 0) return [...named, ...folders.flatMap(listFolder), ...extra];
    const bundle = platform === 'linux' ? LINUX_BUNDLES.find((file) => sizeOf(file) > 0) : undefined;
    return [...(bundle === undefined ? [] : [bundle]), ...extra];
  }

  #collect(files: readonly string[]): string[] {
    const { env, platform } = this.#options;
    const inFiles = files.filter((file) => file !== env.NODE_EXTRA_CA_CERTS).flatMap(readCertificates);
    const extra = listGiven(env.NODE_EXTRA_CA_CERTS).flatMap(readCertificates);
    const readSystem = (tls as { getCACertificates?: SystemReader }).getCACertificates;
    const inStore = platform === 'linux' ? [] : (readSystem?.('system') ?? []);
    // A system that keeps a store of its own in files decides alone, as for curl and OpenSSL: whom its administrator
    // took out of it is trusted no more.
    const builtIn = inFiles.length > 0 ? [] : tls.rootCertificates;
    return [...new Set([...builtIn, ...inStore, ...inFiles, ...extra])];
  }
}

function createContext(certificates: readonly string[]): tls.SecureContext {
  try {
    return tls.createSecureContext({ ca: [...certificates] });
  } catch {
    // One that is broken must not cost all others; to find it costs as much as to load them.
    return tls.createSecureContext({ ca: certificates.filter(isCertificate) });
  }
}

function isCertificate(text: string): boolean {
  try {
    new X509Certificate(text);
    return true;
  } catch {
    return false;
  }
}

function listGiven(file: string | undefined): string[] {
  return file === undefined || file === '' || sizeOf(file) === 0 ? [] : [file];
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder)
      .map((name) => path.join(folder, name))
      .filter((file) => sizeOf(file) > 0);
  } catch {
    return [];
  }
}

/** 0 for what is no file that can be read. */
function sizeOf(file: string): number {
  const found = statSync(file, { throwIfNoEntry: false });
  return found?.isFile() ? found.size : 0;
}

/** Another text for another content, without reading it. */
function describeFile(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return `${file} ${found?.ino} ${found?.size} ${found?.mtimeMs}`;
}

/** The certificates in a file of PEM; none if it cannot be read. */
function readCertificates(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch {
    return [];
  }
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}
