import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ShareChange } from '../../../src-main/sessions/share-updates.ts';
import { PortholeError } from '../../../src-shared/errors.ts';
import { startScreenBodySchema } from '../../../src-shared/sessions.ts';
import { PRIMARY_SCREEN, type SharedSource } from '../../../src-shared/sources.ts';
import { createSessionRig, type SessionRig } from '../../fakes/session-rig.ts';

const EDITOR: SharedSource = { id: 'window:7:0', name: 'Editor', kind: 'window' };
const BODY = startScreenBodySchema.parse({});

let rig: SessionRig;
let sessionId: string;
beforeEach(() => {
  rig = createSessionRig();
  sessionId = rig.registry.startScreen(BODY, 'this machine').session_id;
});
afterEach(() => rig.close());

const coded = (code: string) =>
  expect.toSatisfy((error) => error instanceof PortholeError && error.code === code);

describe('a change of a running share', () => {
  it('shows what it is changed to, keeps it on disk and tells of it', () => {
    const changed = rig.registry.updateScreen(
      sessionId,
      { quality: 'high', source: EDITOR },
      'decider',
      'panel',
    );
    expect(changed).toMatchObject({ quality: 'high', source: EDITOR, paused: false, cursor: true });
    expect(rig.stage.shown.get(sessionId)).toMatchObject({ quality: 'high', source: EDITOR });
    expect(rig.journal.find(sessionId)).toMatchObject({ quality: 'high', source: EDITOR });
    expect(rig.events.at(-1)).toMatchObject({
      event: 'screen_share_updated',
      data: {
        session_id: sessionId,
        message: 'Screen share session changed: shows Editor, high quality',
        badge: '📺',
        by: 'panel',
        quality: 'high',
        source: EDITOR,
        paused: false,
      },
    });
    rig.registry.stopScreen(sessionId, 'done');
    expect(rig.registry.screenStatus(sessionId)).toMatchObject({ source: EDITOR, status: 'stopped' });
  });

  it('pauses and resumes', () => {
    expect(rig.registry.updateScreen(sessionId, { paused: true }, 'decider').paused).toBe(true);
    expect(rig.stage.paused).toContain(sessionId);
    expect(rig.events.at(-1)?.data).toMatchObject({
      message: 'Screen share session changed: paused',
      badge: '⏸️',
    });
    expect(rig.registry.updateScreen(sessionId, { paused: false }, 'decider').paused).toBe(false);
    expect(rig.stage.paused).not.toContain(sessionId);
  });

  it('says nothing if all is as it was', () => {
    const told = rig.events.length;
    rig.registry.updateScreen(sessionId, {}, 'decider');
    rig.registry.updateScreen(
      sessionId,
      { quality: 'medium', source: PRIMARY_SCREEN, paused: false },
      'decider',
    );
    expect(rig.events).toHaveLength(told);
  });

  it('pauses even if the disk refuses to record it, and shows nothing wider', () => {
    rig.journal.record = () => {
      throw new Error('disk full');
    };
    expect(() => rig.registry.updateScreen(sessionId, { paused: true }, 'decider')).toThrow('disk full');
    expect(rig.stage.paused).toContain(sessionId);
    expect(() => rig.registry.updateScreen(sessionId, { paused: false }, 'decider')).toThrow('disk full');
    expect(rig.stage.paused).toContain(sessionId);
    expect(() => rig.registry.updateScreen(sessionId, { source: EDITOR }, 'decider')).toThrow('disk full');
    expect(rig.stage.shown.get(sessionId)?.source).toEqual(PRIMARY_SCREEN);
  });

  it('is for shares that are on', () => {
    const claim = { owner: 'token_1', mustAsk: true };
    const pending = rig.registry.startScreen(BODY, 'x', 'api', claim).session_id;
    expect(() => rig.registry.updateScreen(pending, { paused: true }, 'decider')).toThrow(
      coded('session_not_active'),
    );
    rig.registry.stopScreen(sessionId, 'done');
    expect(() => rig.registry.updateScreen(sessionId, { paused: true }, 'decider')).toThrow(
      coded('session_ended'),
    );
    expect(() => rig.registry.updateScreen('screen_00000000', {}, 'decider')).toThrow(
      coded('session_not_found'),
    );
    const remote = rig.registry.startRemote(
      { user_id: 'u', safety_mode: 'read_only', metadata: {} },
      'x',
    ).session_id;
    expect(() => rig.registry.updateScreen(remote, {}, 'decider')).toThrow(coded('session_not_found'));
  });

  it('asks for a chosen source by its name', () => {
    const claim = { owner: 'token_1', mustAsk: true };
    rig.registry.startScreen(BODY, 'x', 'api', claim, EDITOR);
    expect(rig.approvals.list().at(-1)?.summary).toBe('Share the window “Editor” in medium quality');
    rig.registry.startScreen(BODY, 'x', 'api', claim);
    expect(rig.approvals.list().at(-1)?.summary).toBe('Share this screen in medium quality');
  });
});

describe('a change by whoever only works in the share', () => {
  const change = (what: ShareChange) => rig.registry.updateScreen(sessionId, what, 'operator');
  const refuse = (what: ShareChange) => expect(() => change(what)).toThrow(coded('beyond_grant'));

  it('can show less, and take that back', () => {
    expect(change({ quality: 'low' }).quality).toBe('low');
    expect(change({ quality: 'medium' }).quality).toBe('medium');
    expect(change({ paused: true }).paused).toBe(true);
    expect(change({ paused: false }).paused).toBe(false);
  });

  it('cannot show more than was allowed when the share started', () => {
    refuse({ quality: 'high' });
    refuse({ source: EDITOR });
    refuse({ source: EDITOR, paused: true });
    expect(rig.registry.screenStatus(sessionId)).toMatchObject({ quality: 'medium', paused: false });
  });

  it('cannot take back what a decider made less', () => {
    rig.registry.updateScreen(sessionId, { quality: 'low', paused: true }, 'decider');
    refuse({ paused: false });
    refuse({ quality: 'medium' });
    rig.registry.updateScreen(sessionId, { paused: false }, 'decider');
    refuse({ quality: 'medium' });
    rig.registry.updateScreen(sessionId, { source: EDITOR }, 'decider');
    refuse({ source: PRIMARY_SCREEN });
  });

  it('cannot resume what it paused itself once a decider wants it paused too', () => {
    change({ paused: true });
    rig.registry.updateScreen(sessionId, { paused: true }, 'decider');
    refuse({ paused: false });
  });

  it('can go as far as a decider has gone since', () => {
    rig.registry.updateScreen(sessionId, { quality: 'high' }, 'decider');
    change({ quality: 'low' });
    expect(change({ quality: 'high' }).quality).toBe('high');
  });
});
