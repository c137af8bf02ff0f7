import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build, Platform } from 'electron-builder';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../support/child-process.ts';
import { PortholeProcess, REPOSITORY } from '../support/porthole-app.ts';
import { TestDisplay } from '../support/test-display.ts';

/** What electron-builder hands to the program that writes a package. */
interface PackageInput {
  /** Only of the deb: the arguments of fpm. */
  readonly args: readonly string[];
  readonly desktopEntry: string;
}

let folder: string;
let deb: PackageInput;
let appImage: PackageInput;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-packages-'));
  mkdirSync(path.join(folder, 'app/resources'), { recursive: true });
  const inputs: PackageInput[] = [];
  await build({
    projectDir: REPOSITORY,
    prepackaged: path.join(folder, 'app'),
    targets: Platform.LINUX.createTarget(['deb', 'AppImage']),
    publish: 'never',
    config: { directories: { output: path.join(folder, 'out') } },
    // The programs themselves would have to be downloaded.
    effectiveOptionComputed: async (options: [string[], string] | { desktop: string }) => {
      const isDeb = Array.isArray(options);
      inputs.push({
        args: isDeb ? options[0] : [],
        desktopEntry: isDeb ? readFileSync(options[1], 'utf8') : options.desktop,
      });
      return true;
    },
  });
  const isDeb = ({ args }: PackageInput): boolean => args.length > 0;
  const empty = { args: [], desktopEntry: '' };
  deb = inputs.find(isDeb) ?? empty;
  appImage = inputs.find((input) => !isDeb(input)) ?? empty;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function entryOf(input: PackageInput): Record<string, string> {
  const [, ...lines] = input.desktopEntry.trim().split('\n');
  return Object.fromEntries(lines.map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]));
}

describe('the packages for Linux', () => {
  it('have a desktop entry, without file types', () => {
    expect(entryOf(deb)).toMatchObject({
      Name: 'Porthole',
      Exec: '/opt/Porthole/porthole %U',
      Icon: 'porthole',
      Type: 'Application',
      Categories: 'Network;RemoteAccess;',
    });
    expect(entryOf(deb)).not.toHaveProperty('MimeType');
    const { Exec: _, 'X-AppImage-Version': __, ...rest } = entryOf(appImage);
    expect(entryOf(deb)).toMatchObject(rest);
  });

  it('bring the unit for systemd, in the deb, which starts what it installs', () => {
    const unit = 'packaging/systemd/porthole.service';
    expect(deb.args).toContain(`${unit}=/usr/lib/systemd/user/porthole.service`);
    expect(readFileSync(path.join(REPOSITORY, unit), 'utf8')).toContain('ExecStart=/usr/bin/porthole ');
  });

  it("do not switch off Chromium's sandbox", () => {
    expect(entryOf(deb).Exec).not.toContain('sandbox');
    expect(entryOf(appImage).Exec).toBe('AppRun %U');
  });

  it('say what window belongs to the entry', async () => {
    const display = await TestDisplay.start(1280, 720);
    const porthole = await PortholeProcess.start({ display });
    try {
      const search = ['search', '--sync', '--onlyvisible', '--name', '^Porthole$'];
      const id = runProgram('xdotool', search, display.env).toString().split('\n')[0] ?? '';
      const windowClass = runProgram('xprop', ['-id', id, 'WM_CLASS'], display.env).toString();
      expect(windowClass.trim()).toMatch(new RegExp(`, "${entryOf(deb).StartupWMClass}"$`));
    } finally {
      await porthole.discard();
      await display.stop();
    }
  });

  it('bring an icon of every usual size', () => {
    const sizes = deb.args
      .map((arg) => /=\/usr\/share\/icons\/hicolor\/(\d+)x\1\/apps\/porthole\.png$/.exec(arg)?.[1])
      .filter((size) => size !== undefined);
    expect(sizes.map(Number)).toEqual([16, 24, 32, 48, 64, 128, 256, 512]);
  });
});
