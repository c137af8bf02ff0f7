import { afterEach, describe, expect, it, vi } from 'vitest';
import { readStartOptions, StartAnswer, StartError } from '../../../src-main/settings/command-line.ts';
import { SETTING_KEYS, settingsSchema } from '../../../src-shared/settings.ts';

const NOTHING = { flags: {}, environment: {} };
const read = (...args: string[]) => readStartOptions(args, '1.2.3');

function refusalOf(...args: string[]): string {
  try {
    read(...args);
  } catch (error) {
    if (error instanceof StartError) return error.message;
    throw error;
  }
  throw new Error(`${args.join(' ')} was accepted`);
}

describe('readStartOptions', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('gives nothing where nothing was given, so that the file and the defaults hold', () => {
    expect(read()).toEqual({ given: NOTHING, dataDir: undefined });
  });

  it.each([
    [['--port', '0'], { port: 0 }],
    [['--port=9000'], { port: 9000 }],
    [['--host', '0.0.0.0'], { host: '0.0.0.0' }],
    [['--hidden'], { hidden: true }],
    [['--hidden', 'no'], { hidden: false }],
    [['--hidden=true'], { hidden: true }],
    [['--session-timeout-minutes', '0.5'], { sessionTimeoutMinutes: 0.5 }],
    [['--heartbeat-interval-seconds', '10'], { heartbeatIntervalSeconds: 10 }],
    [['--approval-timeout-seconds', '20'], { approvalTimeoutSeconds: 20 }],
    [['--max-live-sessions', '3'], { maxLiveSessions: 3 }],
    [['--port', '1', '--port', '2'], { port: 2 }],
    // Chromium has switches that begin like this one.
    [['--allow-network-viewers'], { allowNetworkViewers: true }],
    [['--allow-network-viewers=no'], { allowNetworkViewers: false }],
    [['--allowed-hosts', 'a.example, b.example:81'], { allowedHosts: ['a.example', 'b.example:81'] }],
    [['--local-trust', 'none'], { localTrust: 'none' }],
    [['--ask-for-token-starts', 'no'], { askForTokenStarts: false }],
    [['--tls'], { tls: true }],
    [['--tls-cert', '/a.pem', '--tls-key', '/b.pem'], { tlsCert: '/a.pem', tlsKey: '/b.pem' }],
  ])('reads %j', (args, given) => {
    expect(read(...args).given).toEqual({ flags: given, environment: {} });
  });

  it('reads the data folder and passes over the display, which the start script has made', () => {
    expect(read('--data-dir', '/tmp/x', '--virtual-display', '1280x720')).toEqual({
      given: NOTHING,
      dataDir: '/tmp/x',
    });
    expect(read('--virtual-display')).toEqual({ given: NOTHING, dataDir: undefined });
  });

  it.each([
    [['--prot', '1'], /unknown option '--prot'/],
    [['extra'], /too many arguments/],
    [['--port'], /argument missing/],
    [['--port', 'abc'], /'--port <value>'.*'abc'.*invalid/],
    [['--port', '65536'], /invalid/],
    [['--port', '-1'], /invalid/],
    [['--port', '1.5'], /invalid/],
    [['--port', '1e3'], /invalid/],
    [['--port', '0x10'], /invalid/],
    [['--port', ''], /invalid/],
    [['--hidden', 'maybe'], /invalid/],
    [['--hidden', 'constructor'], /invalid/],
    [['--session-timeout-minutes', '0'], /invalid/],
    [['--session-timeout-minutes', '1441'], /invalid/],
    [['--session-timeout-minutes', 'Infinity'], /invalid/],
    [['--data-dir', ''], /must not be empty/],
    [['--data-dir', ' '], /must not be empty/],
  ])('refuses %j in one line', (args, message) => {
    const refusal = refusalOf(...args);
    expect(refusal).toMatch(message);
    expect(refusal).not.toContain('\n');
  });

  it('reads every setting from the environment, by its name', () => {
    vi.stubEnv('PORTHOLE_PORT', '7000');
    vi.stubEnv('PORTHOLE_HIDDEN', 'yes');
    vi.stubEnv('PORTHOLE_SESSION_TIMEOUT_MINUTES', '2');
    vi.stubEnv('PORTHOLE_DATA_DIR', '/tmp/y');
    expect(read()).toEqual({
      given: { flags: {}, environment: { port: 7000, hidden: true, sessionTimeoutMinutes: 2 } },
      dataDir: '/tmp/y',
    });
  });

  it('lets flags win over the environment', () => {
    vi.stubEnv('PORTHOLE_PORT', '7000');
    vi.stubEnv('PORTHOLE_HIDDEN', 'yes');
    vi.stubEnv('PORTHOLE_HOST', '::1');
    expect(read('--port', '7001', '--hidden', 'no').given).toEqual({
      flags: { port: 7001, hidden: false },
      environment: { host: '::1' },
    });
  });

  it('refuses a bad value in the environment, naming the variable', () => {
    vi.stubEnv('PORTHOLE_PORT', 'abc');
    expect(refusalOf()).toMatch(/PORTHOLE_PORT/);
    vi.stubEnv('PORTHOLE_PORT', '1');
    vi.stubEnv('PORTHOLE_DATA_DIR', '');
    expect(refusalOf()).toMatch(/PORTHOLE_DATA_DIR/);
  });

  it.each([
    '--no-sandbox',
    '--disable-gpu',
    '--ozone-platform=wayland',
    '--ozone-platform-hint=auto',
    '--inspect',
    '--inspect=0',
    '--inspect-brk=9229',
    '--remote-debugging-port=9222',
    '--enable-logging',
    '--enable-logging=stderr',
    '--enable-features=UseOzonePlatform,A',
    '--force-device-scale-factor=2',
    '--js-flags=--max-old-space-size=4096',
    '--lang=de',
    '--user-data-dir=/tmp/z',
    '--proxy-server=http://x',
    '--use-gl=swiftshader',
    '--v=1',
    '--disable-features=a\nb',
  ])('passes over the runtime’s own %s', (argument) => {
    expect(read(argument, '--port', '1', argument).given.flags).toEqual({ port: 1 });
  });

  it.each(['--inspector', '--Disable-gpu', '-inspect', '--no-sandbox-please', '--langs=de'])(
    'does not take %s for one of them',
    (argument) => {
      expect(refusalOf(argument)).not.toBe('');
    },
  );

  it('answers help with every flag, and the version', () => {
    const answerTo = (flag: string): string => {
      try {
        read(flag);
      } catch (error) {
        if (error instanceof StartAnswer) return error.message;
        throw error;
      }
      throw new Error('no answer');
    };
    const help = answerTo('--help');
    for (const key of SETTING_KEYS) {
      expect(help).toContain(`--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
    }
    expect(help).toContain('--data-dir');
    expect(answerTo('--version')).toBe('1.2.3\n');
  });

  it('has a flag, a description and a default for every setting', () => {
    for (const key of SETTING_KEYS) {
      expect(settingsSchema.shape[key].description, key).toBeTruthy();
      expect(settingsSchema.parse({})).toHaveProperty(key);
    }
  });
});
