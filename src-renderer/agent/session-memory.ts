import { SESSION_ID_PATTERN, type SessionType } from '#shared/sessions';
import type { SessionMemory } from './own-session.ts';

/**
 * Remembers the session of one type in the tab's own storage. Where the browser denies storage, a reload
 * forgets the session, which then shows as one started elsewhere.
 */
export function createSessionMemory(type: SessionType, openStorage: () => Storage): SessionMemory {
  const key = `porthole.own.${type}`;
  return {
    recall: () => {
      try {
        const sessionId = openStorage().getItem(key);
        return sessionId !== null && SESSION_ID_PATTERN.test(sessionId) ? sessionId : null;
      } catch {
        return null;
      }
    },
    remember: (sessionId) => {
      try {
        if (sessionId === null) openStorage().removeItem(key);
        else openStorage().setItem(key, sessionId);
      } catch {
        // Storage is full or denied; the docstring says what follows from it.
      }
    },
  };
}
