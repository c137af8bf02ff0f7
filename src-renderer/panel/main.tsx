import '../agent/zod-without-eval.ts';
import '../styles/tokens.css';
import '../styles/base.css';
import '../styles/controls.css';
import '../styles/approvals.css';
import '../styles/panel.css';
import '../styles/history.css';
import '../styles/recording-dot.css';
import '../styles/recordings.css';
import '../styles/timeline.css';
import '../styles/settings.css';
import '../styles/access.css';
import '../styles/sharing.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { openAgent } from '../agent/open-agent.ts';
import { AgentProvider } from './agent-context.tsx';
import { App } from './app.tsx';

const root = document.getElementById('root');
if (!root) throw new Error('The page has no root element');
createRoot(root).render(
  <StrictMode>
    <AgentProvider store={openAgent()}>
      <App />
    </AgentProvider>
  </StrictMode>,
);
