import '../agent/zod-without-eval.ts';
import '../styles/tokens.css';
import '../styles/base.css';
import '../styles/controls.css';
import '../styles/approvals.css';
import '../styles/prompt.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { openAgent } from '../agent/open-agent.ts';
import { AgentProvider } from '../panel/agent-context.tsx';
import { PromptPage } from './prompt-page.tsx';

const root = document.getElementById('root');
if (!root) throw new Error('The page has no root element');
const query = new URLSearchParams(location.search);
createRoot(root).render(
  <StrictMode>
    <AgentProvider store={openAgent()}>
      <PromptPage firstApprovalId={query.get('approval_id')} isFrameless={query.get('frame') === 'none'} />
    </AgentProvider>
  </StrictMode>,
);
