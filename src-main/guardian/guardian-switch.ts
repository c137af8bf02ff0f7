/** Makes of our own executable a guardian, instead of an agent, before Chromium starts. */
export const GUARDIAN_SWITCH = '--porthole-guardian';

/** The descriptor of the guardian's that leads to its agent. */
export const AGENT_CHANNEL = 3;

/** How often the agent says that it lives. */
export const BEAT_MS = 250;

/** How often the guardian looks, and answers: each look costs a tenth of a millisecond. */
export const LOOK_MS = 500;
