import { config } from 'zod';

// zod compiles object schemas with `new Function` where it can. The pages' policy forbids that, and the mere
// attempt is reported as a violation, so it must be off before the first schema is made: every page imports
// this module before anything else.
config({ jitless: true });
