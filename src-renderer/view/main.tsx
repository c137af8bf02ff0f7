import '../agent/zod-without-eval.ts';
import '../styles/tokens.css';
import '../styles/base.css';
import '../styles/controls.css';
import '../styles/view.css';
import '../styles/recording-dot.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { openShare } from './open-share.ts';
import { ViewPage } from './view-page.tsx';

const root = document.getElementById('root');
if (!root) throw new Error('The page has no root element');
createRoot(root).render(
  <StrictMode>
    <ViewPage {...openShare()} />
  </StrictMode>,
);
