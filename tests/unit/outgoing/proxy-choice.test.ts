import { describe, expect, it } from 'vitest';
import { ProxyFault, readProxyList, readProxyVariables } from '../../../src-main/outgoing/proxy-choice.ts';

const choose = (target: string, env: NodeJS.ProcessEnv): string | null => {
  const word = readProxyVariables(new URL(target), env);
  return word instanceof URL ? word.href : word;
};

describe('readProxyVariables', () => {
  it.each([
    ['https://a.example/', { HTTPS_PROXY: 'http://p:3128' }, 'http://p:3128/'],
    ['https://a.example/', { https_proxy: 'p:3128', HTTPS_PROXY: 'http://q' }, 'http://p:3128/'],
    ['https://a.example/', { https_proxy: ' ', HTTPS_PROXY: 'q:8080' }, 'http://q:8080/'],
    ['https://a.example/', { HTTP_PROXY: 'http://p:3128' }, null],
    ['http://a.example/', { HTTP_PROXY: 'http://p:3128', HTTPS_PROXY: 'http://q' }, 'http://p:3128/'],
    ['http://a.example/', { all_proxy: 'socks5://p:1080' }, 'socks5://p:1080'],
    ['http://a.example/', {}, null],
  ])('goes to %s with %j by %s', (target, env, expected) => {
    expect(choose(target, env)).toBe(expected);
  });

  it.each([
    ['*', 'https://a.example/'],
    ['b.example, a.example', 'https://a.example/'],
    ['b.example a.example', 'https://a.example/'],
    ['EXAMPLE', 'https://a.example/'],
    ['.a.example', 'https://a.example/'],
    ['*.example', 'https://a.example/'],
    ['a.example:443', 'https://a.example/'],
    ['10.0.0.0/8', 'http://10.1.2.3/'],
    ['10.1.2.3', 'http://10.1.2.3:9000/'],
    ['fd00::/8', 'http://[fd00::1]/'],
    ['[fd00::1]:9000', 'http://[fd00::1]:9000/'],
    ['example', 'http://a.example./'],
  ])('NO_PROXY=%s exempts %s', (list, target) => {
    const env = { ALL_PROXY: 'http://p', NO_PROXY: list };
    expect(choose(target, env)).toBe('direct');
    expect(choose(target, { ALL_PROXY: 'http://p', no_proxy: list })).toBe('direct');
  });

  it.each([
    ['ample', 'https://a.example/'],
    ['a.example:8443', 'https://a.example/'],
    ['10.0.0.0/8', 'http://11.1.2.3/'],
    ['10.0.0.0/99', 'http://10.1.2.3/'],
    ['10.0.0.0/8', 'http://10.1.2.3.example/'],
    ['fd00::/8', 'http://10.1.2.3/'],
    [',, ,', 'https://a.example/'],
  ])('NO_PROXY=%s does not exempt %s', (list, target) => {
    expect(choose(target, { ALL_PROXY: 'http://p', NO_PROXY: list })).toBe('http://p/');
  });

  it.each([
    'http://localhost:9000/',
    'http://127.0.0.1/',
    'http://127.8.9.1/',
    'https://[::1]/',
    'http://a.localhost/',
  ])('reaches %s, which is this machine, through no proxy', (target) => {
    expect(choose(target, { ALL_PROXY: 'http://p' })).toBe('direct');
  });
});

describe('readProxyList', () => {
  it.each([
    ['DIRECT', null],
    ['', null],
    ['PROXY p:3128; DIRECT', 'http://p:3128/'],
    ['HTTPS p:3129', 'https://p:3129/'],
    ['SOCKS p:1080', 'socks4a://p:1080'],
    ['SOCKS5 [::1]:1080', 'socks5h://[::1]:1080'],
  ])('reads %j', (text, expected) => {
    expect(readProxyList(text)?.href ?? null).toBe(expected);
  });

  it('refuses a kind that it does not know', () => {
    expect(() => readProxyList('QUIC p:443')).toThrow(ProxyFault);
  });
});
