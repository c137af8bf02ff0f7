import 'swagger-ui-dist/swagger-ui.css';
import '../styles/api-docs.css';
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';

const root = document.getElementById('root');
if (!root) throw new Error('The page has no root element');

const dark = matchMedia('(prefers-color-scheme: dark)');
const followScheme = (): void => {
  document.documentElement.classList.toggle('dark-mode', dark.matches);
};
dark.addEventListener('change', followScheme);
followScheme();

SwaggerUI({
  url: '/api/openapi.json',
  domNode: root,
  // Or the document's address would be sent to the makers' own site, to be judged there.
  validatorUrl: null,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  tryItOutEnabled: false,
});
