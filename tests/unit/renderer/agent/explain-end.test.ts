import { describe, expect, it } from 'vitest';
import { explainEnd } from '../../../../src-renderer/agent/explain-end.ts';

describe('explainEnd', () => {
  it.each([
    ['stopped', 'User requested', 'It was stopped: User requested.'],
    ['stopped', '', 'It was stopped.'],
    ['denied', 'Denied by the person at the machine', 'Denied by the person at the machine.'],
    ['denied', 'Not now.', 'The request was denied: Not now.'],
    ['expired', 'No answer within 60 s', 'The request expired: No answer within 60 s.'],
    ['dropped', 'Agent restarted', 'The agent dropped it: Agent restarted.'],
  ] as const)('makes one sentence of %s and "%s"', (status, stop_reason, explanation) => {
    expect(explainEnd({ status, stop_reason })).toEqual({ status, explanation });
  });
});
