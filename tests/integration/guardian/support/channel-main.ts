import { writeSync } from 'node:fs';
import { openAgentChannel } from '../../../../src-main/guardian/agent-channel.ts';

// A guardian that only listens: reads its channel as a guardian on the named platform does, and says what it hears.
const channel = openAgentChannel(3, process.argv[2] as NodeJS.Platform);
const clock = new Int32Array(new SharedArrayBuffer(4));
for (;;) {
  Atomics.wait(clock, 0, 0, 20);
  const heard = channel.read();
  if (heard === null) break;
  if (heard.isAlive) channel.answer();
  if (heard.orders) writeSync(1, `orders ${heard.orders.stallSeconds} ${heard.orders.executable.length}\n`);
  if (heard.farewell) writeSync(1, `farewell ${heard.farewell}\n`);
}
writeSync(1, 'closed\n');
process.exit(0);
