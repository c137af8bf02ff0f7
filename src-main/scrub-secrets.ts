/** What each kind of secret begins with, so that people, scanners of repositories and our own log know one. */
export const SECRET_PREFIXES = { token: 'pht_', viewKey: 'phv_', cookie: 'phc_' } as const;

const PATTERNS: readonly RegExp[] = [
  // Ours, wherever they stand.
  /()\bph[tvc]_[\w-]+/g,
  // What webhooks are signed with, and keys as files have them, with line breaks or as JSON writes those.
  /()\bwhsec_[\w+/=-]+/g,
  /()-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/gs,
  /(\w:\/\/)[^\s/@"'\\]+(?=@)/g,
  // What is shown as a secret, whatever it is.
  /((?:bearer|basic)\s+)[\w.~+/=-]+/gi,
  /([?&](?:key|ticket|token|access_token)=)[^&\s"'\\]+/gi,
  /(\bporthole_\w+=)[\w-]+/g,
];

/** `text` without the secrets in it. For what is written down, as a last line: nothing should bring one here. */
export function scrubSecrets(text: string): string {
  return PATTERNS.reduce((scrubbed, pattern) => scrubbed.replace(pattern, '$1[secret]'), text);
}
