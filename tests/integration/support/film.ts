import type { FakeFilm } from '../../fakes/fake-film.ts';
import { streamCluster, streamHead } from '../../fakes/webm-stream.ts';
import { call, type TestAgent } from './test-agent.ts';

/** The newest film that the agent takes of its screen. */
export function newestFilm({ screen }: TestAgent): FakeFilm {
  const film = screen.captures.flatMap(({ films }) => films).at(-1);
  if (!film) throw new Error('nothing is filmed');
  return film;
}

/** Sends so many pictures of a film, ten per second from its begin; resolves when the agent has taken them. */
export async function sendPictures(film: FakeFilm, count: number, bytes = 1000): Promise<void> {
  const send = (piece: Buffer): Promise<void> => new Promise((resolve) => film.sink.onPiece(piece, resolve));
  await send(streamHead());
  for (let index = 0; index < count; index++)
    await send(streamCluster([{ atMs: index * 100, isKey: index % 10 === 0, bytes }]));
}

/** Lets films that are told to end do so, until the returned function is called. */
export function letFilmsEnd(agent: TestAgent): () => void {
  const timer = setInterval(() => {
    for (const capture of agent.screen.captures)
      for (const film of capture.films.filter(({ ending }) => ending)) {
        film.ending = false;
        film.sink.onEnd(null);
      }
  }, 5);
  return () => clearInterval(timer);
}

/** Records so many pictures of a share that runs; answers the ended recording's id. */
export async function recordOnce(agent: TestAgent, sessionId: string, count: number): Promise<string> {
  const path = `/api/screen_share/${sessionId}/recording`;
  const { body } = await call(agent, 'POST', path, { state: 'recording' });
  await sendPictures(newestFilm(agent), count);
  const stop = letFilmsEnd(agent);
  await call(agent, 'POST', path, { state: 'stopped' });
  stop();
  return (body.recording as { recording_id: string }).recording_id;
}
