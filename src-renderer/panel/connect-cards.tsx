import { useState } from 'react';
import { SAFETY_MODE_MEANINGS } from '#shared/approvals';
import { type Quality, qualitySchema } from '#shared/presets';
import { type SafetyMode, safetyModeSchema } from '#shared/sessions';
import { PRIMARY_SCREEN, type SharedSource } from '#shared/sources';
import { ShareControls } from '../sharing/share-controls.tsx';
import { SourceRow } from '../sharing/source-row.tsx';
import { useCountdown } from '../sharing/use-countdown.ts';
import { describePreset, MODE_NAMES, QUALITY_NAMES } from '../text/session-words.ts';
import { useAgent, useAgentStore } from './agent-context.tsx';
import { ChoiceGroup } from './choice-group.tsx';
import { ConnectCard } from './connect-card.tsx';

/** The two connect buttons with their choices: how far remote access may go, and how good the picture is. */
export function ConnectCards() {
  return (
    <div className="connect-cards">
      <RemoteAccessCard />
      <ScreenShareCard />
    </div>
  );
}

function RemoteAccessCard() {
  const { remoteAccess } = useAgentStore();
  const [chosen, setChosen] = useState<SafetyMode>('supervised');
  const running = useAgent(({ own, live }) => {
    const session = live.sessions.find(({ session_id: id }) => id === own.remote_access.sessionId);
    return session?.type === 'remote_access' ? session.safety_mode : null;
  });
  const isOn = useAgent(
    ({ own }) => own.remote_access.sessionId !== null || own.remote_access.operation !== 'idle',
  );
  const mode = running ?? chosen;
  return (
    <ConnectCard
      type="remote_access"
      onStart={() => void remoteAccess.start(chosen)}
      onStop={() => void remoteAccess.stop()}
    >
      <ChoiceGroup
        legend="Safety mode"
        choices={safetyModeSchema.options}
        names={MODE_NAMES}
        chosen={mode}
        meaning={SAFETY_MODE_MEANINGS[mode]}
        isDisabled={isOn}
        onChoose={setChosen}
      />
    </ConnectCard>
  );
}

function ScreenShareCard() {
  const { screenShare } = useAgentStore();
  const [quality, setQuality] = useState<Quality>('medium');
  const [source, setSource] = useState<SharedSource>(PRIMARY_SCREEN);
  const running = useAgent(({ own, live }) => {
    const session = live.sessions.find(({ session_id: id }) => id === own.screen_share.sessionId);
    return session?.type === 'screen_share' && session.status === 'active' ? session : null;
  });
  const isOn = useAgent(
    ({ own }) => own.screen_share.sessionId !== null || own.screen_share.operation !== 'idle',
  );
  const countdown = useCountdown(() => void screenShare.start({ quality, sourceId: source.id }));
  const isFixed = isOn || countdown.secondsLeft !== null;
  return (
    <ConnectCard
      type="screen_share"
      countdown={countdown}
      onStart={countdown.begin}
      onStop={() => void screenShare.stop()}
    >
      {running ? (
        <ShareControls session={running} />
      ) : (
        <>
          <ChoiceGroup
            legend="Picture quality"
            choices={qualitySchema.options}
            names={QUALITY_NAMES}
            chosen={quality}
            meaning={describePreset(quality)}
            isDisabled={isFixed}
            onChoose={setQuality}
          />
          <SourceRow source={source} confirm="Choose" isDisabled={isFixed} onChoose={setSource} />
        </>
      )}
    </ConnectCard>
  );
}
