import { describe, expect, it } from 'vitest';
import { newSecret } from '../../src-main/access/secret.ts';
import { scrubSecrets } from '../../src-main/scrub-secrets.ts';

describe('scrubSecrets', () => {
  it('finds every secret of ours, wherever it stands', () => {
    for (const kind of ['token', 'viewKey', 'cookie'] as const) {
      const secret = newSecret(kind);
      for (const text of [secret, `"${secret}"`, `x=${secret};`, `(${secret})`, `/a/${secret}/b`]) {
        expect(scrubSecrets(text)).toContain('[secret]');
        expect(scrubSecrets(text)).not.toContain(secret.slice(8));
      }
    }
  });

  it.each([
    ['authorization: Bearer abc.def-123==', 'authorization: Bearer [secret]'],
    ['{"authorization":"bearer abc"}', '{"authorization":"bearer [secret]"}'],
    ['authorization: Basic dXNlcjpwdw==', 'authorization: Basic [secret]'],
    ['GET /stream/screen_1?key=abc&x=1 HTTP/1.1', 'GET /stream/screen_1?key=[secret]&x=1 HTTP/1.1'],
    ['http://localhost/?ticket=abc"', 'http://localhost/?ticket=[secret]"'],
    ['/x?a=1&access_token=abc def', '/x?a=1&access_token=[secret] def'],
    ['cookie: porthole_window=abc_-1; other=2', 'cookie: porthole_window=[secret]; other=2'],
  ])('takes what is shown as a secret out of %j', (text, scrubbed) => {
    expect(scrubSecrets(text)).toBe(scrubbed);
  });

  it('leaves all else as it is', () => {
    const text = '{"level":"info","session_id":"remote_a1b2c3d4","key":"value","path":"/api/tokens?limit=5"}';
    expect(scrubSecrets(text)).toBe(text);
  });
});
