import { describe, expect, it } from 'vitest';
import { Shutdown } from '../../src-main/shutdown.ts';
import { SilentLogger } from '../fakes/silent-logger.ts';

function createRig() {
  const shutdown = new Shutdown(new SilentLogger());
  const done: string[] = [];
  const add = (name: string, close = async (): Promise<void> => undefined): void => {
    shutdown.add(
      name,
      async () => {
        done.push(`${name} closed`);
        await close();
      },
      ({ isFailure }) => {
        done.push(`${name} ended${isFailure ? ' in failure' : ''}`);
      },
    );
  };
  return { shutdown, done, add };
}

describe('shutdown', () => {
  it('ends all parts at once and in reverse, one that throws included', () => {
    const { shutdown, done, add } = createRig();
    add('first');
    shutdown.add(
      'broken',
      () => undefined,
      () => {
        throw new Error('no disk');
      },
    );
    shutdown.add('window', () => void done.push('window closed'));
    add('last');
    shutdown.runAtOnce('gone', true);
    expect(done).toEqual(['last ended in failure', 'first ended in failure']);
    shutdown.runAtOnce('gone');
    expect(done).toHaveLength(2);
  });

  it('ends at once what is in the middle of closing, and nothing that has closed', async () => {
    const { shutdown, done, add } = createRig();
    let goOn = (): void => undefined;
    const closing = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    add('first');
    add('last', () => closing);
    const run = shutdown.run('asked to');
    shutdown.runAtOnce('gone');
    expect(done).toEqual(['last closed', 'last ended', 'first ended']);
    goOn();
    await run;

    const other = createRig();
    other.add('only');
    await other.shutdown.run('asked to');
    other.shutdown.runAtOnce('gone');
    expect(other.done).toEqual(['only closed']);
  });
});
