import type { OpenConnection } from './event-socket.ts';

/** Opens the event socket of the agent that this page came from; `query` is what it is asked with. */
export function createEventOpener(query: Readonly<Record<string, string>> = {}): OpenConnection {
  return (since, { onMessage, onClose }) => {
    const url = new URL('/api/events', location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    if (since !== null) url.searchParams.set('since', String(since));
    const socket = new WebSocket(url);
    socket.onmessage = ({ data }) => onMessage(data);
    socket.onclose = () => onClose();
    return () => socket.close();
  };
}
