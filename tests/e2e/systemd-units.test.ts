import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { runProgram } from './support/child-process.ts';
import { REPOSITORY } from './support/porthole-app.ts';

const UNITS = path.join(REPOSITORY, 'packaging/systemd');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-systemd-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

/** Puts the units into `folder` as they are installed, with programs that are on every machine. */
function install(more = ''): void {
  cpSync(UNITS, folder, { recursive: true });
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.service'))) {
    const file = path.join(folder, name);
    const text = readFileSync(file, 'utf8').replace(/^ExecStart=\/usr\/bin\/\w+/m, 'ExecStart=/bin/true');
    writeFileSync(file, `${text}${more}`);
  }
  mkdirSync(path.join(folder, 'porthole.service.d'));
  cpSync(
    path.join(folder, 'porthole-headless.conf'),
    path.join(folder, 'porthole.service.d/porthole-headless.conf'),
  );
}

/** What systemd has to say of the units. */
function verify(): string {
  const units = ['porthole.service', 'porthole-display.service'].map((name) => path.join(folder, name));
  const env = { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:`, XDG_RUNTIME_DIR: folder };
  const script = 'systemd-analyze --user --man=no --recursive-errors=no verify "$@" 2>&1 || true';
  return runProgram('sh', ['-c', script, 'sh', ...units], env).toString();
}

describe('the units for systemd', () => {
  it('are understood by systemd, with nothing to say against them', () => {
    install();
    expect(verify()).toBe('');
  });

  it('would not be if they were wrong', () => {
    install('[Service]\nRestrat=always\n');
    expect(verify()).toContain('Restrat');
  });

  it('start what the package installs, and do not try for ever what was refused', () => {
    const text = readFileSync(path.join(UNITS, 'porthole.service'), 'utf8');
    expect(text).toContain('\nExecStart=/usr/bin/porthole --hidden\n');
    expect(text).toContain('\nRestartPreventExitStatus=2\n');
    // Three times in ten minutes after the first start, by systemd and nobody else.
    expect(text).toMatch(/^StartLimitIntervalSec=600\nStartLimitBurst=4$/m);
    expect(text).toContain('\nEnvironment=PORTHOLE_RESTARTER=systemd\nRestart=on-failure\n');
  });
});
