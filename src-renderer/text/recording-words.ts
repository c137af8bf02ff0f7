import type { Recording, RecordingState } from '#shared/recordings';

/** States of recordings as people read them. */
export const RECORDING_STATES = {
  recording: 'Recording',
  paused: 'Paused',
  finished: 'Finished',
  failed: 'Failed',
  interrupted: 'Cut off',
} as const satisfies Record<RecordingState, string>;

/** What went wrong with a recording, as a sentence; null if nothing did. */
export function explainRecording({ state, reason }: Pick<Recording, 'state' | 'reason'>): string | null {
  if (state !== 'failed' && state !== 'interrupted') return null;
  const head = state === 'failed' ? 'The recording failed' : 'The recording was cut off';
  return reason === null ? `${head}.` : `${head}: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}.`;
}
