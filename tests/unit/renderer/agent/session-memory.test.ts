import { describe, expect, it } from 'vitest';
import { createSessionMemory } from '../../../../src-renderer/agent/session-memory.ts';

function createStorage(): Storage {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
    clear: () => values.clear(),
    key: () => null,
    length: 0,
  };
}

describe('createSessionMemory', () => {
  it('recalls what it remembers, each type for itself', () => {
    const storage = createStorage();
    createSessionMemory('remote_access', () => storage).remember('remote_a1b2c3d4');
    expect(createSessionMemory('remote_access', () => storage).recall()).toBe('remote_a1b2c3d4');
    expect(createSessionMemory('screen_share', () => storage).recall()).toBeNull();
  });

  it('forgets', () => {
    const storage = createStorage();
    const memory = createSessionMemory('remote_access', () => storage);
    memory.remember('remote_a1b2c3d4');
    memory.remember(null);
    expect(memory.recall()).toBeNull();
  });

  it('recalls nothing that is no session id', () => {
    const storage = createStorage();
    const memory = createSessionMemory('remote_access', () => storage);
    memory.remember('../../sessions/stop_all');
    expect(memory.recall()).toBeNull();
  });

  it('does without storage where the browser denies it', () => {
    const memory = createSessionMemory('remote_access', () => {
      throw new DOMException('denied', 'SecurityError');
    });
    memory.remember('remote_a1b2c3d4');
    expect(memory.recall()).toBeNull();
  });
});
