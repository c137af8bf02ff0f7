import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSettingsFile, saveSettings } from '../../../src-main/settings/settings-file.ts';
import { SETTING_KEYS, settingsSchema } from '../../../src-shared/settings.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-settings-'));
  file = path.join(folder, 'settings.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = (name = file): string => readFileSync(name, 'utf8');

describe('readSettingsFile', () => {
  it('says nothing where there is no file, and makes none', () => {
    expect(readSettingsFile(file)).toEqual({ values: {}, problems: [] });
    expect(existsSync(file)).toBe(false);
  });

  it('never changes the file', () => {
    writeFileSync(file, '{"port": "x",   "a": 1}');
    readSettingsFile(file);
    expect(text()).toBe('{"port": "x",   "a": 1}');
  });

  it('has a problem with what is no file, not UTF-8 or too large', () => {
    const problemWith = (content: Uint8Array | string) => {
      writeFileSync(file, content);
      return readSettingsFile(file).problems[0]?.message;
    };
    expect(problemWith(Uint8Array.of(0x7b, 0xff, 0x7d))).toBe('The file cannot be read: it is not UTF-8.');
    expect(problemWith(' '.repeat(256 * 1024 + 1))).toMatch(/larger than 256 KiB/);
    rmSync(file);
    mkdirSync(file);
    expect(readSettingsFile(file).problems[0]?.message).toMatch(/it is no file/);
  });

  it('reads past the mark that some editors begin a file with', () => {
    writeFileSync(file, '\uFEFF{"port": 1}');
    expect(readSettingsFile(file)).toEqual({ values: { port: 1 }, problems: [] });
  });
});

describe('saveSettings', async () => {
  it('makes the file, for its owner alone, and leaves nothing beside it', async () => {
    expect(await saveSettings(file, { port: 9000 })).toEqual({ values: { port: 9000 }, problems: [] });
    expect(text()).toBe('{\n  "port": 9000\n}\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['settings.json']);
  });

  it('keeps what is wrong or unknown, and what was written since the file was read', async () => {
    writeFileSync(file, '{"port": "x", "colour": "red"}\n');
    expect((await saveSettings(file, { tls: true })).values).toEqual({ tls: true });
    expect(text()).toBe('{\n  "port": "x",\n  "colour": "red",\n  "tls": true\n}\n');
    writeFileSync(file, '{"port": 7}');
    expect((await saveSettings(file, { tls: false })).values).toEqual({ port: 7, tls: false });
  });

  it('keeps a broken file beside the new one, and takes over what could be read in it', async () => {
    writeFileSync(file, '{"port": 9000 "hidden": tru');
    expect(await saveSettings(file, { tls: true })).toEqual({
      values: { port: 9000, tls: true },
      problems: [],
    });
    expect(text(`${file}.broken-1`)).toBe('{"port": 9000 "hidden": tru');
    writeFileSync(file, 'again');
    await saveSettings(file, { tls: null });
    expect(text(`${file}.broken-2`)).toBe('again');
    expect(text()).toBe('{}\n');
  });

  it('keeps a folder that is in the way', async () => {
    mkdirSync(file);
    writeFileSync(path.join(file, 'x'), 'x');
    await saveSettings(file, { port: 1 });
    expect(text(path.join(`${file}.broken-1`, 'x'))).toBe('x');
    expect(readSettingsFile(file).values).toEqual({ port: 1 });
  });

  it('writes no file that would be too large to be read, and loses nothing', async () => {
    const before = `{"colour": "${'x'.repeat(250 * 1024)}"}`;
    writeFileSync(file, before);
    const denyRules = Array.from({ length: 100 }, () => 'y'.repeat(100));
    await expect(saveSettings(file, { denyRules })).rejects.toThrow('larger than 256 KiB');
    expect(text()).toBe(before);
    expect(readdirSync(folder)).toEqual(['settings.json']);
  });

  it('takes over what counts of a file that sets a key twice', async () => {
    writeFileSync(file, '{"port": "x", "port": 1, "tls": true}');
    expect(readSettingsFile(file)).toEqual({ values: { port: 1, tls: true }, problems: [] });
    expect((await saveSettings(file, { tls: false })).values).toEqual({ port: 1, tls: false });
  });

  it('changes a file of one long line', async () => {
    writeFileSync(file, `{"colour": "${'x'.repeat(3000)}", "port": 1}`);
    expect((await saveSettings(file, { port: 2, tls: true })).values).toEqual({ port: 2, tls: true });
    expect(readdirSync(folder)).toEqual(['settings.json']);
  });

  it('writes through a link', async () => {
    const elsewhere = path.join(folder, 'elsewhere.json');
    writeFileSync(elsewhere, '{}');
    symlinkSync(elsewhere, file);
    await saveSettings(file, { port: 1 });
    expect(readlinkSync(file)).toBe(elsewhere);
    expect(readSettingsFile(elsewhere).values).toEqual({ port: 1 });
  });

  it('removes what an agent left that was killed while writing', async () => {
    const left = path.join(folder, '.porthole-ffffffff-1-000000000001.tmp');
    writeFileSync(left, 'half');
    utimesSync(left, 1, 1);
    await saveSettings(file, { port: 1 });
    expect(readdirSync(folder)).toEqual(['settings.json']);
  });

  it.each(['{"port": 1, "a": 2}', '{"port": 1 "a"'])(
    'loses nothing of %j if it cannot write',
    async (before) => {
      writeFileSync(file, before);
      // Replaced, it would part from its twin.
      linkSync(file, `${file}.twin`);
      await expect(saveSettings(file, { port: 2 })).rejects.toThrow(/1 more name/);
      expect(text()).toBe(before);
      expect(readdirSync(folder).sort()).toEqual(['settings.json', 'settings.json.twin']);
    },
  );

  it('gets valid settings from any nonsense, and keeps it', async () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(0, 1, true, 'all', 'none', [], ['sudo'], 80));
    const key = fc.oneof(fc.constantFrom<string>(...SETTING_KEYS, '__proto__', 'constructor'), fc.string());
    const entry = fc
      .tuple(key, value)
      .map(([name, content]) => `${JSON.stringify(name)}:${JSON.stringify(content)}`);
    const object = fc.array(entry, { maxLength: 6 }).map((entries) => `{${entries.join(',')}}`);
    const broken = fc
      .tuple(object, fc.nat(200), fc.string({ maxLength: 3 }))
      .map(([whole, at, noise]) => whole.slice(0, at) + noise + whole.slice(at + 1));
    const content = fc
      .oneof(object, broken, fc.string(), fc.json())
      .map((nonsense) => Buffer.from(nonsense, 'utf8'));
    const bytes = fc.oneof(
      content,
      fc.uint8Array().map((array) => Buffer.from(array)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.integer({ min: 0, max: 65535 }), async (before, port) => {
        const nest = mkdtempSync(path.join(folder, 'nest-'));
        const nested = path.join(nest, 'settings.json');
        writeFileSync(nested, before);
        const { values } = readSettingsFile(nested);
        expect(settingsSchema.parse(values)).toMatchObject(values);
        expect(readFileSync(nested)).toEqual(before);

        const saved = await saveSettings(nested, { port });
        expect(saved.values).toEqual({ ...values, port });
        const isAside = existsSync(`${nested}.broken-1`);
        if (isAside) expect(readFileSync(`${nested}.broken-1`)).toEqual(before);
        else {
          const others = (json: string) =>
            Object.entries(JSON.parse(json)).filter(([name]) => name !== 'port');
          expect(others(text(nested))).toEqual(others(before.toString()));
        }
        rmSync(nest, { recursive: true });
      }),
      { numRuns: 60 },
    );
  }, 30_000);
});
