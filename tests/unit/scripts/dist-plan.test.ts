import { describe, expect, it } from 'vitest';
import { planDist, readDistWish, refuseUnofficial, testBuildNote } from '../../../scripts/dist-plan.mjs';

const RUNTIME = { folder: '/cache/electron', executable: '/cache/electron/electron', version: '33.4.11' };

describe('readDistWish', () => {
  it('asks for packages unless told otherwise', () => {
    expect(readDistWish([])).toEqual({ isUnpacked: false, isArchived: false });
    expect(readDistWish(['--dir'])).toEqual({ isUnpacked: true, isArchived: false });
    expect(readDistWish(['--dir', '--tar'])).toEqual({ isUnpacked: true, isArchived: true });
  });

  it.each([
    [['--linux'], /--linux/],
    [['deb'], /deb/],
    [['--tar'], /--tar is for npm run dist:dir alone/],
  ])('refuses %j', (args, sentence) => {
    expect(() => readDistWish(args)).toThrow(expect.objectContaining({ exitCode: 2 }));
    expect(() => readDistWish(args)).toThrow(sentence);
  });
});

describe('refuseUnofficial', () => {
  it.each([
    ['override', /what ELECTRON_OVERRIDE_DIST_PATH names/],
    ['registry', /a third party's repackaged one/],
  ] as const)('refuses kind %s in one sentence that names the way out', (kind, found) => {
    const refusal = refuseUnofficial(kind);
    expect(refusal).toMatchObject({ name: 'SetupError', exitCode: 2 });
    expect(refusal.message).toMatch(found);
    expect(refusal.message).toMatch(/^npm run dist packs the official Electron alone.*dist:dir[^.\n]*$/);
  });
});

describe('planDist', () => {
  it('leaves everything to electron-builder for the official Electron', () => {
    expect(planDist({ kind: 'official', ...RUNTIME }, '1.2.3')).toEqual({
      isTestBuild: false,
      version: '1.2.3',
      outputFolder: 'release',
      config: {},
    });
  });

  it.each(['override', 'registry'] as const)('makes a build that names itself a test of kind %s', (kind) => {
    const plan = planDist({ kind, ...RUNTIME }, '1.2.3');
    expect(plan).toMatchObject({
      isTestBuild: true,
      version: '1.2.3-test-build',
      config: {
        productName: 'Porthole test build',
        extraMetadata: { version: '1.2.3-test-build' },
        electronDist: RUNTIME.folder,
        electronVersion: RUNTIME.version,
      },
    });
    // Never where packages for others are.
    expect(plan.outputFolder).not.toBe('release');
    expect(plan.config.directories).toEqual({ output: plan.outputFolder });
  });
});

describe('testBuildNote', () => {
  it('says what it is, and whose Electron is in it', () => {
    const note = testBuildNote({ kind: 'registry', ...RUNTIME });
    expect(note).toMatch(/^This is a test build of Porthole. Do not distribute it.\n/);
    expect(note).toMatch(/Electron 33\.4\.11 .* third party/);
    expect(testBuildNote({ kind: 'override', ...RUNTIME })).toMatch(/ELECTRON_OVERRIDE_DIST_PATH/);
  });
});
