import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitStartArguments } from '../../../scripts/start-arguments.mjs';

const FULL_HD = { widthPx: 1920, heightPx: 1080 };

describe('splitStartArguments', () => {
  it.each([
    { args: ['--port', '0'], virtualDisplay: undefined, appArgs: ['--port', '0'] },
    {
      args: ['--virtual-display', '1280x720', '--hidden'],
      virtualDisplay: [1280, 720],
      appArgs: ['--hidden'],
    },
    { args: ['--virtual-display=1280x720'], virtualDisplay: [1280, 720], appArgs: [] },
    { args: ['--virtual-display', '--hidden'], virtualDisplay: [1920, 1080], appArgs: ['--hidden'] },
    { args: ['--port', '0', '--virtual-display'], virtualDisplay: [1920, 1080], appArgs: ['--port', '0'] },
    {
      args: ['--', '--virtual-display', '1280x720'],
      virtualDisplay: undefined,
      appArgs: ['--', '--virtual-display', '1280x720'],
    },
  ])('splits $args', ({ args, virtualDisplay, appArgs }) => {
    const size = virtualDisplay && { widthPx: virtualDisplay[0], heightPx: virtualDisplay[1] };
    expect(splitStartArguments(args)).toEqual({ virtualDisplay: size, appArgs });
  });

  it('takes the size from the environment', () => {
    const { virtualDisplay } = splitStartArguments([], { PORTHOLE_VIRTUAL_DISPLAY: '800x600' });
    expect(virtualDisplay).toEqual({ widthPx: 800, heightPx: 600 });
  });

  it('prefers the flag to the environment', () => {
    const { virtualDisplay } = splitStartArguments(['--virtual-display=1920x1080'], {
      PORTHOLE_VIRTUAL_DISPLAY: '800x600',
    });
    expect(virtualDisplay).toEqual(FULL_HD);
  });

  it.each(['', 'big', '1920', '1920x', '1920x1080x24', '0x0', '63x600', '99999x600', ' 800x600', '-1x600'])(
    'refuses the size "%s"',
    (size) => {
      expect(() => splitStartArguments([`--virtual-display=${size}`])).toThrow(
        `--virtual-display takes a size such as 1920x1080, not "${size}"`,
      );
    },
  );

  it('refuses a size in the environment that is none, naming the variable', () => {
    expect(() => splitStartArguments([], { PORTHOLE_VIRTUAL_DISPLAY: 'big' })).toThrow(
      'PORTHOLE_VIRTUAL_DISPLAY takes a size',
    );
  });

  it('passes everything else on, in order', () => {
    const others = fc.array(fc.string().filter((arg) => !arg.startsWith('--virtual-display')));
    fc.assert(
      fc.property(others, (args) => {
        expect(splitStartArguments(args).appArgs).toEqual(args);
      }),
    );
  });
});
