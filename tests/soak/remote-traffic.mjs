// @ts-check
import path from 'node:path';

/** @typedef {import('./soak-rig.mjs').SoakRig} SoakRig */

const ENDED = new Set(['completed', 'failed', 'denied', 'expired', 'cancelled', 'timed_out']);
/** What a read-only session may do. */
const READING = ['list_directory', 'stat', 'read_file', 'system_info', 'list_processes', 'screenshot'];

/**
 * Sessions of remote access that come, do something of every kind, and go: stopped, stopped in the middle of a command,
 * denied, or left alone until they are dropped.
 * @param {SoakRig} rig
 * @param {number} stream Which random numbers to use.
 */
export async function runRemoteTraffic(rig, stream) {
  const random = rig.random(stream);
  // The one place where every mode may look.
  const folder = rig.agent.userFolder;
  /** @type {Record<string, object>} */
  const operations = {
    run: { argv: ['/bin/echo', 'soak'] },
    shell: { script: 'seq 1 20000; echo done >&2' },
    // One for each stream: of two that write the same file at the same time, one rightly hears that it has changed.
    write_file: { path: path.join(folder, `soak-${stream}.txt`), content: 'x'.repeat(10_000) },
    list_directory: { path: folder },
    stat: { path: folder },
    read_file: { path: '/etc/hostname' },
    system_info: {},
    list_processes: {},
    screenshot: { width: 640 },
  };
  while (!rig.isOver) {
    const mode = random.pick(['supervised', 'autonomous', 'read_only']);
    const session = await startSession(rig, mode, random.next() < 0.1);
    if (session) {
      const allowed =
        mode === 'read_only' ? READING.filter((name) => name !== 'read_file') : Object.keys(operations);
      for (let count = Math.floor(random.between(1, 5)); count > 0 && !rig.isOver; count--) {
        const operation = random.pick(allowed);
        await runOperation(rig, session, mode, { operation, ...operations[operation] });
        await rig.pause(random.between(100, 1500));
      }
      await endSession(rig, session, mode, random.next());
    }
    await rig.pause(random.between(1000, 4000));
  }
}

/**
 * Drops what nobody has given a sign of life for a while.
 * @param {SoakRig} rig
 */
export async function dropForgottenSessions(rig) {
  while (!rig.isOver) {
    await rig.pause(45_000);
    const { dropped_sessions: dropped = [] } = await rig.call(
      'POST',
      '/api/sessions/check_dropped?timeout_minutes=0.4',
    );
    for (const _ of dropped) rig.count('sessions dropped');
  }
}

/**
 * @param {SoakRig} rig
 * @param {string} mode
 * @param {boolean} isDenied Whether a session that has to be approved is denied instead.
 * @returns {Promise<string | null>}
 */
async function startSession(rig, mode, isDenied) {
  const started = await rig.call('POST', '/api/remote/start', { safety_mode: mode, user_id: 'soak' });
  const { session_id: id } = started;
  if (!id) return null;
  rig.count('remote sessions');
  if (!started.requires_approval) return id;
  await rig.call('POST', `/api/remote/${isDenied ? 'deny' : 'approve'}/${id}`);
  return isDenied ? null : id;
}

/**
 * Runs one operation to its end, approving it where that is asked for.
 * @param {SoakRig} rig
 * @param {string} session
 * @param {string} mode
 * @param {{ operation: string }} operation
 */
async function runOperation(rig, session, mode, operation) {
  let command = await rig.call('POST', `/api/remote/execute/${session}`, operation);
  if (!command.command_id) return;
  rig.count('commands');
  const route = `/api/remote/commands/${command.command_id}`;
  if (mode === 'supervised' && command.status === 'pending_approval')
    await rig.call('POST', `${route}/approve`);
  const deadlineMs = performance.now() + 20_000;
  while (!ENDED.has(command.status)) {
    if (performance.now() > deadlineMs) {
      rig.fault(`${operation.operation} did not end: ${command.status}`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    command = await rig.call('GET', route);
  }
  if (command.status !== 'completed') {
    rig.fault(`${operation.operation} in a ${mode} session: ${JSON.stringify(command)}`);
  }
}

/**
 * @param {SoakRig} rig
 * @param {string} session
 * @param {string} mode
 * @param {number} lot From 0 to 1.
 */
async function endSession(rig, session, mode, lot) {
  // Whoever crashes stops nothing.
  if (lot < 0.15) return;
  if (lot < 0.4 && mode === 'autonomous') {
    const sleeper = { operation: 'shell', script: 'sleep 60 & sleep 60' };
    const { command_id: id } = await rig.call('POST', `/api/remote/execute/${session}`, sleeper);
    rig.count('commands cut off');
    if (lot < 0.25) await rig.call('POST', `/api/remote/commands/${id}/cancel`);
  }
  await rig.call('POST', `/api/remote/stop/${session}`, { reason: 'Soak' });
}
